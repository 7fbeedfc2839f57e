import type { StaleRule, TraceColumn, TraceReader } from '../store/store.ts'
import { type LinkedTree, linkTree } from './linked-tree.ts'

/** For each root session, all traces of its tree, linked. */
export async function treesOf(
  store: TraceReader,
  rule: StaleRule,
  rootSessionIds: readonly string[],
  columns: ReadonlySet<TraceColumn>,
): Promise<LinkedTree[]> {
  const rows = await store.getTraceTree(rootSessionIds, columns, rule)
  return rows.map((ofTree) => linkTree(ofTree))
}
