import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'

/** For each session, the turns of its user in order: the traces that ran in it and have no caller among the traces. */
export async function rootTracesOf(
  store: TraceReader,
  rule: StaleRule,
  sessionIds: readonly string[],
  columns: ReadonlySet<TraceColumn>,
): Promise<TraceRow[][]> {
  const rows = await store.getTracesBySession(sessionIds, columns, rule)
  return rows.map((ofSession) => ofSession.filter(isRoot))
}

export function isRoot(row: TraceRow): boolean {
  return row.depth === 0
}
