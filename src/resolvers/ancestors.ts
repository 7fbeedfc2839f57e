import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'

/** For each row, its ancestors, root first. */
export async function ancestorsOf(
  store: TraceReader,
  rule: StaleRule,
  rows: readonly TraceRow[],
  columns: ReadonlySet<TraceColumn>,
): Promise<TraceRow[][]> {
  const called = rows.filter((row) => row.depth > 0)
  const found = called.length > 0 ? await store.getAncestors(called, columns, rule) : []
  const ofRow = new Map(called.map((row, i) => [row, found[i] ?? []]))
  return rows.map((row) => ofRow.get(row) ?? [])
}
