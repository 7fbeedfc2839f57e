/** Compares the engine with the brute-force evaluator: random patterns over random histories, in a real store. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parsePattern } from '../../src/pattern/parse.ts'
import { canonical } from '../../src/pattern/print.ts'
import type { Expression } from '../../src/pattern/syntax.ts'
import type { EdgeKind, Session, Trace } from '../../src/records.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import type { OrderDirection, PatternMatch, SessionFilter } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { type History, histories, NOW_MS, STALE_AFTER_MS } from './forests.ts'
import { evaluate, type OracleMatch } from './oracle.ts'
import { patterns } from './patterns.ts'

const RUNS = cases(30)
const HALF = cases(15)
const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

/** Three stores: all trees joined by hash, all trees swept, and each tree according to its size. */
const WIDE_FROM = [1_000_000, 0, 5] as const
const stores = new Map<number, { store: Store; stored: string[] }>()

beforeAll(async () => {
  for (const wideFrom of WIDE_FROM) {
    // Trees are small here, so a second thread would only add waiting.
    const store = await openStore({ path: ':memory:', threads: 1, patterns: { wideFrom } })
    stores.set(wideFrom, { store, stored: [] })
  }
})

afterAll(async () => {
  for (const { store } of stores.values()) await store.close()
})

/** The store with the given `wideFrom`, filled with this history and nothing else. */
async function storeWith(history: History, wideFrom: number): Promise<Store> {
  const of = stores.get(wideFrom)
  if (of === undefined) throw new Error(`no store for ${wideFrom}`)
  const sessionIds = history.sessions.map((session) => session.id)
  const removedSessionIds = of.stored.filter((id) => !sessionIds.includes(id))
  of.stored = sessionIds
  await of.store.saveTraces({ forests: [{ sessionIds, ...history }], stamps: [], links: [], removedSessionIds })
  return of.store
}

function statusIn(history: History): (trace: Trace) => string {
  const roots = new Map(history.sessions.map((session) => [session.id, session]))
  return (trace) => {
    const silentForMs = NOW_MS - (roots.get(trace.rootSessionId)?.lastActivityMs ?? 0)
    return trace.status === 'RUNNING' && silentForMs >= STALE_AFTER_MS ? 'INTERRUPTED' : trace.status
  }
}

const totalsOf = ({ totalCount, sessionCount }: { totalCount: number; sessionCount: number }) => ({
  totalCount,
  sessionCount,
})

/** Collects all matches page by page, and returns them in ascending order for both directions. */
async function search(
  store: Store,
  pattern: string,
  size: number,
  via: readonly EdgeKind[] | null,
  direction: OrderDirection,
  filter: SessionFilter | null = null,
) {
  const matches: OracleMatch[] = []
  let totals: ReturnType<typeof totalsOf> | null = null
  let after: string | null = null
  for (;;) {
    const { page, ...found } = await store.searchPattern(
      { pattern, via, filter },
      { first: size, after, direction },
      rule,
    )
    totals ??= totalsOf(found)
    expect(totalsOf(found)).toEqual(totals)
    expect(page.items.length).toBeLessThanOrEqual(size)
    matches.push(...page.items.map(({ node }) => plainMatch(node)))
    if (!page.hasNextPage) return { ...totals, matches: direction === 'ASC' ? matches : matches.toReversed() }
    expect(page.items).toHaveLength(size)
    after = page.items[size - 1]?.cursor ?? null
  }
}

const plainMatch = ({ rootSessionId, chain, bindings, edges }: PatternMatch): OracleMatch => ({
  rootSessionId,
  chain,
  bindings: bindings.map(({ step, alias, traceId }) => ({ step, alias, traceId })),
  edges,
})

const vias = fc.option(fc.subarray<EdgeKind>(['DELEGATED', 'FOLLOWED']), { freq: 2 })

describe('the engine and the brute-force evaluator agree', () => {
  const agree = async (
    store: Store,
    history: History,
    pattern: Expression,
    via: EdgeKind[] | null,
    size: number | null,
    direction: OrderDirection,
  ): Promise<void> => {
    const expected = evaluate(pattern, history, statusIn(history), via)
    const text = canonical(pattern)
    if (size !== null) {
      const found = await search(store, text, size, via, direction)
      expect(found.matches, text).toEqual(expected.matches)
      expect(found.totalCount, text).toBe(expected.matches.length)
      expect(found.sessionCount, text).toBe(expected.sessionIds.length)
    } else {
      const found = await store.searchPattern({ pattern: text, via }, null, rule)
      expect(found.totalCount, text).toBe(expected.matches.length)
      expect(found.sessionCount, text).toBe(expected.sessionIds.length)
    }
  }

  /** Null to only count, 500 for a single page, or a size that may end a page anywhere. */
  const pageSizes = fc.oneof(fc.constantFrom(null, 500, 500, 500), fc.integer({ min: 1, max: 40 }))

  const directions = fc.constantFrom<OrderDirection[]>('ASC', 'DESC')

  const random = (steps: number, conditions: number, nesting: number, trees: number, nodes: number, numRuns = RUNS) =>
    fc.assert(
      fc.asyncProperty(
        histories({ trees, nodes, instants: 12 }),
        fc.constantFrom(...WIDE_FROM),
        fc.array(fc.tuple(patterns({ steps, conditions, nesting }), vias, pageSizes, directions), {
          minLength: 5,
          maxLength: 5,
        }),
        async (history, wideFrom, asked) => {
          const store = await storeWith(history, wideFrom)
          for (const [pattern, via, size, direction] of asked) {
            await agree(store, history, pattern, via, size, direction)
          }
        },
      ),
      { numRuns, endOnFailure: true },
    )

  // Several trees per history, because a statement costs about the same for few trees as for many.
  test('on chains', () => random(4, 1, 0, 6, 10))
  test('on expressions of chains', () => random(3, 1, 3, 8, 6))
  test('on long chains in crowded trees', () => random(8, 0, 0, 3, 8, HALF))

  test('together with a session filter, and as one', async () => {
    const filters: fc.Arbitrary<SessionFilter> = fc.record(
      {
        directory: fc.constantFrom('/fresh', '/old'),
        agents: fc.constantFrom(['tester'], ['tester', 'and'], []),
        hasDelegations: fc.boolean(),
        status: fc.constantFrom(['RUNNING' as const], ['INTERRUPTED' as const, 'COMPLETED' as const]),
        pattern: patterns({ steps: 2, conditions: 0, nesting: 1 }).map(canonical),
        rootsOnly: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        histories({ trees: 4, nodes: 6, instants: 12 }),
        fc.constantFrom(...WIDE_FROM),
        fc.array(fc.tuple(patterns({ steps: 3, conditions: 0, nesting: 2 }), filters), { minLength: 3, maxLength: 3 }),
        async (history, wideFrom, asked) => {
          const store = await storeWith(history, wideFrom)
          for (const [pattern, filter] of asked) {
            const text = canonical(pattern)
            const page = { first: 500 }
            const order = { field: 'STARTED_AT', direction: 'ASC' } as const
            const idsOf = async (f: SessionFilter) =>
              (await store.pageSessions(f, order, page, rule)).items.map(({ node }) => node.id)

            const admitted = new Set(await idsOf({ ...filter, rootsOnly: true }))
            const expected = evaluate(pattern, history, statusIn(history), null, (root) => admitted.has(root.id))
            const found = await search(store, text, 500, null, 'ASC', filter)
            expect(found.matches, text).toEqual(expected.matches)

            // For a child session, the tree of its root session decides.
            const holding = new Set(evaluate(pattern, history, statusIn(history)).sessionIds)
            const inOrder = (sessions: Session[]) =>
              sessions.sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
            const ids = (rootsOnly: boolean) =>
              inOrder(history.sessions.filter((s) => holding.has(s.rootId) && (!rootsOnly || s.id === s.rootId))).map(
                (s) => s.id,
              )
            expect(await idsOf({ pattern: text, rootsOnly: false }), text).toEqual(ids(false))
            expect(await idsOf({ pattern: text }), text).toEqual(ids(true))
            expect(await store.countSessions({ pattern: text }, rule), text).toBe(holding.size)
          }
        },
      ),
      { numRuns: HALF, endOnFailure: true },
    )
  })

  test('the random questions are not idle: many of them have matches', async () => {
    const count = { all: 0, matched: 0, followed: 0 }
    fc.assert(
      fc.property(
        histories({ trees: 3, nodes: 10, instants: 12 }),
        patterns({ steps: 4, conditions: 1, nesting: 0 }),
        (history, pattern) => {
          const { matches } = evaluate(pattern, history, statusIn(history))
          count.all++
          if (matches.some((match) => match.edges.length > 0)) count.matched++
          if (matches.some((match) => match.edges.some((edge) => edge.kind === 'FOLLOWED' && edge.distance === 1)))
            count.followed++
        },
      ),
      { numRuns: 1000 },
    )
    expect(count.matched).toBeGreaterThan(count.all / 20)
    expect(count.followed).toBeGreaterThan(count.all / 100)
  })
})

test('a pattern that is wrong is refused by the filter too, with its position', async () => {
  const store = stores.get(0)?.store
  const refused = { code: 'PATTERN_SYNTAX', details: { position: 9, suggestion: 'error' } }
  await expect(store?.countSessions({ pattern: '*[status=failed]' }, rule)).rejects.toMatchObject(refused)
  await expect(store?.searchPattern({ pattern: '*[status=failed]' }, null, rule)).rejects.toMatchObject(refused)
})

test('what was written means what the evaluator reads', () => {
  const result = parsePattern('tester -> refactoring')
  if (!result.ok) throw new Error('not a pattern')
  expect(evaluate(result.pattern, { sessions: [], traces: [] }, () => 'COMPLETED').matches).toEqual([])
})
