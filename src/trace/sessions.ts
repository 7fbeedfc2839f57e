/** The figures of each session, with everything below it. */
import { addUsage, noUsage, type Session, type Trace } from '../records.ts'
import type { SessionLines } from './build.ts'
import type { SessionDigest } from './digest.ts'
import { unionMs } from './place.ts'

export function sessionFigures(
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  traces: readonly Trace[],
  sourceIdOf: (sessionId: string) => string,
): Session[] {
  const trees = treesBySession(digests, lines, traces)
  const sessions = new Map<string, Session>()
  for (const d of digests.values()) sessions.set(d.sessionId, ofOne(d, digests, lines, trees, sourceIdOf(d.sessionId)))
  // Children hand up their totals and times, the deepest first.
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
    addUsage(parent.total, session.total)
    parent.lastActivityMs = Math.max(parent.lastActivityMs, session.lastActivityMs)
    parent.running ||= session.running
  }
  return [...sessions.values()]
}

/** The traces of each session's tree: of a root all that are rooted in it, of a child those that ran in it and all below. */
function treesBySession(
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  traces: readonly Trace[],
): { whole: Map<string, Trace[]>; own: Map<string, Trace[]> } {
  const whole = new Map<string, Trace[]>()
  const own = new Map<string, Trace[]>()
  const add = (map: Map<string, Trace[]>, id: string, trace: Trace): void => {
    const list = map.get(id)
    if (list === undefined) map.set(id, [trace])
    else list.push(trace)
  }
  /** The path down to the trace at hand: `traces` come depth first. */
  const path: Trace[] = []
  for (const trace of traces) {
    path.length = trace.depth
    path.push(trace)
    add(whole, trace.rootSessionId, trace)
    if (trace.sessionId !== null && !isCopyOfCall(trace)) add(own, trace.sessionId, trace)
    const seen = new Set<string>()
    for (const above of path) {
      const id = above.sessionId
      if (id === null || seen.has(id) || isCopyOfCall(above) || lines.parentOf(id) === null || !digests.has(id))
        continue
      seen.add(id)
      add(whole, id, trace)
    }
  }
  return { whole, own }
}

/** A fork's copy of a call names the session that the original opened; it did not run there again. */
const isCopyOfCall = (trace: Trace): boolean => trace.copied && trace.kind === 'DELEGATION'

function ofOne(
  d: SessionDigest,
  digests: ReadonlyMap<string, SessionDigest>,
  lines: SessionLines,
  trees: ReturnType<typeof treesBySession>,
  sourceId: string,
): Session {
  const { session } = d
  const whole = trees.whole.get(d.sessionId) ?? []
  const own = (trees.own.get(d.sessionId) ?? []).sort((a, b) => a.startedMs - b.startedMs)
  const usage = noUsage()
  for (const t of own) addUsage(usage, t.own)
  const top = whole.reduce((depth, t) => Math.min(depth, t.depth), Number.POSITIVE_INFINITY)
  const agents = new Set<string>()
  const models = new Set<string>()
  for (const t of whole) {
    agents.add(t.agent)
    for (const model of t.models) models.add(model)
  }
  return {
    id: d.sessionId,
    title: session.title,
    directory: session.directory,
    project: session.project,
    version: session.version,
    sourceId,
    parentId: lines.parentOf(d.sessionId),
    rootId: lines.rootOf(d.sessionId),
    forkedFromId: originOf(d, digests),
    archivedMs: session.archivedMs,
    startedMs: session.createdMs,
    lastActivityMs: whole.reduce((ms, t) => Math.max(ms, t.lastActivityMs), d.lastActivityMs),
    durationMs: 0,
    activeMs: unionMs(
      own
        .filter((t) => !t.copied)
        .map((t) => [t.startedMs, t.endedMs ?? Math.max(t.startedMs, t.lastActivityMs)] as const),
    ),
    running: whole.some((t) => t.status === 'RUNNING' && !t.copied),
    lastStatus: own.at(-1)?.status ?? 'COMPLETED',
    traceCount: whole.length,
    delegationCount: whole.filter((t) => t.kind === 'DELEGATION').length,
    errorCount: whole.filter((t) => t.status === 'ERROR').length,
    maxDepth: whole.reduce((depth, t) => Math.max(depth, t.depth - top), 0),
    agents: [...agents],
    models: [...models],
    own: usage,
    total: { ...usage },
  }
}

/** The session that a fork was made from: the one whose runs it repeats most, of several the oldest. */
function originOf(fork: SessionDigest, digests: ReadonlyMap<string, SessionDigest>): string | null {
  if (fork.copiedFromMs === null) return null
  const copies = new Set(fork.runs.filter((r) => r.copied).map((r) => `${r.startedMs} ${r.prompt}`))
  let best: { id: string; shared: number } | null = null
  for (const d of digests.values()) {
    if (d === fork || d.session.createdMs > fork.session.createdMs) continue
    const shared = d.runs.filter((r) => copies.has(`${r.startedMs} ${r.prompt}`)).length
    if (shared > (best?.shared ?? 0)) best = { id: d.sessionId, shared }
  }
  return best?.id ?? null
}
