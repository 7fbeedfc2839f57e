import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRACE_KINDS, TRACE_STATUSES, type Trace } from '../../src/records.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import type { Page, PageArgs, SessionFilter, SessionOrder, TraceFilter, TraceOrder } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { empty } from './empty.ts'
import { AGENTS, forests, joined, MODELS, NOW_MS, PROJECTS, STALE_AFTER_MS, TOOLS } from './forest.ts'
import { matchesSession, matchesTrace, sortedSessions, sortedTraces } from './oracle.ts'

/** The number of random cases per property. */
const RUNS = cases(40)

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 })
const some = <T>(values: readonly T[]) => optional(fc.subarray([...values]))
const numbers = (values: readonly number[]) =>
  optional(fc.record({ min: optional(fc.constantFrom(...values)), max: optional(fc.constantFrom(...values)) }))
const moments = optional(
  fc.record({
    fromMs: optional(fc.integer({ min: NOW_MS - 5 * STALE_AFTER_MS, max: NOW_MS })),
    toMs: optional(fc.integer({ min: NOW_MS - 5 * STALE_AFTER_MS, max: NOW_MS })),
  }),
)

/** Keeps at most three conditions of a filter, so that some rows remain. */
const few = <T extends object>(arbitrary: fc.Arbitrary<T>, keys: readonly (keyof T)[]): fc.Arbitrary<Partial<T>> =>
  fc.tuple(arbitrary, fc.subarray([...keys], { maxLength: 3 })).map(([filter, kept]) => {
    const chosen: Partial<T> = {}
    for (const key of kept) chosen[key] = filter[key]
    return chosen
  })

const TRACE_IDS = ['msg_a_00', 'prt_a_71', 'msg_b_00', 'prt_c_42']
const SESSION_IDS = ['ses_a', 'ses_b', 'ses_a_1', 'ses_b_2', 'nowhere']

const traceFilter = few(
  fc.record<TraceFilter>({
    ids: some(TRACE_IDS),
    sessionIds: some(SESSION_IDS),
    kind: optional(fc.constantFrom(...TRACE_KINDS)),
    agents: some(AGENTS),
    parentAgents: some(AGENTS),
    models: some(MODELS),
    tools: some(TOOLS),
    status: some(TRACE_STATUSES),
    project: optional(fc.constantFrom(...PROJECTS)),
    startedAt: moments,
    durationMs: numbers([0, 5, 10, 20]),
    cost: numbers([0, 0.1, 0.2, 0.1 + 0.2, 1]),
    tokens: numbers([0, 50, 100, 2 ** 40]),
    depth: numbers([0, 1, 2]),
  }),
  [
    'ids',
    'sessionIds',
    'kind',
    'agents',
    'parentAgents',
    'models',
    'tools',
    'status',
    'project',
    'startedAt',
    'durationMs',
    'cost',
    'tokens',
    'depth',
  ],
)

const sessionFilter = few(
  fc.record<SessionFilter>({
    ids: some(SESSION_IDS),
    agents: some(AGENTS),
    models: some(MODELS),
    status: some(TRACE_STATUSES),
    project: optional(fc.constantFrom(...PROJECTS)),
    directory: optional(fc.constantFrom('/home/dev/a', '/tmp', '')),
    startedAt: moments,
    lastActivityAt: moments,
    durationMs: numbers([0, 100_000, 1_000_000]),
    cost: numbers([0, 0.1, 0.2, 0.1 + 0.2, 1]),
    tokens: numbers([0, 50, 100, 2 ** 40]),
    hasDelegations: optional(fc.boolean()),
    rootsOnly: optional(fc.boolean()),
  }),
  [
    'ids',
    'agents',
    'models',
    'status',
    'project',
    'directory',
    'startedAt',
    'lastActivityAt',
    'durationMs',
    'cost',
    'tokens',
    'hasDelegations',
    'rootsOnly',
  ],
)

const direction = fc.constantFrom<TraceOrder['direction'][]>('ASC', 'DESC')
const traceOrder = fc.record<TraceOrder>({
  field: fc.constantFrom<TraceOrder['field'][]>('STARTED_AT', 'DURATION', 'ACTIVE', 'WAIT', 'COST', 'TOKENS', 'DEPTH'),
  direction,
})
const sessionOrder = fc.record<SessionOrder>({
  field: fc.constantFrom<SessionOrder['field'][]>(
    'STARTED_AT',
    'LAST_ACTIVITY_AT',
    'DURATION',
    'COST',
    'TOKENS',
    'TRACES',
  ),
  direction,
})

/** Collects all ids page by page, from either end. */
async function walk<T extends { id: string }>(
  size: number,
  end: 'first' | 'last',
  page: (args: PageArgs) => Promise<Page<T>>,
): Promise<string[]> {
  const ids: string[] = []
  let args: PageArgs = { [end]: size }
  for (let turn = 0; turn < 1000; turn++) {
    const { items, hasNextPage, hasPreviousPage } = await page(args)
    const onPage = items.map(({ node }) => node.id)
    expect(items.length).toBeLessThanOrEqual(size)
    if (end === 'first') ids.push(...onPage)
    else ids.unshift(...onPage)
    const isMore = end === 'first' ? hasNextPage : hasPreviousPage
    // There is a page behind if and only if one has been passed.
    expect(end === 'first' ? hasPreviousPage : hasNextPage).toBe(turn > 0)
    if (!isMore) return ids
    const edge = end === 'first' ? items.at(-1) : items[0]
    expect(edge).toBeDefined()
    args = end === 'first' ? { first: size, after: edge?.cursor ?? '' } : { last: size, before: edge?.cursor ?? '' }
  }
  throw new Error('the pages do not end')
}

describe('pages', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:', threads: 1 })
  })
  afterAll(() => store.close())

  /** Fills the store with these trees and no others. */
  const fill = async (trees: Parameters<typeof joined>[0]) => {
    await empty(store)
    await store.saveTraces({ forests: trees, stamps: [], links: [], removedSessionIds: [] })
    return joined(trees)
  }

  it('of traces, in any order, of any size, from either end, are the list that a plain filter and sort give', async () => {
    await fc.assert(
      fc.asyncProperty(
        forests(),
        traceFilter,
        traceOrder,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('first' as const, 'last' as const),
        async (trees, filter, order, size, end) => {
          const history = await fill(trees)
          const expected = sortedTraces(
            history.traces.filter((trace) => matchesTrace(filter, trace, history, rule)),
            order,
          ).map((trace) => trace.id)
          expect(await walk(size, end, (args) => store.pageTraces(filter, order, args, [], rule))).toEqual(expected)
          expect(await store.countTraces(filter, rule)).toBe(expected.length)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('of sessions, in any order, of any size, from either end, are the list that a plain filter and sort give', async () => {
    await fc.assert(
      fc.asyncProperty(
        forests(),
        sessionFilter,
        sessionOrder,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('first' as const, 'last' as const),
        async (trees, filter, order, size, end) => {
          const history = await fill(trees)
          const expected = sortedSessions(
            history.sessions.filter((session) => matchesSession(filter, session, history, rule)),
            order,
          ).map((session) => session.id)
          expect(await walk(size, end, (args) => store.pageSessions(filter, order, args, rule))).toEqual(expected)
          expect(await store.countSessions(filter, rule)).toBe(expected.length)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('of a tree, from either end, are its traces depth first, for every scope and filter', async () => {
    await fc.assert(
      fc.asyncProperty(
        forests(3, 12),
        traceFilter,
        fc.nat(40),
        optional(fc.nat(2)),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('first' as const, 'last' as const),
        async (trees, filter, choice, maxDepth, size, end) => {
          const history = await fill(trees)
          const ofSession = history.sessions[choice % Math.max(1, history.sessions.length)]
          const top = history.traces[choice % Math.max(1, history.traces.length)]
          if (ofSession === undefined || top === undefined) return
          const inTree = (rootId: string) =>
            history.traces.filter((trace) => trace.rootSessionId === rootId).sort((a, b) => a.lft - b.lft)
          const isCopyOfCall = (trace: Trace) => trace.copied && trace.kind === 'DELEGATION'
          const ran = history.traces.filter((trace) => trace.sessionId === ofSession.id && !isCopyOfCall(trace))
          const scopes = [
            {
              scope: { kind: 'session', sessionId: ofSession.id, rootSessionId: ofSession.rootId } as const,
              inside: inTree(ofSession.rootId).filter(
                (trace) =>
                  ofSession.id === ofSession.rootId || ran.some((t) => t.lft <= trace.lft && trace.rgt <= t.rgt),
              ),
            },
            {
              scope: {
                kind: 'trace',
                rootSessionId: top.rootSessionId,
                lft: top.lft,
                rgt: top.rgt,
                toDepth: maxDepth == null ? null : top.depth + maxDepth,
              } as const,
              inside: inTree(top.rootSessionId).filter(
                (trace) =>
                  top.lft < trace.lft && trace.rgt < top.rgt && trace.depth <= top.depth + (maxDepth ?? Infinity),
              ),
            },
          ]
          for (const { scope, inside } of scopes) {
            const expected = inside.filter((trace) => matchesTrace(filter, trace, history, rule)).map(({ id }) => id)
            const pageOf = async (args: PageArgs) => only(await store.pageTrees([scope], filter, args, [], rule))
            expect(await walk(size, end, pageOf)).toEqual(expected)
            expect(await store.countTrees([scope], filter, rule)).toEqual([expected.length])
            const whole = await pageOf({})
            expect(whole.items.map(({ node }) => node.id)).toEqual(expected)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('of many trees at once are those of each alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        forests(3, 12),
        traceFilter,
        optional(fc.nat(2)),
        fc.nat(4),
        fc.constantFrom('first' as const, 'last' as const),
        fc.nat(40),
        async (trees, filter, maxDepth, size, end, choice) => {
          const { sessions, traces } = await fill(trees)
          const ofSessions = sessions.map(({ id, rootId }) => ({
            kind: 'session' as const,
            sessionId: id,
            rootSessionId: rootId,
          }))
          const ofTraces = traces.map(({ rootSessionId, lft, rgt, depth }) => {
            const toDepth = maxDepth == null ? null : depth + maxDepth
            return { kind: 'trace' as const, rootSessionId, lft, rgt, toDepth }
          })
          const scopes = [...ofSessions, ...ofTraces]
          const cursor = traces.map((trace) => store.treeCursorOf({ ...trace }))[choice]
          const beyond = cursor === undefined ? {} : { [end === 'first' ? 'after' : 'before']: cursor }
          for (const args of [{}, { [end]: size + 1 }, { [end]: size + 1, ...beyond }]) {
            const alone = scopes.map(async (scope) =>
              only(await store.pageTrees([scope], filter, args, ['agent'], rule)),
            )
            expect(await store.pageTrees(scopes, filter, args, ['agent'], rule)).toEqual(await Promise.all(alone))
          }
          const counted = scopes.map(async (scope) => only(await store.countTrees([scope], filter, rule)))
          expect(await store.countTrees(scopes, filter, rule)).toEqual(await Promise.all(counted))
        },
      ),
      { numRuns: RUNS },
    )
  })
})

function only<T>([item]: readonly T[]): T {
  if (item === undefined) throw new Error('one answer was expected')
  return item
}
