/**
 * Builds the trees of a family of sessions: every run and every call becomes a trace, with at most one caller. The
 * functions are pure, and their result does not depend on the order of the digests. They avoid recursion, because trees
 * can be arbitrarily deep.
 */
import { pushTo } from '../group.ts'
import type { Forest, Trace } from '../records.ts'
import type { Call, Run, SessionDigest } from './digest.ts'
import { byMaking, type Link, linkCalls } from './link.ts'
import { type CallNode, delegationOf, type Node, type RunNode, turnOf } from './nodes.ts'
import { byTime, compareIds } from './order.ts'
import { placeInTrees } from './place.ts'
import { sessionFigures } from './sessions.ts'
import { settleStatuses } from './settle.ts'

export { digestSession, type SessionDigest } from './digest.ts'

/**
 * @param family all sessions that calls or forks connect, in any order
 * @param sourceIdOf returns the id of the source that a session was read from
 */
export function buildForest(family: readonly SessionDigest[], sourceIdOf: (sessionId: string) => string): Forest {
  const ordered = [...family].sort(
    (a, b) => a.session.createdMs - b.session.createdMs || compareIds(a.sessionId, b.sessionId),
  )
  const digests = new Map(ordered.map((d) => [d.sessionId, d]))
  const lines = sessionLines(digests)
  const nodes = makeNodes(digests, lines)
  cutCycles(nodes)
  settleStatuses(nodes)
  const traces = placeInTrees(nodes, lines.rootOf)
  return { sessionIds: [...digests.keys()], sessions: sessionFigures(digests, lines, traces, sourceIdOf), traces }
}

// ---------------------------------------------------------------- sessions and their parents

export interface SessionLines {
  /** The parent session; null if it does not exist, or if the edge to it was cut because it closed a cycle. */
  parentOf: (sessionId: string) => string | null
  rootOf: (sessionId: string) => string
}

function sessionLines(digests: ReadonlyMap<string, SessionDigest>): SessionLines {
  const parents = new Map<string, string | null>()
  for (const d of digests.values())
    parents.set(d.sessionId, d.parentId !== null && digests.has(d.parentId) ? d.parentId : null)
  const roots = new Map<string, string>()
  for (const start of digests.keys()) {
    const path: string[] = []
    const onPath = new Set<string>()
    let at = start
    for (;;) {
      const known = roots.get(at)
      if (known !== undefined) {
        at = known
        break
      }
      if (onPath.has(at)) {
        // A cycle: its youngest session loses its parent.
        const cycle = path.slice(path.indexOf(at))
        const createdMs = (id: string): number => digests.get(id)?.session.createdMs ?? 0
        at = cycle.reduce((a, b) => (createdMs(b) > createdMs(a) || (createdMs(b) === createdMs(a) && b > a) ? b : a))
        parents.set(at, null)
        break
      }
      path.push(at)
      onPath.add(at)
      const parent = parents.get(at) ?? null
      if (parent === null) break
      at = parent
    }
    for (const id of path) roots.set(id, at)
  }
  return {
    parentOf: (id) => parents.get(id) ?? null,
    rootOf: (id) => roots.get(id) ?? id,
  }
}

// ---------------------------------------------------------------- who called whom

function makeNodes(digests: ReadonlyMap<string, SessionDigest>, lines: SessionLines): Node[] {
  // Calls first, each with the run that it opened; then every run that no call opened.
  const { delegations, claimed } = delegationsOf(digests)
  const nodeOf = new Map<Run, Node>()
  for (const node of delegations) if (node.run !== null && !node.call.copied) nodeOf.set(node.run, node)
  const { turns, unexplained } = turnsOf(digests, nodeOf, claimed)
  for (const node of turns) nodeOf.set(node.run, node)
  const callerOf = callersIn(digests)
  for (const node of delegations) {
    const caller = callerOf(node.call)
    node.parent = (caller && nodeOf.get(caller)) ?? null
  }
  const callersOf = possibleCallers(digests, nodeOf, delegations)
  for (const node of unexplained) hangOnParentSession(node, digests, lines, callersOf)
  startAsMade([...delegations, ...unexplained], digests)
  startInCallOrder(delegations)
  const nodes: Node[] = [...delegations, ...turns]
  nameApart(nodes)
  for (const { trace, parent } of nodes) {
    if (parent === null) continue
    trace.parentId = parent.trace.id
    trace.parentAgent = parent.trace.agent
  }
  return nodes
}

/**
 * Trace ids are OpenCode's own. OpenCode never writes an id twice, but if the files contain a duplicate, the later
 * trace gets a suffix.
 */
function nameApart(nodes: readonly Node[]): void {
  const times = new Map<string, number>()
  for (const { trace } of nodes) {
    const { id } = trace
    const before = times.get(id) ?? 0
    times.set(id, before + 1)
    if (before > 0) trace.id = `${id}~${before + 1}`
  }
}

/**
 * Makes a trace for every call, in call order. `claimed` are the sessions that a known call opened; a call that is
 * younger than its session only resumed it, so it does not claim the session.
 */
function delegationsOf(digests: ReadonlyMap<string, SessionDigest>): { delegations: CallNode[]; claimed: Set<string> } {
  const links = linkCalls(digests)
  const calls = [...digests.values()].flatMap((digest) => digest.calls)
  const originals = new Map<string, Call>()
  for (const call of calls) {
    if (!call.copied && !originals.has(copyKey(call))) originals.set(copyKey(call), call)
  }
  const claimed = new Set<string>()
  const delegations = calls.map((call) => {
    const link = call.copied ? copiedLink(call, originals.get(copyKey(call)), links, digests) : links.get(call)
    if (!call.copied && link !== undefined && link.sessionId !== null) {
      const madeMs = digests.get(link.sessionId)?.session.createdMs ?? null
      if (madeMs === null || call.messageMs <= madeMs) claimed.add(link.sessionId)
    }
    return delegationOf(call, link ?? { sessionId: null, run: null, inferred: false })
  })
  return { delegations, claimed }
}

/**
 * Makes a trace for every run that no call opened. `unexplained` are those of them that a call must have opened which
 * is no longer stored: the first run of a child session that no call claims, and any run whose prompt the `task` tool
 * wrote.
 */
function turnsOf(
  digests: ReadonlyMap<string, SessionDigest>,
  delegated: ReadonlyMap<Run, Node>,
  claimed: ReadonlySet<string>,
): { turns: RunNode[]; unexplained: RunNode[] } {
  const turns: RunNode[] = []
  const unexplained: RunNode[] = []
  for (const { sessionId, parentId, runs } of digests.values()) {
    runs.forEach((run, i) => {
      if (delegated.has(run)) return
      const wasCalled = parentId !== null && (run.byTask || (i === 0 && !claimed.has(sessionId)))
      const node = turnOf(run, wasCalled)
      turns.push(node)
      if (wasCalled) unexplained.push(node)
    })
  }
  return { turns, unexplained }
}

/** Returns a function that finds the run that made a call. */
function callersIn(digests: ReadonlyMap<string, SessionDigest>): (call: Call) => Run | undefined {
  const runs = new Map<string, Map<string, Run>>()
  for (const digest of digests.values()) runs.set(digest.sessionId, new Map(digest.runs.map((run) => [run.id, run])))
  return ({ sessionId, runId }) => runs.get(sessionId)?.get(runId)
}

/**
 * A possible caller in a session and its interval: one of the session's runs, or a delegation whose run there is no
 * longer stored (after a revert).
 */
interface Doing {
  node: Node
  startedMs: number
  endedMs: number | null
}

/**
 * Returns a function that lists a session's possible callers by start, without a fork's copies, which called nobody.
 */
function possibleCallers(
  digests: ReadonlyMap<string, SessionDigest>,
  nodeOf: ReadonlyMap<Run, Node>,
  delegations: readonly CallNode[],
): (sessionId: string) => readonly Doing[] {
  const withoutRun = new Map<string, CallNode[]>()
  for (const node of delegations) {
    if (node.run === null && !node.trace.copied && node.trace.sessionId !== null)
      pushTo(withoutRun, node.trace.sessionId, node)
  }
  const known = new Map<string, Doing[]>()
  return (sessionId) => {
    let doings = known.get(sessionId)
    if (doings !== undefined) return doings
    doings = (withoutRun.get(sessionId) ?? []).map((node) => ({
      node,
      startedMs: node.call.messageMs,
      endedMs: node.call.endMs,
    }))
    for (const run of digests.get(sessionId)?.runs ?? []) {
      const node = run.copied ? undefined : nodeOf.get(run)
      if (node !== undefined) doings.push({ node, startedMs: run.startedMs, endedMs: run.outcome.endedMs })
    }
    doings.sort(
      byTime(
        (d) => d.startedMs,
        (d) => d.node.trace.id,
      ),
    )
    known.set(sessionId, doings)
    return doings
  }
}

/**
 * Attaches an unexplained run to the trace of its parent session that was under way at the time, or else to the last
 * one before it.
 */
function hangOnParentSession(
  node: RunNode,
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  callersOf: (sessionId: string) => readonly Doing[],
): void {
  const { sessionId } = node.run
  const parentId = lines.parentOf(sessionId)
  const digest = digests.get(sessionId)
  const isFirst = node.run === digest?.runs[0]
  const calledMs = (isFirst ? digest?.session.createdMs : node.run.startedMs) ?? 0
  const before = (parentId === null ? [] : callersOf(parentId)).filter((d) => d.startedMs <= calledMs)
  const last = before.at(-1)
  // Without an end, only the last one is under way: any other's process died before the session went on.
  const underWay = before.findLast((d) => (d.endedMs === null ? d === last : d.endedMs >= calledMs))
  node.parent = (underWay ?? last)?.node ?? null
  node.trace.orphan = node.parent === null
  node.trace.callerSessionId = parentId ?? sessionId
}

/**
 * Keeps the delegations of one message in the order of its parts. A delegation's start is that of its child's first
 * message, which is written slightly after the call; that delay may swap two of them, so each start is limited to that
 * of the next one.
 */
function startInCallOrder(nodes: readonly CallNode[]): void {
  let next: CallNode | null = null
  for (const node of [...nodes].reverse()) {
    if (next !== null && node.call.messageMs === next.call.messageMs && node.call.runId === next.call.runId) {
      node.trace.startedMs = Math.min(node.trace.startedMs, next.trace.startedMs)
    }
    next = node
  }
}

/** Child sessions that one answer opened together get their first prompts within this time of each other. */
const PROMPTED_TOGETHER_MS = 2000

/**
 * Moves starts so that sibling delegations are in the order of their calls. If a call is no longer stored, that order
 * is known only from the order in which the child sessions were created; the order of their first prompts may differ.
 */
function startAsMade(nodes: readonly Node[], digests: ReadonlyMap<string, SessionDigest>): void {
  const openings = new Map<Node | string, { node: Node; digest: SessionDigest }[]>()
  for (const node of nodes) {
    const digest = digests.get(node.run?.sessionId ?? '')
    if (digest === undefined || node.trace.copied || node.run !== digest.runs[0]) continue
    if (node.call !== null && node.call.messageMs > digest.session.createdMs) continue
    pushTo(openings, node.parent ?? node.trace.callerSessionId, { node, digest })
  }
  for (const siblings of openings.values()) {
    if (siblings.every(({ node }) => node.call !== null)) continue
    siblings.sort((a, b) => byMaking(a.digest, b.digest))
    let next: Trace | null = null
    for (const { node } of siblings.reverse()) {
      const { trace } = node
      if (next !== null && byStart(trace, next) > 0 && trace.startedMs - next.startedMs <= PROMPTED_TOGETHER_MS)
        trace.startedMs = next.startedMs - 1
      next = trace
    }
  }
}

const byStart = byTime<Trace>(
  (t) => t.startedMs,
  (t) => t.id,
)

/** A key that a call shares with its copies in forks: a copy keeps the times, the agent, the prompt and the session. */
const copyKey = (call: Call): string =>
  [call.messageMs, call.task.sessionId ?? '', call.task.agent ?? '', call.startMs ?? '', call.task.prompt ?? ''].join(
    '\0',
  )

/**
 * Links a fork's copy of a call to the session of the original. The original's run and subtree stay with the original.
 */
function copiedLink(
  call: Call,
  original: Call | undefined,
  links: ReadonlyMap<Call, Link>,
  digests: ReadonlyMap<string, SessionDigest>,
): Link {
  const link = original === undefined ? undefined : links.get(original)
  if (link !== undefined) return link
  const sessionId = call.task.sessionId
  return { sessionId: sessionId !== null && digests.has(sessionId) ? sessionId : null, run: null, inferred: false }
}

/** Cuts cycles of callers, which only damaged files contain: the latest trace of a cycle becomes an orphan. */
function cutCycles(nodes: readonly Node[]): void {
  const done = new Set<Node>()
  for (const start of nodes) {
    const path: Node[] = []
    const onPath = new Set<Node>()
    for (let at: Node | null = start; at !== null && !done.has(at); at = at.parent) {
      if (onPath.has(at)) {
        const cycle = path.slice(path.indexOf(at))
        const latest = cycle.reduce((a, b) =>
          b.trace.startedMs > a.trace.startedMs ||
          (b.trace.startedMs === a.trace.startedMs && compareIds(b.trace.id, a.trace.id) > 0)
            ? b
            : a,
        )
        latest.parent = null
        Object.assign(latest.trace, { parentId: null, parentAgent: null, orphan: true })
        break
      }
      path.push(at)
      onPath.add(at)
    }
    for (const node of path) done.add(node)
  }
}
