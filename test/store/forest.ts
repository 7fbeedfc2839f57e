/**
 * Random trees as the trace builder would return them: nested-set numbers and positions are correct, all other values
 * are arbitrary. Trees of the same name share their ids, so that one can be a later state of another.
 */
import fc from 'fast-check'
import {
  type Forest,
  type Session,
  type ToolCall,
  TRACE_STATUSES,
  type Trace,
  type TraceStatus,
  type Usage,
} from '../../src/records.ts'
import { numbered } from '../forest.ts'

export const AGENTS = ['coordinateur', 'executeur', 'tester', 'Tester', "d'œuvre"] as const
export const TOOLS = ['bash', 'read', 'task'] as const
export const MODELS = ['anthropic/large', 'small'] as const
export const PROJECTS = ['/home/dev/a', '/home/dev/b', 'global'] as const

/** The current time in the tests, around which everything happens. */
export const NOW_MS = Date.UTC(2026, 10, 24, 12)
export const STALE_AFTER_MS = 600_000

/** Any text without lone surrogates, which no database stores. It may contain every other character, including NUL. */
const anyText = fc.oneof(
  fc.constantFrom('', 'do it', 'vérifiée\n\n  "quoted" \\ \\ud800 \'x\' \u2028 \u{1f600}', '\0'),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 })
const count = fc.nat(30)
const moment = fc.integer({ min: NOW_MS - 5 * STALE_AFTER_MS, max: NOW_MS }).map((ms) => ms - (ms % 100_000))
const cost = fc.constantFrom(0, 0.1, 0.2, 0.1 + 0.2, 1 / 3, 1e-12)

const usage: fc.Arbitrary<Usage> = fc.record({
  input: count,
  output: count,
  reasoning: count,
  cacheRead: fc.constantFrom(0, 7, 2 ** 40),
  cacheWrite: count,
  cost,
  llmCalls: count,
})

const toolCall = fc.record<Omit<ToolCall, 'id'>>({
  tool: fc.constantFrom(...TOOLS),
  status: fc.constantFrom('completed', 'error', 'running'),
  title: maybe(anyText),
  error: maybe(anyText),
  startedMs: maybe(moment),
  endedMs: maybe(moment),
  delegation: fc.boolean(),
})

/** A trace without its position. */
interface Seed {
  trace: Omit<
    Trace,
    'id' | 'kind' | 'sessionId' | 'rootSessionId' | 'callerSessionId' | 'parentId' | 'parentAgent' | 'toolCalls' | Place
  >
  calls: Omit<ToolCall, 'id'>[]
  /** Chooses its parent among the traces before it, or none. */
  parent: number
  /** Whether it runs in a session of its own, in none, or in its parent's. */
  runs: 'own' | 'none' | 'parent'
}
type Place = 'depth' | 'lft' | 'rgt' | 'ord' | 'childCount'

const seed: fc.Arbitrary<Seed> = fc.record({
  trace: fc.record({
    agent: fc.constantFrom(...AGENTS),
    description: maybe(anyText),
    status: fc.constantFrom<TraceStatus[]>(...TRACE_STATUSES),
    error: maybe(fc.record({ name: anyText, message: anyText })),
    promptInput: anyText,
    promptOutput: maybe(anyText),
    startedMs: moment,
    endedMs: maybe(moment),
    lastActivityMs: moment,
    offsetMs: count,
    durationMs: maybe(count),
    waitMs: maybe(count),
    activeMs: maybe(count),
    own: usage,
    total: usage,
    models: fc.subarray([...MODELS]),
    toolsUsed: fc.subarray([...TOOLS]),
    followBeforeMs: maybe(moment),
    followBeforeId: maybe(anyText),
    linkInferred: fc.boolean(),
    orphan: fc.boolean(),
    copied: fc.boolean(),
    reverted: fc.boolean(),
    background: fc.boolean(),
    clockSkewed: fc.boolean(),
  }),
  calls: fc.array(toolCall, { maxLength: 3 }),
  parent: fc.nat(1000),
  runs: fc.constantFrom<Seed['runs'][]>('own', 'own', 'own', 'none', 'parent'),
})

type SessionSeed = Pick<
  Session,
  | 'title'
  | 'directory'
  | 'project'
  | 'version'
  | 'archivedMs'
  | 'startedMs'
  | 'activeMs'
  | 'errorCount'
  | 'own'
  | 'total'
>

const sessionSeed: fc.Arbitrary<SessionSeed> = fc.record({
  title: anyText,
  directory: maybe(fc.constantFrom('/home/dev/a', '/tmp')),
  project: maybe(fc.constantFrom(...PROJECTS)),
  version: maybe(fc.constantFrom('1.18.34', '0.5.29')),
  archivedMs: maybe(moment),
  startedMs: moment,
  activeMs: count,
  errorCount: count,
  own: usage,
  total: usage,
})

/** One root session with its tree. The root of every state of the same name is `ses_<name>`. */
export const treeOf = (name: string, maxTraces = 8): fc.Arbitrary<Forest> =>
  fc
    .tuple(fc.array(seed, { maxLength: maxTraces }), fc.array(sessionSeed, { minLength: 4, maxLength: 4 }))
    .map(([seeds, sessions]) => build(name, seeds, sessions))

/** A history of several trees. */
export const forests = (maxTrees = 5, maxTraces = 8): fc.Arbitrary<Forest[]> =>
  fc
    .nat(maxTrees)
    .chain((trees) =>
      fc.tuple(...Array.from({ length: trees }, (_, i) => treeOf(String.fromCharCode(97 + i), maxTraces))),
    )

/** Several forests as one. */
export const joined = (all: readonly Forest[]): Forest => ({
  sessionIds: all.flatMap((forest) => forest.sessionIds),
  sessions: all.flatMap((forest) => forest.sessions),
  traces: all.flatMap((forest) => forest.traces),
})

function build(name: string, seeds: readonly Seed[], sessionSeeds: readonly SessionSeed[]): Forest {
  const rootId = `ses_${name}`
  const traces: Trace[] = []
  seeds.forEach(({ trace, calls, parent: among, runs }, i) => {
    const chosen = among % (i + 1)
    const parent = traces[chosen - 1] ?? null
    // The order of the ids differs from that of positions and times.
    const id = `${parent === null ? 'msg' : 'prt'}_${name}_${(i * 7) % 10}${i}`
    const callerSessionId = parent?.sessionId ?? rootId
    traces.push({
      ...trace,
      id,
      kind: parent === null ? 'USER_TURN' : 'DELEGATION',
      sessionId: parent === null || runs === 'parent' ? callerSessionId : runs === 'none' ? null : `${rootId}_${i}`,
      rootSessionId: rootId,
      callerSessionId,
      parentId: parent?.id ?? null,
      parentAgent: parent?.agent ?? null,
      toolCalls: calls.map((call, n) => ({ id: `${id}_${n}`, ...call })),
      depth: parent === null ? 0 : parent.depth + 1,
      lft: 0,
      rgt: 0,
      ord: 0,
      childCount: 0,
    })
  })
  const ordered = numbered(traces)
  return { ...sessionsOf(rootId, ordered, sessionSeeds), traces: ordered }
}

function sessionsOf(
  rootId: string,
  traces: readonly Trace[],
  seeds: readonly SessionSeed[],
): Pick<Forest, 'sessionIds' | 'sessions'> {
  const ids = [...new Set([rootId, ...traces.flatMap(({ sessionId }) => (sessionId === null ? [] : [sessionId]))])]
  const sessions = ids.map((id, i): Session => {
    const seed = seeds[i % seeds.length]
    if (seed === undefined) throw new Error('a session needs a seed')
    const tops = traces.filter((trace) => trace.sessionId === id || id === rootId)
    const below = traces.filter((trace) => tops.some((top) => top.lft <= trace.lft && trace.rgt <= top.rgt))
    const first = traces.find((trace) => trace.sessionId === id && trace.parentId !== null)
    const lastActivityMs = below.reduce((ms, trace) => Math.max(ms, trace.lastActivityMs), seed.startedMs)
    const last = tops.at(-1)?.status ?? 'COMPLETED'
    return {
      ...seed,
      id,
      sourceId: 'OPENCODE_SQLITE:/data/opencode.db',
      parentId: id === rootId ? null : (first?.callerSessionId ?? rootId),
      rootId,
      forkedFromId: null,
      lastActivityMs,
      durationMs: lastActivityMs - seed.startedMs,
      running: below.some((trace) => trace.status === 'RUNNING'),
      lastStatus: last,
      traceCount: below.length,
      delegationCount: below.filter((trace) => trace.kind === 'DELEGATION').length,
      maxDepth: below.reduce((depth, trace) => Math.max(depth, trace.depth), 0),
      agents: [...new Set(below.map((trace) => trace.agent))],
      models: [...new Set(below.flatMap((trace) => trace.models))],
    }
  })
  // The last activity of a root session includes that of its child sessions.
  const [root] = sessions
  if (root !== undefined) {
    root.lastActivityMs = Math.max(...sessions.map((session) => session.lastActivityMs))
    root.durationMs = root.lastActivityMs - root.startedMs
  }
  return { sessionIds: ids, sessions }
}
