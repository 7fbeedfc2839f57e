/** The rows of a batch result that exist; throws the first error among them. */
export function existing<T extends object>(found: readonly (T | null | Error)[]): T[] {
  const rows: T[] = []
  for (const one of found) {
    if (one instanceof Error) throw one
    if (one !== null) rows.push(one)
  }
  return rows
}

/** The row of an id that was found a moment ago; throws if a rewrite of the history has removed it since. */
export function present<T>(row: T | null, id: string): T {
  if (row === null) throw new Error(`${id} was removed while the request was running`)
  return row
}
