/**
 * Places each trace in its tree, and computes what depends on that: depth, nested-set numbers, durations, totals and
 * followers.
 */
import { firstFrom, pushTo } from '../group.ts'
import { addUsage, type Trace } from '../records.ts'
import type { Node } from './nodes.ts'
import { byTime } from './order.ts'

/**
 * Fills in the position, durations and totals of all traces. Returns them depth first within each root session, with
 * the root sessions in the order of their first traces.
 */
export function placeInTrees(nodes: readonly Node[], rootSessionOf: (sessionId: string) => string): Trace[] {
  const byStart = byTime<Node>(
    (n) => n.trace.startedMs,
    (n) => n.trace.id,
  )
  const children = new Map<Node, Node[]>()
  const roots = new Map<string, Node[]>()
  for (const node of [...nodes].sort(byStart)) {
    if (node.parent === null) pushTo(roots, rootSessionOf(node.trace.callerSessionId), node)
    else pushTo(children, node.parent, node)
  }
  const traces: Trace[] = []
  for (const [rootSessionId, ofRoot] of roots) {
    const preorder = number(ofRoot, children, rootSessionId)
    for (const node of [...preorder].reverse()) measure(node, children.get(node) ?? [])
    for (const node of preorder) traces.push(node.trace)
  }
  for (const ofCaller of groupByCaller(traces).values()) setFollowBefore(ofCaller)
  return traces
}

/**
 * Walks the trees of one root session depth first, with an explicit stack, and numbers each trace on entry and exit.
 */
function number(roots: readonly Node[], children: ReadonlyMap<Node, Node[]>, rootSessionId: string): Node[] {
  const order: Node[] = []
  let counter = 0
  roots.forEach((root, ord) => {
    root.trace.ord = ord
    const stack: { node: Node; depth: number; entered: boolean }[] = [{ node: root, depth: 0, entered: false }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { trace } = top.node
      if (top.entered) {
        trace.rgt = ++counter
        stack.pop()
        continue
      }
      top.entered = true
      order.push(top.node)
      const below = children.get(top.node) ?? []
      trace.lft = ++counter
      trace.rootSessionId = rootSessionId
      trace.depth = top.depth
      trace.childCount = below.length
      trace.offsetMs = Math.max(0, trace.startedMs - root.trace.startedMs)
      for (let i = below.length - 1; i >= 0; i--) {
        const child = below[i]
        if (child === undefined) continue
        child.trace.ord = i
        stack.push({ node: child, depth: top.depth + 1, entered: false })
      }
    }
  })
  return order
}

/** Computes the durations and totals of one trace; its children must have been measured already. */
function measure({ trace }: Node, children: readonly Node[]): void {
  trace.total = { ...trace.own }
  for (const child of children) addUsage(trace.total, child.trace.total)
  if (trace.endedMs === null) return
  if (trace.endedMs < trace.startedMs) {
    trace.clockSkewed = true
    trace.endedMs = trace.startedMs
  }
  const { startedMs, endedMs } = trace
  trace.durationMs = endedMs - startedMs
  trace.waitMs = unionMs(
    children.map(({ trace: c }) => [
      Math.max(startedMs, c.startedMs),
      Math.min(endedMs, c.endedMs ?? Math.max(c.startedMs, c.lastActivityMs)),
    ]),
  )
  trace.activeMs = trace.durationMs - trace.waitMs
}

/** The length of the union of intervals, in milliseconds. */
export function unionMs(intervals: readonly (readonly [from: number, to: number])[]): number {
  let sum = 0
  let until = Number.NEGATIVE_INFINITY
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
    if (to <= until || to <= from) continue
    sum += to - Math.max(from, until)
    until = to
  }
  return sum
}

// ---------------------------------------------------------------- what directly follows

/** Groups traces by caller: the delegations that were called from one session, or the turns of one session. */
function groupByCaller(traces: readonly Trace[]): Map<string, Trace[]> {
  const groups = new Map<string, Trace[]>()
  for (const t of traces) pushTo(groups, `${t.kind} ${t.rootSessionId} ${t.callerSessionId}`, t)
  return groups
}

/**
 * The order of the pattern language: by start, end (no end comes last), and id, compared as text as in the database.
 */
const compareTraces = (a: Trace, b: Trace): number => {
  if (a.startedMs !== b.startedMs) return a.startedMs - b.startedMs
  const x = a.endedMs ?? Number.POSITIVE_INFINITY
  const y = b.endedMs ?? Number.POSITIVE_INFINITY
  if (x !== y) return x < y ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Sets `followBeforeMs` and `followBeforeId` of each trace, given all traces of one caller. */
function setFollowBefore(traces: Trace[]): void {
  traces.sort(compareTraces)
  const earliest: (Trace | null)[] = new Array(traces.length + 1).fill(null)
  for (let i = traces.length - 1; i >= 0; i--) {
    const t = traces[i]
    const later = earliest[i + 1] ?? null
    const ends =
      t !== undefined && t.endedMs !== null && (later === null || later.endedMs === null || t.endedMs <= later.endedMs)
    earliest[i] = ends ? t : later
  }
  traces.forEach((t, i) => {
    if (t.endedMs === null) return
    const first = earliest[firstFrom(traces, t.endedMs, (later) => later.startedMs, i + 1)] ?? null
    t.followBeforeMs = first?.endedMs ?? null
    t.followBeforeId = first !== null && first.startedMs === first.endedMs ? first.id : null
  })
}
