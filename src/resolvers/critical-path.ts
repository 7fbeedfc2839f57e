/**
 * The critical path of a trace (the calls that decide when it ends) and its bottleneck (the trace in its subtree with
 * the most active time). Both come from the linked subtree, which is read once for many traces.
 */
import type { TraceColumn, TraceRow } from '../store/store.ts'
import type { Context } from './context.ts'
import { hasColumns, type LinkedTree } from './linked-tree.ts'

export interface Bottleneck {
  trace: TraceRow
  activeMs: number
  share: number
}

export async function criticalPathOf(
  context: Context,
  row: TraceRow,
  wanted: ReadonlySet<TraceColumn>,
): Promise<TraceRow[]> {
  const { top, tree } = await treeBelow(context, row, [...wanted, 'startedMs', 'endedMs'])
  const path = [top]
  for (let last = lastChild(top, tree); last !== undefined; last = lastChild(last, tree)) path.push(last)
  return path
}

export async function bottleneckOf(
  context: Context,
  row: TraceRow,
  wanted: ReadonlySet<TraceColumn>,
): Promise<Bottleneck | null> {
  const { top, tree } = await treeBelow(context, row, [...wanted, 'activeMs', 'durationMs'])
  if (top.durationMs == null) return null
  let most: Bottleneck | null = null
  for (const trace of [top, ...tree.rows]) {
    const activeMs = trace.activeMs ?? null
    if (activeMs === null || (most !== null && activeMs <= most.activeMs)) continue
    most = { trace, activeMs, share: top.durationMs > 0 ? Math.min(1, activeMs / top.durationMs) : 0 }
  }
  return most
}

/** The trace itself and its descendants, with these columns. */
async function treeBelow(
  { loaders }: Context,
  row: TraceRow,
  columns: readonly TraceColumn[],
): Promise<{ top: TraceRow; tree: LinkedTree }> {
  const all = new Set(columns)
  const [top, tree] = await Promise.all([
    hasColumns(row, all) ? row : loaders.trace(all).load(row.id),
    loaders.subtree(all).load(row),
  ])
  return { top: top ?? row, tree }
}

const endOf = ({ endedMs }: TraceRow): number => endedMs ?? Number.POSITIVE_INFINITY

/** The child that ended last, ignoring those that outlived their caller; among equal ends, the one that began last. */
function lastChild(caller: TraceRow, tree: LinkedTree): TraceRow | undefined {
  let last: TraceRow | undefined
  for (const child of tree.childrenOf.get(caller.id) ?? []) {
    if (endOf(child) > endOf(caller)) continue
    if (last === undefined || compare(child, last) > 0) last = child
  }
  return last
}

function compare(a: TraceRow, b: TraceRow): number {
  if (endOf(a) !== endOf(b)) return endOf(a) < endOf(b) ? -1 : 1
  const [x, y] = [a.startedMs ?? 0, b.startedMs ?? 0]
  return x !== y ? x - y : a.id < b.id ? -1 : 1
}
