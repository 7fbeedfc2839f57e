/** Those of a batch that exist; an error among them is thrown. */
export function existing<T extends object>(found: readonly (T | null | Error)[]): T[] {
  const rows: T[] = []
  for (const one of found) {
    if (one instanceof Error) throw one
    if (one !== null) rows.push(one)
  }
  return rows
}

/** The row of what was found a moment ago: it is missing only where the history was rewritten meanwhile. */
export function present<T>(row: T | null, id: string): T {
  if (row === null) throw new Error(`${id} was removed while it was being looked at`)
  return row
}
