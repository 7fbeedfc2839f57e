/** Of a batch those that there are; what could not be asked for is thrown. */
export function existing<T extends object>(found: readonly (T | null | Error)[]): T[] {
  const rows: T[] = []
  for (const one of found) {
    if (one instanceof Error) throw one
    if (one !== null) rows.push(one)
  }
  return rows
}
