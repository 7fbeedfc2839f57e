import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'
import { isLeaf, type LinkedTree, linkTree } from './linked-tree.ts'

/** Everything below each trace, linked with it. */
export async function subtreesOf(
  store: TraceReader,
  rule: StaleRule,
  tops: readonly TraceRow[],
  columns: ReadonlySet<TraceColumn>,
): Promise<LinkedTree[]> {
  const parents = tops.filter((top) => !isLeaf(top))
  const rows = parents.length > 0 ? await store.getDescendants(parents, columns, rule) : []
  const rowsOf = new Map(parents.map((top, i) => [top, rows[i] ?? []]))
  return tops.map((top) => linkTree(rowsOf.get(top) ?? [], [top]))
}
