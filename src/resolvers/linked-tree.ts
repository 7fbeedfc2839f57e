import { pushTo } from '../group.ts'
import type { TraceColumn, TraceRow } from '../store/store.ts'

/** Rows of one tree, read together and linked, so that walking the tree needs no further statement. */
export interface LinkedTree {
  /** Depth first. */
  rows: TraceRow[]
  byId: ReadonlyMap<string, TraceRow>
  childrenOf: ReadonlyMap<string, TraceRow[]>
}

/**
 * Links rows that are given depth first.
 *
 * @param above rows read before that are ancestors of `rows`, such as the trace whose descendants they are; they can be
 * found in `byId`, but are not in the tree's own `rows`
 */
export function linkTree(rows: TraceRow[], above: readonly TraceRow[] = []): LinkedTree {
  const byId = new Map<string, TraceRow>()
  const childrenOf = new Map<string, TraceRow[]>()
  for (const row of above) byId.set(row.id, row)
  for (const row of rows) {
    byId.set(row.id, row)
    if (row.parentId !== null) pushTo(childrenOf, row.parentId, row)
  }
  return { rows, byId, childrenOf }
}

/**
 * The ancestors of a row that the tree knows, root first. `top` is the uppermost of them, or the row itself; if `top`
 * has a parent, the tree does not know it.
 */
export function walkUp(tree: LinkedTree | undefined, row: TraceRow): { ancestors: TraceRow[]; top: TraceRow } {
  const ancestors: TraceRow[] = []
  let top = row
  while (top.parentId !== null) {
    const parent = tree?.byId.get(top.parentId)
    // A parent's nested-set interval must enclose its child's; otherwise the walk could loop.
    if (!parent || parent.lft >= top.lft) break
    ancestors.push(parent)
    top = parent
  }
  return { ancestors: ancestors.reverse(), top }
}

export function hasColumns(row: TraceRow, columns: Iterable<TraceColumn>): boolean {
  for (const column of columns) if (row[column] === undefined) return false
  return true
}

/** Whether a trace has no descendants: its nested-set numbers are adjacent. */
export function isLeaf(row: Pick<TraceRow, 'lft' | 'rgt'>): boolean {
  return row.rgt === row.lft + 1
}
