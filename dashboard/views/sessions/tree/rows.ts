/** A session's tree as rows: pure functions over the API's flat, depth-first list. No recursion: trees may be deep. */
import type { TreeRowFragment } from 'delegraph/client'

export interface Row {
  trace: TreeRowFragment
  /** Its index in `Tree.rows`; `parent` is its caller's, -1 for a root. */
  index: number
  parent: number
  /** The index of its root. */
  root: number
  /** Depth in the tree, from 1. */
  level: number
  /** The index of its last descendant; its own if it has none. */
  last: number
  /** Its position among its siblings, from 1. */
  position: number
  siblings: number
  /** UTC milliseconds; `endMs` is null while it runs. */
  startMs: number
  endMs: number | null
}

export interface Tree {
  rows: readonly Row[]
  indexOf: ReadonlyMap<string, number>
  /** Whether any of its traces is running. */
  running: boolean
}

export function buildTree(traces: readonly TreeRowFragment[]): Tree {
  const rows: Row[] = []
  const indexOf = new Map<string, number>()
  const childCounts = new Map<number, number>()
  for (const [index, trace] of traces.entries()) {
    indexOf.set(trace.id, index)
    const parent = trace.parentId === null ? -1 : (indexOf.get(trace.parentId) ?? -1)
    const above = rows[parent]
    const position = (childCounts.get(parent) ?? 0) + 1
    childCounts.set(parent, position)
    const startMs = Date.parse(trace.startedAt)
    rows.push({
      trace,
      index,
      parent,
      root: above ? above.root : index,
      level: above ? above.level + 1 : 1,
      last: index,
      position,
      siblings: 0,
      startMs,
      endMs: trace.status === 'RUNNING' ? null : lastMs(trace),
    })
  }
  // Backwards, so that descendants are processed before their ancestors.
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index]
    if (!row) continue
    row.siblings = childCounts.get(row.parent) ?? 1
    const above = rows[row.parent]
    if (above) above.last = Math.max(above.last, row.last)
  }
  return { rows, indexOf, running: rows.some((row) => row.endMs === null) }
}

/** When the trace ended, or else its last activity, in UTC milliseconds; never before its start. */
export const lastMs = (of: Pick<TreeRowFragment, 'startedAt' | 'endedAt' | 'lastActivityAt'>): number =>
  Math.max(Date.parse(of.startedAt), Date.parse(of.endedAt ?? of.lastActivityAt))

export const hasChildren = (row: Row): boolean => row.last > row.index

/** The rows that are not below a collapsed one. */
export function visibleRows({ rows }: Tree, collapsed: ReadonlySet<string>): Row[] {
  const visible: Row[] = []
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]
    if (!row) break
    visible.push(row)
    if (collapsed.has(row.trace.id)) index = row.last
  }
  return visible
}

export function childrenOf({ rows }: Tree, row: Row): Row[] {
  const children: Row[] = []
  for (let index = row.index + 1; index <= row.last; ) {
    const child = rows[index]
    if (!child) break
    children.push(child)
    index = child.last + 1
  }
  return children
}

/** A time span, in UTC milliseconds. */
export interface Span {
  startMs: number
  endMs: number
}

/** The spans in which a row waited: the union of its children's spans, clipped to its own, in order. */
export function waitsOf(tree: Tree, row: Row, nowMs: number): Span[] {
  const endMs = row.endMs ?? nowMs
  return union(
    childrenOf(tree, row)
      .map((child) => ({
        startMs: Math.max(child.startMs, row.startMs),
        endMs: Math.min(child.endMs ?? nowMs, endMs),
      }))
      .filter((span) => span.endMs > span.startMs),
  )
}

export function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of [...spans].sort((a, b) => a.startMs - b.startMs)) {
    const before = merged.at(-1)
    if (before && span.startMs <= before.endMs) before.endMs = Math.max(before.endMs, span.endMs)
    else merged.push({ ...span })
  }
  return merged
}

/** The critical path from each root: at each step, the child that ended last without outliving its caller. */
export function criticalRows(tree: Tree): Set<number> {
  const critical = new Set<number>()
  for (let index = 0; index < tree.rows.length; ) {
    const root = tree.rows[index]
    if (!root) break
    let row: Row | undefined = root
    while (row) {
      critical.add(row.index)
      row = decidingChild(tree, row)
    }
    index = root.last + 1
  }
  return critical
}

function decidingChild(tree: Tree, row: Row): Row | undefined {
  const callerEnd = row.endMs ?? Number.POSITIVE_INFINITY
  let deciding: { row: Row; endMs: number } | undefined
  for (const child of childrenOf(tree, row)) {
    const endMs = child.endMs ?? Number.POSITIVE_INFINITY
    if (endMs > callerEnd) continue
    const later =
      !deciding || endMs > deciding.endMs || (endMs === deciding.endMs && child.startMs >= deciding.row.startMs)
    if (later) deciding = { row: child, endMs }
  }
  return deciding?.row
}
