import { firstFrom, pushTo } from '../group.ts'
import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'
import { isLeaf, type LinkedTree, linkTree } from './linked-tree.ts'

/**
 * The descendants of each trace, linked. A subtree that lies within the subtree of another of the traces is not read
 * again but sliced from it: for a list of all traces of a deep tree, the tree is read and linked once.
 *
 * @param onRead called with each tree that was read
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

/** For each trace, the outermost of the given traces whose subtree contains it: possibly itself. */
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

/** The descendants of a trace among rows that are sorted depth first. */
function within(rows: readonly TraceRow[], { lft, rgt }: TraceRow): TraceRow[] {
  const placeOf = (least: number): number => firstFrom(rows, least, (row) => row.lft)
  return rows.slice(placeOf(lft + 1), placeOf(rgt))
}
