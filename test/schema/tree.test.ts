/** Which columns a query reads, and in how few statements. */
import { graphql } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { fakeStore } from '../fake-store.ts'
import { chain, makeForest } from '../forest.ts'
import { servicesFor } from '../services.ts'

const forest = makeForest([
  {
    id: 'a',
    turns: [
      { agent: 'coordinator', calls: [{ agent: 'executor', calls: [{ agent: 'tester' }] }, { agent: 'executor' }] },
      { agent: 'coordinator' },
    ],
  },
  { id: 'b', turns: [chain(40)] },
])

async function ask(source: string, variableValues: Record<string, unknown> = {}) {
  const store = fakeStore(forest)
  const contextValue = createContext(servicesFor(store))
  const { data, errors } = await graphql({ schema, source, contextValue, variableValues })
  if (errors) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'))
  return { data: JSON.parse(JSON.stringify(data)), calls: store.calls, methods: store.calls.map((call) => call.method) }
}

const nested = (depth: number, inner = ''): string =>
  depth === 0 ? '' : `children { id agent ${inner} ${nested(depth - 1, inner)} }`

describe('a nested tree', () => {
  it('of one trace costs two statements at any depth', async () => {
    const { data, methods } = await ask(`{ trace(id: "msg_b_1") { id ${nested(39)} } }`)
    expect(methods).toEqual(['getTraceDetails', 'getDescendants'])
    let depth = 0
    for (let at = data.trace; at.children?.length; at = at.children[0]) depth += 1
    expect(depth).toBe(39)
  })

  it('of one session costs two statements, and one of many sessions as well', async () => {
    const one = await ask(`{ session(id: "ses_a") { rootTraces { id ${nested(3)} } } }`)
    expect(one.methods).toEqual(['getSessions', 'getTraceTree'])
    expect(one.data.session.rootTraces.map((trace: { id: string }) => trace.id)).toEqual(['msg_a_1', 'msg_a_5'])
    expect(one.data.session.rootTraces[0].children[0].children[0]).toEqual({
      id: 'prt_a_3',
      agent: 'tester',
      children: [],
    })
    const many = await ask(`{ sessions { nodes { agents total { cost } rootTraces { id ${nested(3)} } } } }`)
    expect(many.methods).toEqual(['pageSessions', 'getTraceTree'])
  })

  it('asks nothing more for paths, parents and ancestors within it', async () => {
    const { data, methods } = await ask(
      `{ session(id: "ses_a") { rootTraces { id path ${nested(3, 'path depth parent { agent } ancestors { id agent }')} } } }`,
    )
    expect(methods).toEqual(['getSessions', 'getTraceTree'])
    const tester = data.session.rootTraces[0].children[0].children[0]
    expect(tester.path).toEqual(['coordinator', 'executor', 'tester'])
    expect(tester.parent).toEqual({ agent: 'executor' })
    expect(tester.ancestors).toEqual([
      { id: 'msg_a_1', agent: 'coordinator' },
      { id: 'prt_a_2', agent: 'executor' },
    ])
  })

  it('of a trace in the middle looks up what is above it once', async () => {
    const { data, methods } = await ask(`{ trace(id: "prt_b_10") { ${nested(5, 'path')} } }`)
    expect(methods).toEqual(['getTraceDetails', 'getDescendants', 'getAncestors'])
    expect(data.trace.children[0].path).toHaveLength(11)
  })
})

describe('a flat tree', () => {
  it('of a session is one statement after the session, links and paths included', async () => {
    const { data, methods } = await ask(
      `{ session(id: "ses_a") { traces { totalCount nodes { id depth path parent { id } childCount } } } }`,
    )
    expect(methods).toEqual(['getSessions', 'getTraceTree'])
    expect(data.session.traces.totalCount).toBe(5)
    expect(data.session.traces.nodes.map((trace: { depth: number }) => trace.depth)).toEqual([0, 1, 2, 1, 0])
  })

  it('of a trace is one statement after the trace', async () => {
    const { data, methods } = await ask(
      `{ trace(id: "msg_a_1") { descendants { totalCount pageInfo { hasNextPage } nodes { id agent path } } } }`,
    )
    expect(methods).toEqual(['getTraceDetails', 'getDescendants'])
    expect(data.trace.descendants.nodes.map((trace: { id: string }) => trace.id)).toEqual([
      'prt_a_2',
      'prt_a_3',
      'prt_a_4',
    ])
    expect(data.trace.descendants).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: false } })
  })

  it('of many is one statement with cursors, too', async () => {
    const list = '{ edges { cursor node { id } } pageInfo { startCursor endCursor } }'
    const { methods } = await ask(`{ sessions { nodes { traces ${list} } } traces { nodes { descendants ${list} } } }`)
    expect([...methods].sort()).toEqual(['getDescendants', 'getTraceTree', 'pageSessions', 'pageTraces'])
  })

  it('can be cut by depth', async () => {
    const { data } = await ask(`{ trace(id: "msg_a_1") { descendants(maxDepth: 1) { totalCount nodes { id } } } }`)
    expect(data.trace.descendants).toEqual({ totalCount: 2, nodes: [{ id: 'prt_a_2' }, { id: 'prt_a_4' }] })
  })

  it('is paged by the store when a part is asked for, and counted only when asked', async () => {
    const part = `{ session(id: "ses_a") { traces(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } } } }`
    expect((await ask(part)).methods).toEqual(['getSessions', 'pageTrees'])
    const counted = `{ session(id: "ses_a") { traces(first: 2, filter: { agents: ["tester"] }) { totalCount } } }`
    expect((await ask(counted)).methods).toEqual(['getSessions', 'countTrees'])
    const known = `{ session(id: "ses_a") { traceCount traces(first: 2) { totalCount } } }`
    const { data, methods } = await ask(known)
    expect(methods).toEqual(['getSessions'])
    expect(data.session.traces.totalCount).toBe(data.session.traceCount)
  })

  it('reads nothing when only the number below is asked for', async () => {
    const { data, methods } = await ask(`{ trace(id: "msg_a_1") { descendants { totalCount } } }`)
    expect(methods).toEqual(['getTraceDetails'])
    expect(data.trace.descendants.totalCount).toBe(3)
  })
})

describe('columns', () => {
  it('are read when asked for and not otherwise', async () => {
    const { calls } = await ask(`{ traces { nodes { id agent startedAt } } }`)
    expect(calls).toEqual([{ method: 'pageTraces', columns: ['agent', 'startedMs'] }])
  })

  it('are found through fragments, aliases and interfaces', async () => {
    const { calls, data } = await ask(`
      query { node(id: "msg_a_1") { ...T ... on Trace { who: agent } ... on Session { title } } }
      fragment T on Node { id ... on Trace { kind ...P } }
      fragment P on Trace { prompt: promptInput }
    `)
    expect(calls).toEqual([{ method: 'getTraceDetails', columns: ['kind', 'promptInput', 'agent'] }])
    expect(data.node).toMatchObject({ who: 'coordinator', kind: 'USER_TURN' })
  })

  it('follow @skip and @include', async () => {
    const query = `query ($yes: Boolean!, $no: Boolean!) { trace(id: "msg_a_1") {
      agent promptInput @include(if: $no) promptOutput @skip(if: $yes) kind @include(if: $yes) ... @include(if: $no) { toolCalls { totalCount } }
    } }`
    const { calls } = await ask(query, { yes: true, no: false })
    expect(calls).toEqual([{ method: 'getTraceDetails', columns: ['agent', 'kind'] }])
  })

  it('of the same trace differ from place to place in one query', async () => {
    const { data, calls } = await ask(`{
      short: trace(id: "msg_a_1") { agent children { id } }
      long: trace(id: "msg_a_1") { promptInput children { promptOutput children { agent } } }
    }`)
    expect(calls.map((call) => `${call.method}: ${call.columns}`)).toEqual([
      'getTraceDetails: agent',
      'getTraceDetails: promptInput',
      'getChildren: ',
      'getDescendants: promptOutput,agent',
    ])
    expect(data.long.children[0].children[0].agent).toBe('tester')
  })
})

describe('a list', () => {
  it('of sessions with agents, totals and root traces costs two statements', async () => {
    const { methods } = await ask(
      `{ sessions { nodes { id agents total { cost tokensIn } source { path } rootTraces { agent status promptPreview } } } }`,
    )
    expect(methods).toEqual(['pageSessions', 'getTracesBySession'])
  })

  it('of traces with their sessions, parents, paths and calls costs one statement for each kind', async () => {
    const { methods, data } = await ask(`{ traces { nodes {
      id path session { title parent { id } } rootSession { title } parent { agent } ancestors { id }
      toolCalls { totalCount nodes { tool delegation { id agent } } }
    } } }`)
    // Ancestors are read twice: the path needs their agents, the list only their ids.
    expect(methods.sort()).toEqual(['getAncestors', 'getAncestors', 'getSessions', 'getTraceDetails', 'pageTraces'])
    const first = data.traces.nodes.find((trace: { id: string }) => trace.id === 'msg_a_1')
    expect(first.toolCalls.nodes.map((call: { tool: string }) => call.tool)).toEqual(['read', 'task', 'task'])
    expect(first.toolCalls.nodes[1].delegation).toEqual({ id: 'prt_a_2', agent: 'executor' })
  })
})
