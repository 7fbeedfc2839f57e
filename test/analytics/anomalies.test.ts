/** Compares the anomalies that SQL finds with a plain reimplementation, over random trees with frequent outliers. */
import fc from 'fast-check'
import { graphql } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Forest, noUsage, type Session, type Trace } from '../../src/records.ts'
import { explain } from '../../src/resolvers/anomalies.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { ANOMALY_KINDS, type Anomaly, type AnomalyKind, type TraceFilter } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { makeForest, START_MS } from '../forest.ts'
import { servicesFor } from '../services.ts'
import { joined, NOW_MS, STALE_AFTER_MS, treeOf } from '../store/forest.ts'
import { type History, matchesTrace, tokensOf, traceStatus } from '../store/oracle.ts'

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

let store: Store
beforeAll(async () => {
  // The histories are small: a second thread would only add waiting.
  store = await openStore({ path: ':memory:', threads: 1 })
})
afterAll(() => store.close())

let stored: string[] = []
async function save(all: readonly Forest[]) {
  const history = joined(all)
  const removedSessionIds = stored.filter((id) => !history.sessionIds.includes(id))
  await store.saveTraces({ forests: all, stamps: [], links: [], removedSessionIds })
  stored = history.sessionIds
  return history
}

// ---------------------------------------------------------------- random histories

const often = <T>(usual: readonly T[], rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, fc.constantFrom(...rare))
const WORDS = Array.from({ length: 30 }, (_, i) => `wörd${i}`)
/** The same prompt, near duplicates, and others. */
const PROMPTS = [
  'Run the tests.',
  'run, THE tests',
  'tests the run',
  'Run the linter',
  WORDS.join(' '),
  WORDS.with(3, 'ÉTÉ').join('\n'),
  WORDS.with(3, 'été').with(4, 'five').join(', '),
  WORDS.with(3, 'a').with(4, 'b').with(5, 'c').join(' '),
  '',
]
const figures = fc.record({
  agent: fc.constantFrom('tester', 'tester', 'executeur'),
  durationMs: often<number | null>([90, 100, 110, 130], [0, null, 1000, 50_000]),
  cost: often([0.1, 0.2, 0.1 + 0.2], [0, 9, 1e-9, 100]),
  input: often([10, 20], [0, 900, 2 ** 40]),
  childCount: often([0, 1, 2], [12, 300]),
  copied: often([false], [true]),
  prompt: fc.nat(),
  activeMs: often([400, 500, 501], [0, 9000]),
  maxDepth: often([1, 2], [0, 6, 40]),
  runs: often([false], [true]),
})
type Figures = typeof figures extends fc.Arbitrary<infer F> ? F : never

const NAMES = [...'abcdefghijkl']
const histories = fc
  .tuple(
    fc.tuple(...NAMES.map((name) => treeOf(name, 14))),
    fc.array(figures, { minLength: 250, maxLength: 250 }),
    fc.subarray(PROMPTS, { minLength: 1, maxLength: 4 }),
  )
  .map(([all, values, prompts]) => {
    let next = 0
    const take = (): Figures => values[next++ % values.length] ?? fail()
    for (const { traces, sessions } of all) {
      for (const trace of traces) {
        const { agent, durationMs, cost, input, childCount, copied, prompt, runs } = take()
        const promptInput = prompts[prompt % prompts.length]
        const parentAgent = traces.find((other) => other.id === trace.parentId)?.agent ?? null
        const total = { ...noUsage(), cost, input }
        Object.assign(trace, { agent, parentAgent, durationMs, total, copied, promptInput })
        trace.childCount = Math.max(trace.childCount, childCount)
        if (trace.status === 'RUNNING' && !runs) trace.status = 'COMPLETED'
      }
      for (const session of sessions) {
        const { activeMs, cost, input, maxDepth } = take()
        const running = session.running && traces.some((trace) => trace.status === 'RUNNING')
        Object.assign(session, { running, activeMs, maxDepth, total: { ...noUsage(), cost, input } })
      }
    }
    return all
  })

function fail(): never {
  throw new Error('there are values')
}

// ---------------------------------------------------------------- plain reimplementation

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2
}

interface Norm {
  center: number
  mad: number
  n: number
}
function normOf(values: readonly (number | null)[]): Norm | null {
  const logs = values.flatMap((value) => (value !== null && value > 0 ? [Math.log(value)] : []))
  if (logs.length < 8) return null
  const center = median(logs)
  return { center, mad: median(logs.map((x) => Math.abs(x - center))), n: logs.length }
}
const scoreOf = (value: number | null, norm: Norm | null): number =>
  value === null || value <= 0 || norm === null
    ? 0
    : (0.6745 * (Math.log(value) - norm.center)) / Math.max(norm.mad, Math.log(1.05))

type Found = Omit<Anomaly, 'subject'> & { id: string }

function measure<T extends { id: string }>(
  kind: AnomalyKind,
  items: readonly T[],
  sample: readonly T[],
  measureOf: (item: T) => number | null,
  agentOf: (item: T) => string | null,
  threshold: number,
  least = 0,
): (Found & { norm: Norm })[] {
  return items.flatMap((item) => {
    const agent = agentOf(item)
    const norm = normOf(sample.filter((other) => agentOf(other) === agent).map(measureOf))
    const value = measureOf(item)
    const score = scoreOf(value, norm)
    if (value === null || norm === null || value < least || !(score > threshold)) return []
    const baseline = { median: Math.exp(norm.center), mad: norm.mad, sampleSize: norm.n }
    return [{ kind, id: item.id, agent, score, value, baseline, detail: null, norm }]
  })
}

const isBelow = (trace: Trace, other: Trace) =>
  trace.rootSessionId === other.rootSessionId && other.lft < trace.lft && trace.rgt < other.rgt

/** From the bottom up: the value of an anomaly is deducted from all traces above it. */
function withoutInherited(
  kind: AnomalyKind,
  raw: readonly (Found & { norm: Norm })[],
  traces: readonly Trace[],
  threshold: number,
): Found[] {
  const of = (id: string) => traces.find((trace) => trace.id === id) ?? fail()
  const standing: (Found & { norm: Norm })[] = []
  for (const found of [...raw].sort((a, b) => of(b.id).lft - of(a.id).lft)) {
    const trace = of(found.id)
    const below = standing.filter(({ id }) => isBelow(of(id), trace))
    const outermost = below.filter(({ id }) => !below.some((other) => isBelow(of(id), of(other.id))))
    let rest = found.value
    if (kind === 'SLOW') {
      const spans = outermost.map(({ id, value }) => [of(id).startedMs, of(id).startedMs + value] as const)
      for (let ms = trace.startedMs; ms < trace.startedMs + found.value; ms += STEP_MS) {
        const [from, to] = [ms, Math.min(ms + STEP_MS, trace.startedMs + found.value)]
        const cuts = spans.map(([s, e]) => [Math.max(s, from), Math.min(e, to)] as const).filter(([s, e]) => s < e)
        // Within a step all spans begin at its start, so the longest is their union.
        rest -= Math.max(0, ...cuts.map(([s, e]) => e - s))
      }
    } else rest -= outermost.reduce((sum, { value }) => sum + value, 0)
    if (outermost.length === 0 || scoreOf(rest, found.norm) > threshold) standing.push(found)
  }
  inherited += raw.length - standing.length
  return standing
}
/** How many anomalies were dropped because those below explain them. */
let inherited = 0
/** All random start times are multiples of this. */
const STEP_MS = 100_000

const wordsOf = (prompt: string): string[] => [
  ...new Set(
    prompt
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
      .split(' '),
  ),
]
function areNear(a: readonly string[], b: readonly string[]): boolean {
  const shared = a.filter((word) => b.includes(word)).length
  return shared >= 0.9 * (a.length + b.length - shared)
}

function repeated(caller: Trace, traces: readonly Trace[]): Found[] {
  let most: { called: string; times: number } | null = null
  const calls = traces
    .filter((trace) => trace.parentId === caller.id && !trace.copied)
    .sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
  for (const called of [...new Set(calls.map((call) => call.agent))].sort()) {
    const groups = new Map<string, { words: string[]; times: number }>()
    for (const call of calls.filter(({ agent }) => agent === called)) {
      const words = wordsOf(call.promptInput)
      const key = [...words].sort().join(' ')
      const group = groups.get(key) ?? { words, times: 0 }
      group.times += 1
      groups.set(key, group)
    }
    let before: string[] | null = null
    let times = 0
    for (const group of groups.values()) {
      times = before !== null && areNear(before, group.words) ? times + group.times : group.times
      before = group.words
      if (times >= 3 && (most === null || times > most.times)) most = { called, times }
    }
  }
  if (most === null || caller.copied) return []
  const { called, times } = most
  const kind = 'REPEATED'
  return [{ kind, id: caller.id, agent: caller.agent, score: times, value: times, baseline: null, detail: called }]
}

function anomaliesOf(history: History, threshold: number): Found[] {
  const { traces, sessions } = history
  const roots = sessions.filter((session) => session.id === session.rootId)
  const own = traces.filter((trace) => !trace.copied)
  const sample = own.filter((trace) => trace.status !== 'RUNNING')
  const sampledRoots = roots.filter((session) => !session.running)
  const nobody = () => null
  const found: Found[] = []
  const ofTraces: [AnomalyKind, (trace: Trace) => number | null][] = [
    ['SLOW', (trace) => trace.durationMs],
    ['COSTLY', (trace) => trace.total.cost],
    ['TOKEN_HEAVY', (trace) => tokensOf(trace.total)],
  ]
  for (const [kind, measureOf] of ofTraces) {
    const raw = measure(kind, own, sample, measureOf, (trace) => trace.agent, threshold)
    found.push(...withoutInherited(kind, raw, traces, threshold))
  }
  found.push(
    ...measure(
      'WIDE',
      own,
      sample,
      (t) => t.childCount,
      (t) => t.agent,
      threshold,
      10,
    ),
  )
  const ofSessions: [AnomalyKind, (session: Session) => number, number][] = [
    ['SLOW', (session) => session.activeMs, 0],
    ['COSTLY', (session) => session.total.cost, 0],
    ['TOKEN_HEAVY', (session) => tokensOf(session.total), 0],
    ['DEEP', (session) => session.maxDepth, 5],
  ]
  for (const [kind, measureOf, least] of ofSessions) {
    found.push(...measure(kind, roots, sampledRoots, measureOf, nobody, threshold, least))
  }
  for (const trace of own) {
    const { id, agent, error } = trace
    const plain = { id, agent, score: 1, baseline: null }
    if (trace.status === 'ERROR') {
      const detail = [error?.name, error?.message].filter((text) => text).join(': ')
      found.push({ ...plain, kind: 'FAILED', value: 1, detail })
    }
    if (trace.status === 'RUNNING' && traceStatus(trace, history, rule) === 'INTERRUPTED') {
      const root = sessions.find((session) => session.id === trace.rootSessionId)
      const silentSince = Math.max(trace.lastActivityMs, root?.lastActivityMs ?? 0)
      found.push({ ...plain, kind: 'STUCK', value: NOW_MS - silentSince, detail: null })
    }
  }
  return [...found, ...traces.flatMap((trace) => repeated(trace, traces))]
}

// ---------------------------------------------------------------- comparison

const digits = (value: number): number => Number(value.toPrecision(9))
const plain = ({ kind, id, agent, score, value, baseline, detail }: Found): string =>
  JSON.stringify([
    kind,
    id,
    agent,
    digits(score),
    digits(value),
    baseline && [digits(baseline.median), digits(baseline.mad), baseline.sampleSize],
    detail,
  ])
const told = ({ subject, ...rest }: Anomaly): string => plain({ ...rest, id: subject.id })

const thresholds = fc.constantFrom(0.9, 2, 3.4999)

describe('anomalies', () => {
  it('are those that plain arithmetic finds, for every filter, kind and page', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        thresholds,
        fc.constantFrom<TraceFilter>({}, { agents: ['executeur'] }, { depth: { min: 1 } }, { status: ['RUNNING'] }),
        fc.subarray([...ANOMALY_KINDS], { minLength: 1 }),
        async (all, threshold, filter, kinds) => {
          const history = await save(all)
          const every = anomaliesOf(history, threshold)
          const { totalCount, page } = await store.findAnomalies({}, { first: 5000 }, threshold, rule)
          expect(page.items.map(({ node }) => told(node)).sort()).toEqual(every.map(plain).sort())
          expect(totalCount).toBe(every.length)

          const admitted = history.traces.filter((trace) => matchesTrace(filter, trace, history, rule))
          const ids = new Set(admitted.flatMap((trace) => [trace.id, trace.rootSessionId]))
          // Without a filter, sessions without traces are included.
          const isAdmitted = (id: string) => Object.keys(filter).length === 0 || ids.has(id)
          const wanted = every.filter(({ id, kind }) => isAdmitted(id) && kinds.includes(kind))
          const list: Anomaly[] = []
          for (let after: string | null = null, isMore = true; isMore; ) {
            const found = await store.findAnomalies({ filter, kinds }, { first: 7, after }, threshold, rule)
            expect(found.totalCount).toBe(wanted.length)
            list.push(...found.page.items.map(({ node }) => node))
            after = found.page.items.at(-1)?.cursor ?? null
            isMore = found.page.hasNextPage
          }
          expect(list.map(told).sort()).toEqual(wanted.map(plain).sort())
          expect(list.map(({ score }) => score)).toEqual(list.map(({ score }) => score).sort((a, b) => b - a))

          const traceIds = history.traces.map((trace) => trace.id)
          const ofTraces = await store.anomaliesOf({ kind: 'traces', ids: traceIds }, threshold, rule)
          expect(ofTraces.map((own) => own.map(told).sort())).toEqual(
            traceIds.map((id) =>
              every
                .filter((found) => found.id === id)
                .map(plain)
                .sort(),
            ),
          )
          // A single id must give the same as all together.
          const [lastTrace] = await store.anomaliesOf({ kind: 'traces', ids: traceIds.slice(-1) }, threshold, rule)
          expect(lastTrace?.map(told).sort()).toEqual(ofTraces.at(-1)?.map(told).sort())
          const sessionIds = history.sessions.map((session) => session.id)
          const ofSessions = await store.anomaliesOf({ kind: 'sessions', ids: sessionIds }, threshold, rule)
          expect(ofSessions.map((own) => own.map(told).sort())).toEqual(
            history.sessions.map(({ id, rootId }) => {
              const tops = history.traces.filter(
                (trace) => (id === rootId ? trace.rootSessionId : trace.sessionId) === id,
              )
              const within = new Set(
                history.traces
                  .filter((trace) => tops.some((top) => top.id === trace.id || isBelow(trace, top)))
                  .map((trace) => trace.id),
              )
              return every
                .filter((found) => found.id === id || within.has(found.id))
                .map(plain)
                .sort()
            }),
          )
          const [lastSession] = await store.anomaliesOf(
            { kind: 'sessions', ids: sessionIds.slice(-1) },
            threshold,
            rule,
          )
          expect(lastSession?.map(told).sort()).toEqual(ofSessions.at(-1)?.map(told).sort())
        },
      ),
      { numRuns: cases(20), endOnFailure: true },
    )
  })

  it('occur in the random histories: of every kind, and some that are only inherited', () => {
    const seen = new Set<string>()
    inherited = 0
    const look = fc.property(histories, thresholds, (all, threshold) => {
      for (const { kind } of anomaliesOf(joined(all), threshold)) seen.add(kind)
    })
    // Enough cases that chance decides nothing.
    fc.assert(look, { numRuns: 300 })
    expect([...seen].sort()).toEqual([...ANOMALY_KINDS].sort())
    expect(inherited).toBeGreaterThan(30)
  })

  it('of a root session are those of its own tree, also where another tree resumed it', async () => {
    const failed = { agent: 'tester', with: { status: 'ERROR', sessionId: 'ses_a' } } as const
    const forest = makeForest([
      { id: 'a', turns: [{ agent: 'build', with: { status: 'ERROR' } }] },
      { id: 'b', turns: [{ agent: 'lead', calls: [failed] }] },
    ])
    await save([forest])
    const found = await store.anomaliesOf({ kind: 'sessions', ids: ['ses_a', 'ses_b'] }, 3.5, rule)
    expect(found.map((some) => some.map(({ subject }) => subject.id))).toEqual([['msg_a_1'], ['prt_b_2']])
  })

  it('refuse a cursor that is none', async () => {
    await expect(store.findAnomalies({}, { first: 1, after: 'x' }, 3.5, rule)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })
})

// ---------------------------------------------------------------- over GraphQL

const Answer = z.object({
  anomalies: z.object({
    totalCount: z.number(),
    nodes: z.array(
      z.object({
        kind: z.string(),
        explanation: z.string(),
        subject: z.object({ id: z.string(), agent: z.string().optional() }),
      }),
    ),
  }),
  sessions: z.object({
    nodes: z.array(
      z.object({
        id: z.string(),
        anomalies: z.array(z.object({ kind: z.string() })),
        rootTraces: z.array(z.object({ id: z.string(), anomalies: z.array(z.object({ kind: z.string() })) })),
      }),
    ),
  }),
})
const QUERY = `query ($first: Int) {
  anomalies(first: $first) { totalCount nodes { kind explanation
    subject { ... on Session { id title } ... on Trace { id agent path } } } }
  sessions(first: $first) { nodes { id anomalies { kind } rootTraces { id anomalies { kind } } } } }`

it('say why in one sentence, in a number of statements that does not grow', async () => {
  const dear = { ...noUsage(), cost: 40, input: 2_000_000 }
  const cheap = { ...noUsage(), cost: 0.5, input: 1000 }
  const forest = makeForest([
    ...Array.from({ length: 10 }, (_, i) => ({
      id: `s${i}`,
      turns: [{ agent: 'build', with: { total: cheap }, calls: [{ agent: 'tester', with: { total: cheap } }] }],
    })),
    {
      id: 'dear',
      turns: [
        {
          agent: 'build',
          with: { total: dear },
          calls: [
            { agent: 'tester', with: { total: dear, durationMs: 3_723_000 } },
            ...[1, 2, 3].map(() => ({ agent: 'explore', with: { promptInput: 'Look again', total: cheap } })),
            {
              agent: 'explore',
              with: { status: 'ERROR' as const, error: { name: 'UnknownError', message: 'no\nway' } },
            },
          ],
        },
      ],
    },
  ])
  const here = await openStore({ path: ':memory:' })
  await here.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  let count = 0
  here.onStatement(() => count++)
  const ask = async (first: number) => {
    count = 0
    const contextValue = createContext(servicesFor(here), START_MS + 86_400_000)
    const result = await graphql({ schema, source: QUERY, variableValues: { first }, contextValue })
    expect(result.errors).toBeUndefined()
    return { ...Answer.parse(result.data), count }
  }
  const one = await ask(1)
  const all = await ask(50)
  // The anomalies, their sessions, their traces and the ancestors; the sessions, their anomalies, their turns, and the
  // turns' own.
  expect(all.count).toBe(8)
  expect(one.count).toBeLessThanOrEqual(all.count)
  const sentences = new Map(
    all.anomalies.nodes.map((found) => [`${found.kind} ${found.subject.id}`, found.explanation]),
  )
  const lines = [...sentences.values()]
  expect(lines).toContain('tester cost $40.00 with all below it; the median of 11 runs of tester is $0.50.')
  expect(lines).toContain('tester took 1 h 2 min; the median of 11 runs of tester is 2 s.')
  expect(lines).toContain('build sent explore the same or nearly the same prompt 3 times.')
  expect(lines).toContain('explore failed: UnknownError: no way')
  // The turn is costly only because of what it called.
  expect([...sentences.keys()]).not.toContain('COSTLY msg_dear_1')
  const last = all.sessions.nodes.find((session) => session.id === 'ses_dear')
  expect(last?.anomalies.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['COSTLY', 'FAILED', 'REPEATED']))
  expect(last?.rootTraces[0]?.anomalies).toEqual([{ kind: 'REPEATED' }])
  await here.close()
})

it('are told in words for every kind', () => {
  const baseline = { median: 2, mad: 0.7, sampleSize: 1200 }
  const trace = { kind: 'trace', id: 'prt_1' } as const
  const session = { kind: 'session', id: 'ses_1' } as const
  const tell = (kind: AnomalyKind, value: number, subject: Anomaly['subject'], detail: string | null = null) =>
    explain({ kind, subject, agent: subject.kind === 'trace' ? 'tester' : null, score: 4, value, baseline, detail })
  expect([
    tell('SLOW', 90_061_000, session),
    tell('SLOW', 69_685, trace),
    tell('SLOW', 59_440, trace),
    tell('SLOW', 3_599_700, trace),
    tell('SLOW', 86_399_000, trace),
    tell('COSTLY', 0.012345, trace),
    tell('COSTLY', 1234.5, session),
    tell('TOKEN_HEAVY', 1_234_567, session),
    tell('STUCK', 3_600_000, trace),
    tell('FAILED', 1, trace, ''),
    tell('DEEP', 40, session),
    tell('WIDE', 7377, trace),
    tell('REPEATED', 5, trace, 'explore'),
  ]).toEqual([
    'The session was at work for 1 d 1 h; the median of 1,200 sessions is 2 ms.',
    'tester took 1 min 10 s; the median of 1,200 runs of tester is 2 ms.',
    'tester took 59.4 s; the median of 1,200 runs of tester is 2 ms.',
    'tester took 1 h; the median of 1,200 runs of tester is 2 ms.',
    'tester took 1 d; the median of 1,200 runs of tester is 2 ms.',
    'tester cost $0.0123 with all below it; the median of 1,200 runs of tester is $2.00.',
    'The session cost $1,234.50 with all below it; the median of 1,200 sessions is $2.00.',
    'The session took 1,234,567 tokens with all below it; the median of 1,200 sessions is 2.',
    'tester has not ended, and nothing in its tree has been written for 1 h.',
    'tester failed.',
    'The session delegates 40 levels deep; the median of 1,200 sessions that delegate is 2.',
    'tester made 7,377 delegations; the median of 1,200 runs of tester that delegate is 2.',
    'tester sent explore the same or nearly the same prompt 5 times.',
  ])
})
