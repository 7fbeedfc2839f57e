/** Of a batch those that there are; what could not be asked for is thrown. */
export function existing<T extends object>(found: readonly (T | null | Error)[]): T[] {
  const rows: T[] = []
  for (const one of found) {
    if (one instanceof Error) throw one
    if (one !== null) rows.push(one)
  }
  return rows
}

/** Of what was found a moment ago the row: only a history that was rewritten meanwhile has it no more. */
export function present<T>(row: T | null, id: string): T {
  if (row === null) throw new Error(`${id} was removed while it was being looked at`)
  return row
}
