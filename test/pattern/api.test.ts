/** Patterns over GraphQL, on the real store. */
import { graphql } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Forest } from '../../src/records.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { makeForest, START_MS } from '../forest.ts'
import { servicesFor } from '../services.ts'

const DAY_MS = 86_400_000

const samples = [
  {
    id: 'team',
    turns: [
      { agent: 'coordinateur', calls: [{ agent: 'executeur', calls: [{ agent: 'tester' }] }, { agent: 'executeur' }] },
    ],
  },
  { id: 'plan', turns: [{ agent: 'plan', calls: [{ agent: 'tester' }, { agent: 'refactoring' }] }, { agent: 'plan' }] },
  { id: 'still', turns: [{ agent: 'build', calls: [{ agent: 'docs' }] }] },
]
const forest = placed(makeForest(samples))

/** Sets `followBeforeMs`, and makes the last session still running. */
function placed({ sessionIds, sessions, traces }: Forest): Forest {
  for (const trace of traces) {
    const siblings = traces.filter((t) => t.callerSessionId === trace.callerSessionId && t.kind === trace.kind)
    const ends = siblings.flatMap((t) =>
      t.endedMs !== null && t.startedMs >= (trace.endedMs ?? Infinity) ? [t.endedMs] : [],
    )
    trace.followBeforeMs = ends.length === 0 ? null : Math.min(...ends)
    if (trace.rootSessionId === 'ses_still') {
      trace.status = 'RUNNING'
      trace.endedMs = null
      trace.durationMs = null
    }
  }
  return { sessionIds, sessions: sessions.map((s) => ({ ...s, running: s.rootId === 'ses_still' })), traces }
}

let store: Store
const statements: string[] = []
beforeAll(async () => {
  store = await openStore({ path: ':memory:' })
  const roots = [...new Set(forest.sessions.map((session) => session.rootId))]
  const forests = roots.map((root) => {
    const sessions = forest.sessions.filter((session) => session.rootId === root)
    return {
      sessionIds: sessions.map((session) => session.id),
      sessions,
      traces: forest.traces.filter((trace) => trace.rootSessionId === root),
    }
  })
  await store.saveTraces({ forests, stamps: [], links: [], removedSessionIds: [] })
  store.onStatement((sql) => statements.push(sql))
})
afterAll(() => store.close())

async function execute(source: string, variableValues: Record<string, unknown> = {}, from: Store = store) {
  statements.length = 0
  const contextValue = createContext(servicesFor(from), START_MS + DAY_MS)
  const { data, errors } = await graphql({ schema, source, variableValues, contextValue })
  return { data: JSON.parse(JSON.stringify(data ?? null)), errors: errors ?? [] }
}

async function ask(source: string, variableValues: Record<string, unknown> = {}) {
  const { data, errors } = await execute(source, variableValues)
  if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'))
  return data
}

const MATCHES = `query (
  $pattern: String!, $via: [EdgeKind!], $first: Int, $after: String, $filter: SessionFilter, $direction: OrderDirection
) {
  searchPattern(pattern: $pattern, via: $via, first: $first, after: $after, filter: $filter, direction: $direction) {
    totalCount sessionCount warnings
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor }
    nodes {
      chain session { id } startedAt endedAt durationMs total { cost llmCalls }
      bindings { step alias trace { id agent path } }
      edges { from to kind distance gapMs }
    }
  }
}`

const team = { ids: ['ses_team'] }

describe('the examples of the definition, on coordinateur{executeur{tester}, executeur}', () => {
  test.each([
    ['coordinateur > executeur', 2, 'DELEGATED'],
    ['coordinateur >> tester', 1, 'DELEGATED'],
    ['coordinateur > tester', 0, null],
    ['executeur ; executeur', 1, 'FOLLOWED'],
    ['executeur -> tester', 1, 'DELEGATED'],
    ['tester ;; executeur', 1, 'FOLLOWED'],
    ['tester -> executeur', 0, null],
    ['tester ->> executeur', 1, 'FOLLOWED'],
    ['executeur ; !executeur', 1, null],
    ['executeur AND NOT refactoring', 2, null],
  ])('%s has %i', async (pattern, count, kind) => {
    const { searchPattern } = await ask(MATCHES, { pattern, filter: team })
    expect(searchPattern.totalCount).toBe(count)
    expect(searchPattern.nodes).toHaveLength(count)
    for (const { edges } of searchPattern.nodes) {
      expect(edges.map((edge: { kind: string }) => edge.kind)).toEqual(kind === null ? [] : [kind])
    }
  })

  test('`tester ;; executeur` and `executeur ; !executeur` bind the second executeur', async () => {
    const second = forest.traces.filter((t) => t.rootSessionId === 'ses_team' && t.agent === 'executeur')[1]?.id
    const later = await ask(MATCHES, { pattern: 'tester ;; executeur', filter: team })
    expect(later.searchPattern.nodes[0].bindings[1]).toMatchObject({ step: 1, trace: { id: second } })
    const last = await ask(MATCHES, { pattern: 'executeur ; !executeur', filter: team })
    expect(last.searchPattern.nodes[0].bindings).toMatchObject([{ step: 0, trace: { id: second } }])
  })
})

describe('a match', () => {
  test('says what is bound, how its traces stand to each other, and what they came to', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: '!docs ; first:tester ; then:refactoring' })
    const [tester, refactoring] = forest.traces.filter(
      (t) => ['tester', 'refactoring'].includes(t.agent) && t.rootSessionId === 'ses_plan',
    )
    expect(searchPattern.nodes).toEqual([
      {
        chain: 0,
        session: { id: 'ses_plan' },
        startedAt: new Date(tester?.startedMs ?? 0).toISOString(),
        endedAt: new Date(refactoring?.endedMs ?? 0).toISOString(),
        durationMs: (refactoring?.endedMs ?? 0) - (tester?.startedMs ?? 0),
        total: { cost: expect.closeTo(0.02 + 0.03, 9), llmCalls: 2 },
        bindings: [
          { step: 1, alias: 'first', trace: { id: tester?.id, agent: 'tester', path: ['plan', 'tester'] } },
          {
            step: 2,
            alias: 'then',
            trace: { id: refactoring?.id, agent: 'refactoring', path: ['plan', 'refactoring'] },
          },
        ],
        edges: [{ from: 1, to: 2, kind: 'FOLLOWED', distance: 1, gapMs: 0 }],
      },
    ])
  })

  test('counts what is below another of its traces once', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: 'coordinateur >> tester' })
    const [root] = forest.traces
    expect(searchPattern.nodes[0].total.llmCalls).toBe(4)
    expect(searchPattern.nodes[0].total.cost).toBeCloseTo(root?.total.cost ?? 0, 9)
    expect(searchPattern.nodes[0].edges).toEqual([{ from: 0, to: 1, kind: 'DELEGATED', distance: 2, gapMs: null }])
  })

  test('without an end lasts until it was last written to', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: 'build > docs' })
    const [build, docs] = forest.traces.filter((t) => t.rootSessionId === 'ses_still')
    const untilMs = Math.max(build?.lastActivityMs ?? 0, docs?.lastActivityMs ?? 0)
    expect(searchPattern.nodes[0]).toMatchObject({ endedAt: null, durationMs: untilMs - (build?.startedMs ?? 0) })
  })

  test('of a session in which no chain has one binds nothing and comes to the whole session', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: 'NOT tester' })
    const session = forest.sessions.find((s) => s.id === 'ses_still')
    expect(searchPattern).toMatchObject({ totalCount: 1, sessionCount: 1 })
    expect(searchPattern.nodes).toMatchObject([
      {
        chain: 0,
        session: { id: 'ses_still' },
        bindings: [],
        edges: [],
        endedAt: null,
        durationMs: session?.durationMs,
        total: { cost: session?.total.cost },
      },
    ])
  })

  test('names the chain it belongs to', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: 'tester OR plan > refactoring' })
    const places = searchPattern.nodes.map((m: { session: { id: string }; chain: number }) => [m.session.id, m.chain])
    expect(places).toEqual([
      ['ses_team', 0],
      ['ses_plan', 0],
      ['ses_plan', 1],
    ])
  })
})

describe('a search', () => {
  test('is paged without losing or repeating a match', async () => {
    const whole = await ask(MATCHES, { pattern: '* ->> *' })
    const found: unknown[] = []
    let after: string | null = null
    do {
      const { searchPattern } = await ask(MATCHES, { pattern: '* ->> *', first: 2, after })
      expect(searchPattern.totalCount).toBe(whole.searchPattern.nodes.length)
      found.push(...searchPattern.nodes)
      after = searchPattern.pageInfo.hasNextPage ? searchPattern.pageInfo.endCursor : null
    } while (after !== null)
    expect(found).toEqual(whole.searchPattern.nodes)
    expect(found.length).toBeGreaterThan(8)
  })

  test('gives the latest first when told to, with cursors that are none of the other order', async () => {
    const earliest = await ask(MATCHES, { pattern: '* ->> *' })
    const latest = await ask(MATCHES, { pattern: '* ->> *', direction: 'DESC' })
    expect(latest.searchPattern.nodes).toEqual(earliest.searchPattern.nodes.toReversed())
    expect(latest.searchPattern.totalCount).toBe(earliest.searchPattern.totalCount)
    const after = earliest.searchPattern.pageInfo.endCursor
    const { errors } = await execute(MATCHES, { pattern: '* ->> *', direction: 'DESC', after })
    expect(errors[0]?.originalError).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'after' } })
  })

  test('reads nothing of a page that nobody asks for', async () => {
    const { searchPattern } = await ask('{ searchPattern(pattern: "*") { totalCount sessionCount } }')
    expect(searchPattern).toEqual({ totalCount: 10, sessionCount: 3 })
    expect(statements).toHaveLength(2)
    expect(statements.join()).not.toContain('picked')
  })

  test('costs the same number of statements whatever its page holds', async () => {
    const counts: number[] = []
    for (const first of [1, 20]) {
      await ask(
        'query ($first: Int) { searchPattern(pattern: "* ->> *", first: $first) { totalCount nodes { total { cost } session { title } bindings { trace { agent status } } } } }',
        { first },
      )
      counts.push(statements.length)
    }
    expect(counts[0]).toBe(counts[1])
    expect(counts[0]).toBeLessThanOrEqual(5)
  })

  test('of no match at all says whether there is more', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: 'tester', first: 0 })
    expect(searchPattern).toMatchObject({ totalCount: 2, nodes: [], pageInfo: { hasNextPage: true, endCursor: null } })
  })

  test('keeps one half of an arrow', async () => {
    const count = async (via: string[] | null) =>
      (await ask(MATCHES, { pattern: '* -> *', via })).searchPattern.totalCount
    const [both, delegated, followed] = [await count(null), await count(['DELEGATED']), await count(['FOLLOWED'])]
    expect([both, delegated, followed]).toEqual([9, 6, 3])
    expect(await count([])).toBe(0)
  })

  test('sees what runs as interrupted once its tree has been silent for too long', async () => {
    const { searchPattern } = await ask(MATCHES, { pattern: '*[status=running]' })
    expect(searchPattern.totalCount).toBe(0)
    expect((await ask(MATCHES, { pattern: '*[status=interrupted]' })).searchPattern.totalCount).toBe(2)
  })
})

describe('sessions', () => {
  const SESSIONS =
    'query ($filter: SessionFilter) { sessions(filter: $filter, orderBy: { field: STARTED_AT, direction: ASC }) { totalCount nodes { id } } }'
  const idsOf = async (filter: unknown) =>
    (await ask(SESSIONS, { filter })).sessions.nodes.map((s: { id: string }) => s.id)

  test('are filtered by a pattern', async () => {
    expect(await idsOf({ pattern: 'tester -> refactoring' })).toEqual(['ses_plan'])
    expect(await idsOf({ pattern: 'tester AND NOT refactoring' })).toEqual(['ses_team'])
    expect(await idsOf({ pattern: 'tester', agents: ['plan'] })).toEqual(['ses_plan'])
    expect(await idsOf({ pattern: 'nobody' })).toEqual([])
  })

  test('that delegations opened are there when their root fits', async () => {
    const ids = await idsOf({ pattern: 'tester -> refactoring', rootsOnly: false })
    expect(ids).toHaveLength(3)
  })
})

describe('what goes wrong', () => {
  test.each([
    ['query ($p: String!) { searchPattern(pattern: $p) { totalCount } }'],
    ['query ($p: String!) { searchPattern(pattern: $p) { __typename } }'],
    ['query ($p: String!) { sessions(filter: { pattern: $p }) { totalCount } }'],
  ])('a wrong pattern says where and what instead: %s', async (source) => {
    const { errors } = await execute(source, { p: 'tester[status=failed]' })
    expect(errors[0]?.originalError).toMatchObject({
      code: 'PATTERN_SYNTAX',
      details: {
        position: 14,
        expected: ['running', 'completed', 'error', 'aborted', 'interrupted'],
        suggestion: 'error',
      },
    })
  })

  test('too many matches are refused, with the limit', async () => {
    const small = await openStore({ path: ':memory:', patterns: { maxMatches: 9 } })
    try {
      await small.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
      const { errors } = await execute(MATCHES, { pattern: '*' }, small)
      expect(errors[0]?.originalError).toMatchObject({
        code: 'PATTERN_TOO_BROAD',
        message: expect.stringMatching(/more than 9 matches.*--max-matches/),
        details: { limit: 'maxMatches', value: 9, option: '--max-matches' },
      })
      expect((await execute(MATCHES, { pattern: '*[depth<=1]' }, small)).data.searchPattern.totalCount).toBe(9)
    } finally {
      await small.close()
    }
  })

  const repeated = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i))

  const long = (i: number) => `a${i} ->> b ->> c ->> d ->> e ->> f ->> g`

  test.each([
    ['different chains', repeated(65, (i) => `a${i}`).join(' OR '), 65],
    ['one chain that gives its matches each time', repeated(65, () => 'tester').join(' AND '), 65],
    ['long chains', repeated(48, (i) => `${long(i)} ->> h`).join(' OR '), 384],
    ['steps that exclude', repeated(10, (i) => `!z ; ${long(i).replaceAll('->>', ';')}`).join(' AND '), 80],
  ])('more steps than are searched at once are refused: %s', async (_, pattern, steps) => {
    for (const query of [
      MATCHES,
      'query ($pattern: String!) { sessions(filter: { pattern: $pattern }) { totalCount } }',
    ]) {
      const { errors } = await execute(query, { pattern })
      expect(errors[0]?.originalError).toMatchObject({
        code: 'PATTERN_TOO_BROAD',
        message: expect.stringMatching(
          new RegExp(`chains have ${steps} steps together; at most 64 .* no option raises`),
        ),
        details: { limit: 'maxSteps', value: 64, option: null },
      })
    }
  })

  test('what is searched once and gives nothing may stand there often', async () => {
    const pattern = ['tester', ...repeated(500, () => 'NOT nobody')].join(' AND ')
    expect((await ask(MATCHES, { pattern })).searchPattern.sessionCount).toBe(2)
  })

  test.each([
    'x',
    Buffer.from('["traces",1,"x"]').toString('base64url'),
    Buffer.from('["pattern",1,"x",7,[]]').toString('base64url'),
  ])('%s is not a cursor', async (after) => {
    const { errors } = await execute(MATCHES, { pattern: 'a ; b', after })
    expect(errors[0]?.originalError).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'after' } })
  })
})

describe('warnings', () => {
  const warningsOf = async (pattern: string) =>
    (await ask('query ($pattern: String!) { searchPattern(pattern: $pattern) { warnings } }', { pattern }))
      .searchPattern.warnings

  test.each([
    ['tester -> refactorign', ['No trace has the agent "refactorign". Did you mean "refactoring"?']],
    ['xylophone', ['No trace has the agent "xylophone".']],
    ['TESTER > *[agent!=docks]', ['No trace has the agent "docks". Did you mean "docs"?']],
    ['foo*', ['No trace has an agent that matches `foo*`.']],
    [
      'coordinateur > tester',
      ['There is no match, but `coordinateur >> tester`, which is the same at any distance, has 1 match.'],
    ],
    [
      'tester -> executeur',
      ['There is no match, but `tester ->> executeur`, which is the same at any distance, has 1 match.'],
    ],
    ['tester > coordinateur', []],
    ['tester', []],
  ])('%s', async (pattern, expected) => {
    const warnings = await warningsOf(pattern)
    expect(warnings).toEqual(expected)
  })

  test('a pattern is validated with them', async () => {
    const { validatePattern } = await ask(
      '{ validatePattern(pattern: "coordinateur>  Tester") { valid canonical error { message } warnings } }',
    )
    expect(validatePattern).toEqual({
      valid: true,
      canonical: 'coordinateur > Tester',
      error: null,
      warnings: ['There is no match, but `coordinateur >> Tester`, which is the same at any distance, has 1 match.'],
    })
  })

  test('what is no pattern is described, and nothing is searched', async () => {
    const { validatePattern } = await ask(
      '{ validatePattern(pattern: "tester ; ") { valid canonical error { message position expected suggestion } warnings } }',
    )
    expect(validatePattern).toEqual({
      valid: false,
      canonical: null,
      error: {
        message: 'Another step must follow `;`, but the pattern ends.',
        position: 9,
        expected: ['an agent', '*', '{', '!'],
        suggestion: null,
      },
      warnings: [],
    })
    expect(statements).toEqual([])
  })
})
