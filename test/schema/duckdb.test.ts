/** The API on the real store: the same answers as from memory, in a constant number of statements. */
import { graphql } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Forest } from '../../src/records.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import type { TraceReader } from '../../src/store/store.ts'
import { fakeStore } from '../fake-store.ts'
import { chain, makeForest, type Sample, START_MS } from '../forest.ts'
import { servicesFor } from '../services.ts'

/** 30 small trees, a deep one, and one with 300 children. */
const samples: Sample[] = [
  ...Array.from({ length: 30 }, (_, i) => ({
    id: `s${i}`,
    turns: [
      { agent: 'coordinator', calls: [{ agent: 'executor', calls: [{ agent: 'tester' }] }, { agent: 'executor' }] },
      { agent: 'build' },
    ],
  })),
  { id: 'deep', turns: [chain(40)] },
  { id: 'wide', turns: [{ agent: 'coordinator', calls: Array.from({ length: 300 }, () => ({ agent: 'tester' })) }] },
]
const forest = makeForest(samples)

let store: Store
const statements: string[] = []
beforeAll(async () => {
  store = await openStore({ path: ':memory:' })
  await store.saveTraces({ forests: byTree(forest), stamps: [], links: [], removedSessionIds: [] })
  store.onStatement((sql) => statements.push(sql))
})
afterAll(() => store.close())

/** One forest per tree, as a reading delivers them. */
function byTree({ sessions, traces }: Forest): Forest[] {
  const roots = [...new Set(sessions.map((session) => session.rootId))]
  return roots.map((root) => {
    const own = sessions.filter((session) => session.rootId === root)
    return {
      sessionIds: own.map((session) => session.id),
      sessions: own,
      traces: traces.filter((trace) => trace.rootSessionId === root),
    }
  })
}

async function ask(source: string, from: TraceReader = store) {
  statements.length = 0
  const contextValue = createContext(servicesFor(from), START_MS + 86_400_000)
  const { data, errors } = await graphql({ schema, source, contextValue })
  if (errors) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'))
  return { data: JSON.parse(JSON.stringify(data)), count: statements.length }
}

const USAGE = '{ cost llmCalls tokensIn tokensOut tokens { input output reasoning cacheRead cacheWrite total } }'
/** All fields of a trace but prompts, lists of objects, and relatives. */
const SCALARS = `id kind agent description parentId parentAgent childCount descendantCount depth path status
  error { name message } startedAt endedAt lastActivityAt offsetMs durationMs waitMs activeMs own ${USAGE} total ${USAGE}
  models toolsUsed linkInferred orphan copied reverted`
const EVERYTHING = `${SCALARS} promptInput promptOutput promptPreview tools { tool calls errors durationMs }
  toolCalls { totalCount nodes { id tool status title error startedAt endedAt durationMs } }`
const nested = (fields: string, depth: number): string =>
  depth === 0 ? fields : `${fields} children { ${nested(fields, depth - 1)} }`

describe('a tree in DuckDB', () => {
  const trees: [string, string][] = [
    ['flat', `{ session(id: "ses_deep") { traces { totalCount nodes { ${EVERYTHING} } } } }`],
    ['nested', `{ session(id: "ses_deep") { rootTraces { ${nested(EVERYTHING, 40)} } } }`],
    [
      'below a trace, flat',
      `{ trace(id: "msg_wide_1") { ${SCALARS} descendants { totalCount nodes { ${EVERYTHING} } } } }`,
    ],
    ['below a trace, nested', `{ trace(id: "msg_deep_1") { ${nested(SCALARS, 40)} } }`],
    [
      'with relatives',
      `{ session(id: "ses_s7") { rootTraces { ${nested('id parent { id agent } ancestors { id agent }', 3)} } } }`,
    ],
  ]
  for (const [name, query] of trees) {
    it(`${name}: two statements at most, and the answer that memory gives`, async () => {
      const { data, count } = await ask(query)
      expect(count).toBeLessThanOrEqual(2)
      expect(data).toEqual((await ask(query, fakeStore(forest))).data)
    })
  }
})

describe('a list in DuckDB', () => {
  it('of sessions costs the same for 1 as for 32', async () => {
    const query = (first: number) => `{ sessions(first: ${first}) { totalCount nodes {
      id title agents models status total ${USAGE} root { id } source { path }
      rootTraces { id agent status promptPreview } traces { totalCount nodes { id depth path } }
      children { id } } } }`
    const one = await ask(query(1))
    const all = await ask(query(50))
    expect(all.data.sessions.nodes).toHaveLength(32)
    expect(all.count).toBe(one.count)
    // The page, its count, the root traces, the whole trees, the child sessions.
    expect(all.count).toBe(5)
  })

  it('of traces costs the same for 1 as for 500', async () => {
    const query = (first: number) => `{ traces(first: ${first}) { totalCount nodes {
      id path session { title } rootSession { title } parent { agent } children { id agent }
      toolCalls { nodes { delegation { id agent } } } descendants { totalCount } } } }`
    const one = await ask(query(1))
    const many = await ask(query(500))
    expect(many.data.traces.nodes.length).toBeGreaterThan(400)
    expect(many.count).toBeLessThanOrEqual(Math.max(one.count, 7))
  })

  it('of sessions with parts of their trees costs the same for 2 as for 32', async () => {
    const part = '{ totalCount nodes { id agent promptPreview } pageInfo { hasNextPage endCursor } }'
    const query = (first: number) => `{ sessions(first: ${first}) { nodes {
      first: traces(first: 2) ${part} failed: traces(filter: { status: ERROR }) ${part}
      children { traces ${part} rootTraces { descendants(maxDepth: 1, first: 3) ${part} } } } } }`
    const two = await ask(query(2))
    const all = await ask(query(50))
    expect(all.data.sessions.nodes).toHaveLength(32)
    expect(all.count).toBe(two.count)
    const [{ first }] = all.data.sessions.nodes
    expect(first.totalCount).toBe(301)
    expect(first.nodes.map(({ agent }: { agent: string }) => agent)).toEqual(['coordinator', 'tester'])
  })

  it('of traces learns what is normal for their agents in one statement', async () => {
    const query = `{ traces(first: 500) { nodes { agent baseline { agent sampleSize cost { count sum } } } } }`
    const { data, count } = await ask(query)
    expect(count).toBe(2)
    for (const { agent, baseline } of data.traces.nodes) expect(baseline?.agent ?? agent).toBe(agent)
  })

  it('is walked through page by page, forwards and backwards', async () => {
    const ids = async (order: string, size: number, forward: boolean) => {
      const found: string[] = []
      let cursor: string | null = null
      for (let isMore = true; isMore; ) {
        const place = cursor === null ? '' : `, ${forward ? 'after' : 'before'}: ${JSON.stringify(cursor)}`
        const { data }: Awaited<ReturnType<typeof ask>> =
          await ask(`{ traces(orderBy: ${order}, ${forward ? 'first' : 'last'}: ${size}${place}) {
          nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`)
        const page = data.traces.nodes.map((trace: { id: string }) => trace.id)
        if (forward) found.push(...page)
        else found.unshift(...page)
        const { hasNextPage, hasPreviousPage, startCursor, endCursor } = data.traces.pageInfo
        isMore = forward ? hasNextPage : hasPreviousPage
        cursor = forward ? endCursor : startCursor
      }
      return found
    }
    for (const order of ['{ field: STARTED_AT }', '{ field: DEPTH, direction: ASC }', '{ field: COST }']) {
      const forward = await ids(order, 97, true)
      expect(new Set(forward).size).toBe(forest.traces.length)
      expect(await ids(order, 101, false)).toEqual(forward)
    }
  })

  it('is filtered by session, by date and by agent', async () => {
    const from = new Date(START_MS + 3_600_000).toISOString()
    const to = new Date(START_MS + 7_200_000).toISOString()
    const { data } = await ask(`{
      bySession: traces(filter: { sessionIds: ["ses_s3"] }) { totalCount }
      byDate: traces(filter: { startedAt: { from: "${from}", to: "${to}" } }) { totalCount nodes { rootSession { id } } }
      byAgent: traces(filter: { agents: ["digger"] }) { totalCount }
      none: traces(filter: { agents: [] }) { totalCount nodes { id } }
      within: session(id: "ses_s3") { traces(filter: { agents: ["tester"] }) { totalCount nodes { agent depth } } }
    }`)
    expect(data.bySession.totalCount).toBe(5)
    expect(data.byDate.totalCount).toBe(5)
    expect(new Set(data.byDate.nodes.map((trace: { rootSession: { id: string } }) => trace.rootSession.id))).toEqual(
      new Set(['ses_s1']),
    )
    expect(data.byAgent.totalCount).toBe(40)
    expect(data.none).toEqual({ totalCount: 0, nodes: [] })
    expect(data.within.traces).toEqual({ totalCount: 1, nodes: [{ agent: 'tester', depth: 2 }] })
  })

  it('goes down as many levels as a number can say', async () => {
    const { data } = await ask(`{
      trace(id: "prt_deep_2") { descendants(maxDepth: 2147483647, first: 1) { totalCount nodes { depth } } }
      traces(filter: { agents: ["executor"] }) { nodes { descendants(maxDepth: 2147483647, first: 1) { totalCount } } }
    }`)
    expect(data.trace.descendants).toEqual({ totalCount: 38, nodes: [{ depth: 2 }] })
    expect(data.traces.nodes).toContainEqual({ descendants: { totalCount: 1 } })
  })

  it('refuses a cursor of another list, by name', async () => {
    const { data } = await ask('{ sessions(first: 1) { pageInfo { endCursor } } }')
    const cursor = JSON.stringify(data.sessions.pageInfo.endCursor)
    await expect(ask(`{ traces(after: ${cursor}) { nodes { id } } }`)).rejects.toThrow(
      /"after" is a cursor from a different list/,
    )
    await expect(ask('{ traces(before: "x") { nodes { id } } }')).rejects.toThrow(/"before" is not a cursor/)
  })

  it('refuses a cursor of the other direction', async () => {
    const { data } = await ask('{ traces(first: 1, orderBy: { field: COST }) { pageInfo { endCursor } } }')
    const cursor = JSON.stringify(data.traces.pageInfo.endCursor)
    const list = `traces(after: ${cursor}, orderBy: { field: COST, direction: ASC })`
    await expect(ask(`{ ${list} { nodes { id } } }`)).rejects.toThrow(/"after" is a cursor from a different list/)
  })

  it.each([
    'traces(after: "x") { totalCount }',
    'sessions(before: "x") { totalCount }',
    'searchPattern(pattern: "tester", after: "x") { totalCount }',
    'session(id: "ses_s3") { traces(after: "x") { totalCount } }',
  ])('refuses what is not a cursor also where only the number of all is asked for: %s', async (list) => {
    await expect(ask(`{ ${list} }`)).rejects.toThrow(/is not a cursor/)
  })

  it.each([
    ['traces:STARTED_AT:DESC', (after: string) => `traces(after: ${after}) { nodes { id } }`],
    ['traces:TOKENS:DESC', (after: string) => `traces(after: ${after}, orderBy: { field: TOKENS }) { nodes { id } }`],
    ['sessions:STARTED_AT:DESC', (after: string) => `sessions(after: ${after}) { nodes { id } }`],
    ['tree', (after: string) => `session(id: "ses_s3") { traces(after: ${after}) { nodes { id } } }`],
  ])('refuses a cursor whose value nothing can have: %s', async (name, list) => {
    const cursorAt = (value: number) =>
      JSON.stringify(Buffer.from(JSON.stringify([name, value, 'x'])).toString('base64url'))
    await expect(ask(`{ ${list(cursorAt(1e300))} }`)).rejects.toThrow(/is not a cursor/)
    await expect(ask(`{ ${list(cursorAt(2 ** 40))} }`)).resolves.toBeDefined()
  })

  it('has no session of no status', async () => {
    const { data } = await ask(`{
      sessions(filter: { status: [] }) { totalCount nodes { id } }
      all: sessions(filter: { status: [], rootsOnly: false }) { totalCount }
      searchPattern(pattern: "tester", filter: { status: [] }) { totalCount }
    }`)
    expect(data).toEqual({
      sessions: { totalCount: 0, nodes: [] },
      all: { totalCount: 0 },
      searchPattern: { totalCount: 0 },
    })
  })
})
