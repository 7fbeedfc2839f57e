/** Compiled or not, the answer is the same; only the order of fields may differ in queries with fragments. */
import fc from 'fast-check'
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { createYoga } from 'graphql-yoga'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Context, createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { useCompiledQueries } from '../../src/server/compiled-queries.ts'
import { maskErrors } from '../../src/server/mask-error.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { cases } from '../cases.ts'
import { chain, makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const forest = makeForest([
  {
    id: 'a',
    turns: [
      { agent: 'coordinator', calls: [{ agent: 'executor', calls: [{ agent: 'tester' }] }, { agent: 'executor' }] },
      {
        agent: 'coordinator',
        with: { status: 'ERROR', error: { name: 'APIError', message: 'gone' }, promptOutput: null },
      },
    ],
  },
  { id: 'b', turns: [chain(5)] },
])

function twoServers(store: Store) {
  let runs = 0
  const create = (plugins: ReturnType<typeof useCompiledQueries>[]) =>
    createYoga<object, Context>({
      schema,
      context: () => createContext(servicesFor(store), Date.UTC(2026, 10, 25)),
      maskedErrors: { maskError: maskErrors(() => {}) },
      logging: SILENT,
      plugins,
    })
  const plain = create([])
  const compiled = create([
    useCompiledQueries((isCompiled) => {
      if (!isCompiled) return
      runs += 1
    }),
  ])
  const post = async (app: typeof plain, body: object) => {
    const response = await app.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, json: await response.json() }
  }
  /** The plain answer, and the answer after the query has been sent often enough to be compiled. */
  const both = async (body: object) => {
    const before = runs
    for (let round = 0; round < 2; round++) await post(compiled, body)
    return { plain: await post(plain, body), compiled: await post(compiled, body), wasCompiled: runs > before }
  }
  return { both }
}

let store: Store
let both: ReturnType<typeof twoServers>['both']
beforeAll(async () => {
  store = await openStore({ path: ':memory:' })
  await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  both = twoServers(store).both
})
afterAll(() => store.close())

/** The compiler is loaded in the background when a query is first repeated. */
const ready = async () => {
  await expect.poll(async () => (await both({ query: '{ sessions { totalCount } }' })).wasCompiled).toBe(true)
}

describe('a query that comes again', () => {
  it('gets the same answer from compiled code', async () => {
    await ready()
    let compiled = 0
    await fc.assert(
      fc.asyncProperty(query(), async (text) => {
        const answers = await both({ query: text })
        expect(answers.compiled, text).toEqual(answers.plain)
        expect(answers.wasCompiled, text).toBe(true)
        compiled += 1
      }),
      { numRuns: cases(60) },
    )
    expect(compiled).toBeGreaterThanOrEqual(cases(60))
  })

  it('gets the same answer with variables, right and wrong', async () => {
    await ready()
    const query = `query Q($filter: TraceFilter, $order: TraceOrder, $first: Int, $from: DateTime, $ids: [ID!]) {
      traces(filter: $filter, orderBy: $order, first: $first) { totalCount nodes { id agent startedAt } }
      more: traces(filter: { startedAt: { from: $from }, ids: $ids }) { nodes { id } }
    }`
    const variables: object[] = [
      {},
      {
        first: 2,
        filter: { agents: ['tester'], startedAt: { from: '2026-11-24', to: null } },
        order: { field: 'COST' },
      },
      { first: null, filter: null, order: { field: 'DEPTH', direction: 'ASC' }, ids: 'msg_a_1' },
      { first: '2' },
      { first: 2.5 },
      { from: 'never' },
      { from: 12 },
      { filter: { startedAt: { from: 'soon' } } },
      { filter: { agent: 'tester' } },
      { filter: { kind: 'TURN' } },
      { filter: [] },
      { order: {} },
      { ids: [null] },
      { first: 900 },
    ]
    for (const each of variables) {
      const answers = await both({ query, variables: each })
      expect(answers.compiled, JSON.stringify(each)).toEqual(answers.plain)
    }
  })

  it('runs the operation that is named, not the first of its document', async () => {
    await ready()
    const query = 'query A { sessions { totalCount } } query B { traces { totalCount } }'
    for (const operationName of ['A', 'B', 'A', 'C', undefined]) {
      const answers = await both({ query, operationName })
      expect(answers.compiled, operationName).toEqual(answers.plain)
    }
    expect((await both({ query, operationName: 'B' })).compiled.json).toEqual({ data: { traces: { totalCount: 10 } } })
  })

  it('is right about conditions and about aliases that look alike', async () => {
    await ready()
    const conditions =
      'query ($a: Boolean!) { trace(id: "msg_a_1") { ...F id @skip(if: $a) } again: trace(id: "msg_a_1") { ...F @include(if: $a) } } fragment F on Trace { agent }'
    for (const a of [true, false, true]) {
      const answers = await both({ query: conditions, variables: { a } })
      expect(answers.compiled).toEqual(answers.plain)
    }
    const aliases =
      '{ a_b: trace(id: "msg_a_1") { children { id } } a: trace(id: "msg_a_1") { b_children: children { id promptInput } } }'
    const answers = await both({ query: aliases })
    expect(answers.compiled).toEqual(answers.plain)
  })

  it('reports errors in the same words, at the same place', async () => {
    await ready()
    for (const query of [
      '{ sessions { nodes { id\n traces(first: -1) { totalCount } } } }',
      '{ sessions {\r\n nodes { rootTraces {\r\n children { promptPreview(length: 0) } } } } }',
      '{ trace(id: "msg_a_1") { toolCalls(after: "x") { nodes { id } } } }',
    ]) {
      const answers = await both({ query })
      expect(answers.wasCompiled).toBe(true)
      expect(answers.plain.json.errors.length).toBeGreaterThan(0)
      expect(answers.compiled).toEqual(answers.plain)
    }
  })
})

// ---------------------------------------------------------------- random queries

/** Valid arguments, since of several errors the two executors may report a different one first. */
const ARGUMENTS: Record<string, string[]> = {
  'Query.node': ['(id: "msg_a_1")', '(id: "ses_a")', '(id: "none")'],
  'Query.session': ['(id: "ses_a")', '(id: "none")'],
  'Query.trace': ['(id: "msg_a_1")', '(id: "prt_a_2")', '(id: "none")'],
  'Query.traces': ['', '(first: 2)', '(last: 2)'],
  'Query.sessions': ['', '(first: 1)', '(first: 0)'],
  'Trace.promptPreview': ['', '(length: 5)'],
  'Trace.descendants': ['', '(maxDepth: 1)', '(first: 1)'],
  'Trace.toolCalls': ['', '(first: 1)'],
  'Session.traces': ['', '(first: 3)'],
  'Query.usage': ['(by: AGENT)', '(by: HOUR)'],
  'Query.searchPattern': ['(pattern: "coordinator > executor")'],
  'Query.validatePattern': ['(pattern: "coordinator -> tester")', '(pattern: "coordinator ->")'],
  'Query.searchText': ['(query: "prompt")'],
  'Query.compareSessions': ['(a: "ses_a", b: "ses_b")'],
}

function query(): fc.Arbitrary<string> {
  const type = schema.getQueryType()
  if (!type) throw new Error('no Query')
  return selection(type, 7).map((inner) => `query Random ${inner}`)
}

function selection(type: GraphQLNamedType, depth: number): fc.Arbitrary<string> {
  if (isAbstractType(type)) {
    const parts = schema
      .getPossibleTypes(type)
      .map((each) => selection(each, depth - 1).map((s) => `... on ${each.name} ${s}`))
    return fc.tuple(...parts).map((inner) => `{ __typename ${inner.join(' ')} }`)
  }
  if (!isObjectType(type)) throw new Error(`no selection on ${type.name}`)
  const fields = Object.values(type.getFields())
    .filter((field) => depth > 1 || isLeafType(getNamedType(field.type)))
    // Fields with required arguments are included only if they are listed above.
    .filter((field) => `${type.name}.${field.name}` in ARGUMENTS || !field.args.some(isRequiredArgument))
  if (fields.length === 0) return fc.constant('{ __typename }')
  return fc
    .array(fc.tuple(fc.constantFrom(...fields), fc.boolean()), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((picks) => fc.tuple(...picks.map(([field, wrap], place) => one(type, field, wrap, place, depth))))
    .map((parts) => `{ ${parts.join(' ')} }`)
}

function one(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  wrap: boolean,
  place: number,
  depth: number,
): fc.Arbitrary<string> {
  const named = getNamedType(field.type)
  const choices = ARGUMENTS[`${type.name}.${field.name}`] ?? ['']
  const inner = isLeafType(named) ? fc.constant('') : selection(named, depth - 1)
  return fc.tuple(inner, fc.constantFrom(...choices)).map(([below, args]) => {
    // A unique alias for each, since fields of different types or arguments cannot share a name.
    const text = `${type.name}${depth}x${place}: ${field.name}${args} ${below}`
    return wrap ? `... on ${type.name} { ${text} }` : text
  })
}
