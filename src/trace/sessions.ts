/** Computes the totals of each session, including everything below it. */
import { pushTo } from '../group.ts'
import { addUsage, noUsage, type Session, type Trace, type Usage } from '../records.ts'
import type { SessionLines } from './build.ts'
import type { Run, SessionDigest } from './digest.ts'
import { unionMs } from './place.ts'

export function sessionFigures(
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  traces: readonly Trace[],
  sourceIdOf: (sessionId: string) => string,
): Session[] {
  const trees = treesBySession(lines, traces)
  const sessions = new Map<string, Session>()
  for (const d of digests.values())
    sessions.set(d.sessionId, ofOne(d, digests, lines, trees.get(d.sessionId) ?? noTree(), sourceIdOf(d.sessionId)))
  // Children pass their usage and activity up, the deepest first. A root session's usage is that of its traces already.
  const depthOf = new Map<string, number>()
  const depth = (id: string): number => {
    const path: string[] = []
    let at: string | null = id
    while (at !== null && !depthOf.has(at)) {
      path.push(at)
      at = lines.parentOf(at)
    }
    let n = at === null ? -1 : (depthOf.get(at) ?? -1)
    for (const step of path.reverse()) depthOf.set(step, ++n)
    return depthOf.get(id) ?? 0
  }
  for (const session of [...sessions.values()].sort((a, b) => depth(b.id) - depth(a.id))) {
    session.durationMs = Math.max(0, session.lastActivityMs - session.startedMs)
    const parent = session.parentId === null ? undefined : sessions.get(session.parentId)
    if (parent === undefined) continue
    if (parent.parentId !== null) addUsage(parent.total, session.total)
    parent.lastActivityMs = Math.max(parent.lastActivityMs, session.lastActivityMs)
    parent.running ||= session.running
  }
  return [...sessions.values()]
}

/** The totals of a trace and everything below it. */
interface Below {
  usage: Usage
  traces: number
  delegations: number
  errors: number
  maxDepth: number
  lastActivityMs: number
  running: boolean
  /** In reverse order of first use, because the traces are walked from last to first. */
  agents: Set<string>
  models: Set<string>
}

const nothing = (): Below => ({
  usage: noUsage(),
  traces: 0,
  delegations: 0,
  errors: 0,
  maxDepth: 0,
  lastActivityMs: 0,
  running: false,
  agents: new Set(),
  models: new Set(),
})

function addBelow(sum: Below, more: Below, depth: number): void {
  addUsage(sum.usage, more.usage)
  sum.traces += more.traces
  sum.delegations += more.delegations
  sum.errors += more.errors
  sum.maxDepth = Math.max(sum.maxDepth, more.maxDepth - depth)
  sum.lastActivityMs = Math.max(sum.lastActivityMs, more.lastActivityMs)
  sum.running ||= more.running
}

/** Adds names that were used earlier than the known ones. A name that is known already moves to its earlier use. */
function addEarlier(known: Set<string>, names: Iterable<string>): void {
  for (const name of names) {
    known.delete(name)
    known.add(name)
  }
}

interface SessionTree {
  own: Trace[]
  whole: Below
  /** In order of first use, depth first. */
  agents: Set<string>
  models: Set<string>
}

const noTree = (): SessionTree => ({ own: [], whole: nothing(), agents: new Set(), models: new Set() })

function addTop(tree: SessionTree, more: Below, depth: number): void {
  addBelow(tree.whole, more, depth)
  for (const agent of [...more.agents].reverse()) tree.agents.add(agent)
  for (const model of [...more.models].reverse()) tree.models.add(model)
}

/**
 * Returns the tree of each session: for a root session all traces of its trees, for a child session the traces that ran
 * in it and everything below them. Each trace passes its totals to its parent once, so that a tree of any depth costs
 * one walk.
 */
function treesBySession(lines: SessionLines, traces: readonly Trace[]): Map<string, SessionTree> {
  const belowOf = new Map<string, Below>()
  for (const trace of [...traces].reverse()) {
    const below = belowOf.get(trace.id) ?? nothing()
    below.traces++
    addUsage(below.usage, trace.own)
    if (trace.kind === 'DELEGATION') below.delegations++
    if (trace.status === 'ERROR') below.errors++
    if (trace.status === 'RUNNING' && !trace.copied) below.running = true
    below.maxDepth = Math.max(below.maxDepth, trace.depth)
    below.lastActivityMs = Math.max(below.lastActivityMs, trace.lastActivityMs)
    // Its children were added before it; its own agent and models were used earlier than theirs.
    addEarlier(below.agents, [trace.agent])
    addEarlier(below.models, [...trace.models].reverse())
    belowOf.set(trace.id, below)
    if (trace.parentId === null) continue
    const above = belowOf.get(trace.parentId) ?? nothing()
    addBelow(above, below, 0)
    addEarlier(above.agents, below.agents)
    addEarlier(above.models, below.models)
    belowOf.set(trace.parentId, above)
  }

  const trees = new Map<string, SessionTree>()
  const treeOf = (id: string): SessionTree => {
    const known = trees.get(id)
    if (known !== undefined) return known
    const tree = noTree()
    trees.set(id, tree)
    return tree
  }
  /**
   * The sessions of the current trace's ancestors (`traces` are depth first); `onPath` counts how often each occurs.
   */
  const path: (string | null)[] = []
  const onPath = new Map<string, number>()
  /** For each child session the traces that ran in it, except those below another one of them. */
  const tops = new Map<string, Trace[]>()
  for (const trace of traces) {
    for (const left of path.splice(trace.depth)) if (left !== null) onPath.set(left, (onPath.get(left) ?? 1) - 1)
    const id = trace.sessionId === null || isCopyOfCall(trace) ? null : trace.sessionId
    if (trace.depth === 0) addTop(treeOf(trace.rootSessionId), belowOf.get(trace.id) ?? nothing(), 0)
    if (id !== null) {
      treeOf(id).own.push(trace)
      const topmost = (onPath.get(id) ?? 0) === 0
      if (topmost && lines.parentOf(id) !== null) pushTo(tops, id, trace)
      onPath.set(id, (onPath.get(id) ?? 0) + 1)
    }
    path.push(id)
  }
  for (const [id, ofSession] of tops) {
    for (const trace of ownTreeFirst(ofSession, lines.rootOf(id)))
      addTop(treeOf(id), belowOf.get(trace.id) ?? nothing(), trace.depth)
  }
  return trees
}

/** Lists the traces of a session's own tree first, then those of other trees whose calls resumed it, tree by tree. */
function ownTreeFirst(traces: readonly Trace[], rootId: string): Trace[] {
  const treeOf = ({ rootSessionId: id }: Trace): string => (id === rootId ? '' : id)
  return [...traces].sort((a, b) => (treeOf(a) === treeOf(b) ? 0 : treeOf(a) < treeOf(b) ? -1 : 1))
}

/** A fork's copy of a call names the session that the original opened, but did not run there itself. */
const isCopyOfCall = (trace: Trace): boolean => trace.copied && trace.kind === 'DELEGATION'

function ofOne(
  d: SessionDigest,
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  tree: SessionTree,
  sourceId: string,
): Session {
  const { session } = d
  const { whole } = tree
  const parentId = lines.parentOf(d.sessionId)
  const own = [...tree.own].sort((a, b) => a.startedMs - b.startedMs)
  const usage = noUsage()
  for (const t of own) addUsage(usage, t.own)
  return {
    id: d.sessionId,
    title: session.title,
    directory: session.directory,
    project: session.project,
    version: session.version,
    sourceId,
    parentId,
    rootId: lines.rootOf(d.sessionId),
    forkedFromId: originOf(d, digests),
    archivedMs: session.archivedMs,
    startedMs: session.createdMs,
    lastActivityMs: Math.max(whole.lastActivityMs, d.lastActivityMs),
    durationMs: 0,
    activeMs: unionMs(
      own
        .filter((t) => !t.copied)
        .map((t) => [t.startedMs, t.endedMs ?? Math.max(t.startedMs, t.lastActivityMs)] as const),
    ),
    running: whole.running,
    lastStatus: own.at(-1)?.status ?? 'COMPLETED',
    traceCount: whole.traces,
    delegationCount: whole.delegations,
    errorCount: whole.errors,
    maxDepth: whole.maxDepth,
    agents: [...tree.agents],
    models: [...tree.models],
    own: usage,
    total: parentId === null ? whole.usage : { ...usage },
  }
}

/**
 * Finds the session that a fork was made from: the one that shares the most runs with it. Among equals (such as other
 * forks of the same session without a run of their own yet), prefers the one whose title leads to the fork's title,
 * else the oldest.
 */
function originOf(fork: SessionDigest, digests: ReadonlyMap<string, SessionDigest>): string | null {
  if (fork.copiedFromMs === null) return null
  const copies = new Set(fork.runs.filter((r) => r.copied).map(whatIsCopied))
  let best: { id: string | null; shared: number; isNamesake: boolean } = { id: null, shared: 0, isNamesake: false }
  for (const d of digests.values()) {
    if (d === fork || d.session.createdMs > fork.session.createdMs) continue
    const shared = d.runs.filter((r) => copies.has(whatIsCopied(r))).length
    const isNamesake = titleOfFork(d.session.title) === fork.session.title
    const isBetter = shared > best.shared || (shared > 0 && shared === best.shared && isNamesake && !best.isNamesake)
    if (isBetter) best = { id: d.sessionId, shared, isNamesake }
  }
  return best.id
}

/** A key that a run shares with its copies in forks: a copy keeps its time and, unless redacted, its text. */
const whatIsCopied = ({ startedMs, prompt, redacted }: Run): string => `${startedMs} ${redacted ? '' : prompt}`

/** The title that OpenCode gives to a fork of a session with this title. */
function titleOfFork(title: string): string {
  const [, name = title, count = 0] = /^(.*) \(fork #(\d+)\)$/s.exec(title) ?? []
  return `${name} (fork #${Number(count) + 1})`
}
