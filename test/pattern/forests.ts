/**
 * Random histories for patterns. They have few distinct instants, so that times often coincide; overlapping siblings,
 * missing ends, calls of zero duration, resumed sessions (one session called from several places), turns that a person
 * typed into a child session, and calls that seem to start before their caller.
 */
import fc from 'fast-check'
import { addUsage, noUsage, type Session, type Trace, type TraceStatus, type Usage } from '../../src/records.ts'
import { numbered, UNREMARKABLE } from '../forest.ts'

export interface History {
  sessions: Session[]
  traces: Trace[]
}

export const AGENTS = ['tester', 'refactoring', 'Tester-2', 'and', 'a*b', 'général', 'σοφός'] as const
export const TOOLS = ['bash', 'read', 'Edit'] as const
export const MODELS = ['claude-4', 'gpt/5'] as const
export const TEXTS = ['Fix the TESTS', 'ΟΔΟΣ ODΟΣ\u212a', 'vérifie 100%_ok', 'a "quoted" \\ line\nnext', ''] as const

/** The time of the queries, and how long a tree may go without activity before it is stale. */
export const NOW_MS = 1_700_000_000_000
export const STALE_AFTER_MS = 600_000

interface NodeSeed {
  /** Chooses its parent among the nodes before it in its tree. Ignored for the first node and for turns. */
  parent: number
  isTurn: boolean
  /** The number of the session of its tree that it runs in. */
  session: number
  agent: string
  startMs: number
  lengthMs: number | null
  status: TraceStatus
  cost: number
  tokens: number
  tools: string[]
  models: string[]
  prompt: string
  output: string | null
  description: string | null
}

const nodeSeed = (instants: number): fc.Arbitrary<NodeSeed> =>
  fc.record({
    parent: fc.nat(1000),
    isTurn: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    session: fc.nat(3),
    agent: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(AGENTS[0], AGENTS[1]) }, fc.constantFrom(...AGENTS)),
    startMs: fc.nat(instants),
    lengthMs: fc.oneof({ weight: 3, arbitrary: fc.nat(Math.ceil(instants / 3)) }, fc.constantFrom(0, 0, null)),
    status: fc.constantFrom<TraceStatus[]>('COMPLETED', 'COMPLETED', 'ERROR', 'RUNNING', 'ABORTED', 'INTERRUPTED'),
    cost: fc.constantFrom(0, 0.25, 1, 1.5),
    tokens: fc.constantFrom(0, 500, 10_000),
    tools: fc.subarray([...TOOLS]),
    models: fc.subarray([...MODELS]),
    prompt: fc.constantFrom(...TEXTS),
    output: fc.option(fc.constantFrom(...TEXTS)),
    description: fc.option(fc.constantFrom(...TEXTS)),
  })

interface TreeSeed {
  nodes: NodeSeed[]
  startMs: number
  /** No call starts before its caller. */
  isOrdered: boolean
  isFresh: boolean
}

export const histories = (limits: { trees: number; nodes: number; instants: number }): fc.Arbitrary<History> =>
  fc
    .array(
      fc.record<TreeSeed>({
        nodes: fc.array(nodeSeed(limits.instants), { maxLength: limits.nodes }),
        startMs: fc.nat(3),
        isOrdered: fc.boolean(),
        isFresh: fc.boolean(),
      }),
      { maxLength: limits.trees },
    )
    .map(historyOf)

function historyOf(trees: readonly TreeSeed[]): History {
  const history: History = { sessions: [], traces: [] }
  trees.forEach((tree, t) => {
    const made = treeOf(tree, t)
    history.sessions.push(...made.sessions)
    history.traces.push(...made.traces)
  })
  return history
}

const usageOf = (cost: number, tokens: number): Usage => ({
  ...noUsage(),
  cost,
  input: Math.floor(tokens / 2),
  output: tokens - Math.floor(tokens / 2),
  llmCalls: 1,
})

function treeOf(tree: TreeSeed, t: number): History {
  const baseMs = NOW_MS - (tree.isFresh ? 1000 : 2 * STALE_AFTER_MS) + tree.startMs
  const rootId = `ses_${t}_0`
  const traces: Trace[] = []
  tree.nodes.forEach((seed, i) => {
    const above = i === 0 ? undefined : traces[seed.parent % i]
    const parent = above === undefined || seed.isTurn ? null : above
    const sessionId = `ses_${t}_${parent === null && i === 0 ? 0 : seed.session}`
    const startedMs = Math.max(baseMs + seed.startMs, tree.isOrdered && parent !== null ? parent.startedMs : 0)
    const endedMs = seed.lengthMs === null ? null : startedMs + seed.lengthMs
    const durationMs = endedMs === null ? null : endedMs - startedMs
    traces.push({
      // The order of the ids differs from that of the times.
      id: `${parent === null ? 'msg' : 'prt'}_${t}_${(i * 7) % 10}_${i}`,
      kind: parent === null ? 'USER_TURN' : 'DELEGATION',
      agent: seed.agent,
      description: seed.description,
      sessionId,
      rootSessionId: rootId,
      callerSessionId: parent === null ? sessionId : (parent.sessionId ?? rootId),
      parentId: parent?.id ?? null,
      parentAgent: parent?.agent ?? null,
      status: endedMs === null ? 'RUNNING' : seed.status === 'RUNNING' ? 'COMPLETED' : seed.status,
      error: null,
      promptInput: seed.prompt,
      promptOutput: seed.output,
      startedMs,
      endedMs,
      lastActivityMs: endedMs ?? startedMs,
      offsetMs: Math.max(0, startedMs - baseMs),
      durationMs,
      waitMs: durationMs === null ? null : 0,
      activeMs: durationMs,
      own: usageOf(seed.cost, seed.tokens),
      total: usageOf(seed.cost, seed.tokens),
      models: seed.models,
      toolsUsed: seed.tools,
      toolCalls: [],
      depth: parent === null ? 0 : parent.depth + 1,
      lft: 0,
      rgt: 0,
      ord: 0,
      childCount: 0,
      ...UNREMARKABLE,
    })
  })
  sumUp(numbered(traces))
  for (const trace of traces) placeFollowers(trace, traces)
  return { sessions: sessionsOf(t, tree, baseMs, traces), traces }
}

/** Adds the usage of each trace to its parent's total, the deepest first. */
function sumUp(depthFirst: readonly Trace[]): void {
  const byId = new Map(depthFirst.map((trace) => [trace.id, trace]))
  for (const trace of [...depthFirst].reverse()) {
    const parent = trace.parentId === null ? undefined : byId.get(trace.parentId)
    if (parent !== undefined) addUsage(parent.total, trace.total)
  }
}

/** Sets `followBeforeMs` and `followBeforeId` straight from their definitions in `Trace`. */
function placeFollowers(trace: Trace, traces: readonly Trace[]): void {
  if (trace.endedMs === null) return
  let earliest: Trace | null = null
  for (const other of traces) {
    if (other.kind !== trace.kind || other.callerSessionId !== trace.callerSessionId) continue
    if (other.endedMs === null || other.startedMs < trace.endedMs || !follows(trace, other)) continue
    if (earliest === null || other.endedMs < (earliest.endedMs ?? 0)) earliest = other
    else if (other.endedMs === earliest.endedMs && rank(other) < rank(earliest)) earliest = other
  }
  trace.followBeforeMs = earliest?.endedMs ?? null
  trace.followBeforeId = earliest !== null && earliest.startedMs === earliest.endedMs ? earliest.id : null
}

/**
 * Among traces with the same end, one of nonzero duration wins: no trace that starts at that end can follow directly.
 */
const rank = (trace: Trace): string => (trace.startedMs === trace.endedMs ? `1${trace.id}` : '0')

function follows(a: Trace, b: Trace): boolean {
  const [x, y] = [a.endedMs ?? Number.POSITIVE_INFINITY, b.endedMs ?? Number.POSITIVE_INFINITY]
  return a.startedMs !== b.startedMs ? a.startedMs < b.startedMs : x !== y ? x < y : a.id < b.id
}

function sessionsOf(t: number, tree: TreeSeed, baseMs: number, traces: readonly Trace[]): Session[] {
  const rootId = `ses_${t}_0`
  const ids = new Set([rootId, ...traces.flatMap((trace) => (trace.sessionId === null ? [] : [trace.sessionId]))])
  const lastActivityMs = traces.reduce((ms, trace) => Math.max(ms, trace.lastActivityMs), baseMs)
  return [...ids].map((id) => ({
    id,
    title: `Session ${id}`,
    directory: tree.isFresh ? '/fresh' : '/old',
    project: null,
    version: '1.0.0',
    sourceId: 'OPENCODE_JSON:/nowhere',
    parentId: id === rootId ? null : rootId,
    rootId,
    forkedFromId: null,
    archivedMs: null,
    startedMs: baseMs,
    lastActivityMs,
    durationMs: lastActivityMs - baseMs,
    activeMs: 0,
    running: traces.some((trace) => trace.status === 'RUNNING'),
    lastStatus: 'COMPLETED',
    traceCount: traces.length,
    delegationCount: traces.filter((trace) => trace.kind === 'DELEGATION').length,
    errorCount: traces.filter((trace) => trace.status === 'ERROR').length,
    maxDepth: traces.reduce((depth, trace) => Math.max(depth, trace.depth), 0),
    agents: [...new Set(traces.map((trace) => trace.agent))],
    models: [...new Set(traces.flatMap((trace) => trace.models))],
    own: noUsage(),
    total: noUsage(),
  }))
}
