import { pushTo } from '../group.ts'
import type { TraceColumn, TraceRow } from '../store/store.ts'

/** Rows of one tree that were read together, linked, so that walking it asks the store nothing more. */
export interface LinkedTree {
  /** Depth first. */
  rows: TraceRow[]
  byId: ReadonlyMap<string, TraceRow>
  childrenOf: ReadonlyMap<string, TraceRow[]>
}

/**
 * Links rows that come depth first. `above` are rows above them that were read before (the trace whose descendants they
 * are): they can be found as parents, but are not among the tree's own rows.
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

/** The rows above one, root first. `top` is the uppermost that is known; if it has a parent, that one is not known. */
export function walkUp(tree: LinkedTree | undefined, row: TraceRow): { ancestors: TraceRow[]; top: TraceRow } {
  const ancestors: TraceRow[] = []
  let top = row
  while (top.parentId !== null) {
    const parent = tree?.byId.get(top.parentId)
    // A parent's interval encloses its child's: going up can't come back.
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

/** Whether nothing is below a trace: nested-set numbers without a gap. */
export function isLeaf(row: Pick<TraceRow, 'lft' | 'rgt'>): boolean {
  return row.rgt === row.lft + 1
}
