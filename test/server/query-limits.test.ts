/** A single request cannot overload the server, and refusals name the limit. */
import fc from 'fast-check'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QUERY_LIMITS } from '../../src/config.ts'
import { boundedJson } from '../../src/server/query-limits.ts'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

/** `{ trace(id: "x") { children { children … { id } } } }` */
const nested = (times: number) => `{ trace(id: "x") { ${'children { '.repeat(times)} id ${'}'.repeat(times)} } }`

describe('a request', () => {
  let server: Listening
  beforeAll(async () => {
    const forest = makeForest([{ id: 'a', turns: [{ agent: 'coordinator', calls: [{ agent: 'tester' }] }] }])
    const app = createApp(servicesFor(fakeStore(forest)), { token: null, isReady: () => true, log: SILENT })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
  })
  afterAll(() => server.close())

  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    return { status: response.status, answer: await response.json() }
  }
  const aliases = (count: number) =>
    `{ ${Array.from({ length: count }, (_, i) => `a${i}: trace(id: "x") { id }`).join(' ')} }`

  it.each([
    ['maxDepth', '--max-depth', nested(149), {}],
    ['maxDepth', '--max-depth', `query { ...A } fragment A on Query ${nested(149)}`, {}],
    ['maxAliases', '--max-aliases', aliases(201), {}],
    ['maxDirectives', '--max-directives', `{ ${'__typename @include(if: true) '.repeat(101)} }`, {}],
    ['maxTokens', '--max-tokens', `{ ${'__typename '.repeat(5000)} }`, {}],
    ['maxCost', '--max-cost', '{ sessions(first: 500) { nodes { traces(first: 5000) { nodes { id } } } } }', {}],
    [
      'maxCost',
      '--max-cost',
      'query ($n: Int!) { sessions(first: $n) { nodes { traces(first: $n) { nodes { id agent status kind } } } } }',
      { n: 500 },
    ],
    [
      'maxCost',
      '--max-cost',
      'query ($n: Int = 500) { sessions(first: $n) { nodes { traces(first: $n) { nodes { id agent status kind } } } } }',
      {},
    ],
    [
      'maxCost',
      '--max-cost',
      `{ sessions { ...Page } } fragment Page on SessionConnection { ... on SessionConnection { nodes {
        traces(first: 5000) { nodes { id agent status kind ${'own { cost } '.repeat(8)}} } } } }`,
      {},
    ],
  ] as const)('over %s is refused, and told of %s', async (limit, option, query, variables) => {
    const { answer } = await ask(query, variables)
    expect(answer).toMatchObject({
      errors: [{ extensions: { code: 'LIMIT_EXCEEDED', limit, option, value: QUERY_LIMITS[limit] } }],
    })
    expect(answer.data ?? null).toBeNull()
    expect(answer.errors[0].message).toContain(`a higher ${option}`)
  })

  it('over maxCost is refused, too, where every message would be an answer to it', async () => {
    const query =
      'subscription { changes { sessions { traces(first: 5000) { nodes { descendants(first: 500) { nodes { id } } } } } } }'
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    })
    expect(await response.text()).toContain('"limit":"maxCost"')
  })

  it('so deep that no stack holds it is refused for its depth, however many tokens are allowed', async () => {
    const limits = { ...QUERY_LIMITS, maxTokens: 1_000_000 }
    const services = servicesFor(fakeStore(makeForest([])))
    const app = createApp(services, { token: null, isReady: () => true, log: SILENT, limits })
    const body = JSON.stringify({ query: '{a'.repeat(100_000) })
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
    const response = await app.fetch('http://localhost/graphql', { method: 'POST', headers, body })
    expect(await response.json()).toMatchObject({
      errors: [
        {
          message: expect.stringContaining('a higher --max-depth'),
          extensions: { code: 'LIMIT_EXCEEDED', limit: 'maxDepth', option: '--max-depth', value: limits.maxDepth },
        },
      ],
    })
  })

  it('with a body that is too large, or of unknown size, is not read', async () => {
    const large = await ask(`{ __typename } #${'x'.repeat(QUERY_LIMITS.maxBody)}`)
    expect(large).toMatchObject({ status: 413, answer: { errors: [{ extensions: { limit: 'maxBody' } }] } })
    const endless = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob(['{"query":"{ __typename }"}']).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(endless.status).toBe(411)
  })

  it('may follow a chain of children down to the hundredth, and ask for the whole schema', async () => {
    expect((await ask(nested(100))).answer).toEqual({ data: { trace: null } })
    const { answer } = await ask(getIntrospectionQuery())
    expect(answer.errors).toBeUndefined()
    expect(answer.data.__schema.types.length).toBeGreaterThan(20)
  })

  it('that spreads a fragment into itself is refused as such', async () => {
    const { answer } = await ask('{ ...A } fragment A on Query { ...B } fragment B on Query { __typename ...A }')
    expect(answer.errors[0].message).toContain('Cannot spread fragment "A" within itself')
  })
})

describe('an answer', () => {
  const prompt = 'A prompt with "quotes" and ünïcödé. '.repeat(100)
  const forest = makeForest([
    {
      id: 'a',
      turns: [
        {
          agent: 'coordinator',
          calls: Array.from({ length: 50 }, () => ({ agent: 'tester', with: { promptInput: prompt } })),
        },
      ],
    },
  ])
  const query = '{ sessions { nodes { traces { nodes { promptInput } } } } }'
  const answerOf = async (maxResponse: number) => {
    const limits = { ...QUERY_LIMITS, maxResponse }
    const app = createApp(servicesFor(fakeStore(forest)), { token: null, isReady: () => true, log: SILENT, limits })
    const response = await app.fetch(`http://localhost/graphql?query=${encodeURIComponent(query)}`)
    return { status: response.status, text: await response.text() }
  }

  it('is as long as is allowed, and not a byte longer', async () => {
    const { text: whole } = await answerOf(1_000_000)
    const length = Buffer.byteLength(whole)
    expect(length).toBeGreaterThan(50 * prompt.length)
    expect((await answerOf(length)).text).toBe(whole)
    for (const maxResponse of [length - 1, length - 5000, 100_000, 1000]) {
      const { status, text } = await answerOf(maxResponse)
      expect(status).toBe(200)
      expect(JSON.parse(text)).toMatchObject({
        errors: [
          {
            extensions: { code: 'LIMIT_EXCEEDED', limit: 'maxResponse', value: maxResponse, option: '--max-response' },
          },
        ],
      })
    }
  })

  it('that is refused is not written first', () => {
    // Each level refers to the one below twice: as JSON, it would be a billion bytes.
    let answer: unknown = 'x'.repeat(1000)
    for (let level = 0; level < 20; level++) answer = [answer, answer]
    const before = performance.now()
    expect(boundedJson(answer, 100_000)).toContain('--max-response')
    expect(performance.now() - before).toBeLessThan(1000)
  })

  it('has no less than what is counted before', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(boundedJson(value, Buffer.byteLength(text))).toBe(text)
      }),
    )
  })
})
