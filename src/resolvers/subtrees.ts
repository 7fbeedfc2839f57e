import { firstFrom, pushTo } from '../group.ts'
import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'
import { isLeaf, type LinkedTree, linkTree } from './linked-tree.ts'

/**
 * Everything below each trace, linked with it. What lies within another of the traces is a part of that one's tree, which
 * is read and linked once: of a list of all traces of a deep tree that is the tree, and not the sum of its subtrees.
 *
 * @param onRead each tree that was read
 */
export async function subtreesOf(
  store: TraceReader,
  rule: StaleRule,
  tops: readonly TraceRow[],
  columns: ReadonlySet<TraceColumn>,
  onRead: (tree: LinkedTree) => void,
): Promise<LinkedTree[]> {
  const outerOf = outermost(tops.filter((top) => !isLeaf(top)))
  const outers = [...new Set(outerOf.values())]
  const rows = outers.length > 0 ? await store.getDescendants(outers, columns, rule) : []
  const trees = new Map(outers.map((outer, i) => [outer, linkTree(rows[i] ?? [], [outer])]))
  for (const tree of trees.values()) onRead(tree)
  return tops.map((top) => {
    const outer = outerOf.get(top)
    const tree = outer && trees.get(outer)
    if (tree === undefined) return linkTree([], [top])
    return outer === top ? tree : { ...tree, rows: within(tree.rows, top) }
  })
}

/** For each trace the one that it lies within and that lies within no other: itself, where there is none. */
function outermost(traces: readonly TraceRow[]): Map<TraceRow, TraceRow> {
  const byTree = new Map<string, TraceRow[]>()
  for (const trace of traces) pushTo(byTree, trace.rootSessionId, trace)
  const outerOf = new Map<TraceRow, TraceRow>()
  for (const ofTree of byTree.values()) {
    let outer: TraceRow | undefined
    for (const trace of ofTree.sort((a, b) => a.lft - b.lft)) {
      if (outer === undefined || outer.rgt < trace.lft) outer = trace
      outerOf.set(trace, outer)
    }
  }
  return outerOf
}

/** The rows below one, of rows that come depth first. */
function within(rows: readonly TraceRow[], { lft, rgt }: TraceRow): TraceRow[] {
  const placeOf = (least: number): number => firstFrom(rows, least, (row) => row.lft)
  return rows.slice(placeOf(lft + 1), placeOf(rgt))
}
