import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DelegraphError } from '../../src/errors.ts'
import type { Services } from '../../src/resolvers/context.ts'
import { createApp, type Listening, listen, type ServerOptions } from '../../src/server.ts'
import { type FakeStore, fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { servicesFor } from '../services.ts'

const store = () =>
  fakeStore(makeForest([{ id: 'a', turns: [{ agent: 'coordinator', calls: [{ agent: 'tester' }] }] }]))

/** A server on a free port, with the lines that it logged. */
async function start(services: Services, options: Partial<ServerOptions> = {}) {
  const logged: unknown[][] = []
  const note = (...line: unknown[]) => void logged.push(line)
  const log = { debug: () => {}, info: note, warn: note, error: note }
  const app = createApp(services, { token: null, isReady: () => true, log, ...options })
  const listening = await listen(app, { host: '127.0.0.1', port: 0 })
  return { ...listening, logged, ask: asking(listening) }
}

function asking({ url }: Listening) {
  return async (body: Record<string, unknown>, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.clone().text(), json: await response.json() }
  }
}

describe('the server', () => {
  let server: Awaited<ReturnType<typeof start>>
  let fake: FakeStore
  beforeAll(async () => {
    fake = store()
    server = await start(servicesFor(fake))
  })
  afterAll(() => server.close())

  it('answers a query', async () => {
    const { json, status } = await server.ask({ query: '{ sessions { totalCount nodes { id title } } }' })
    expect({ json, status }).toEqual({
      status: 200,
      json: { data: { sessions: { totalCount: 1, nodes: [{ id: 'ses_a', title: 'Session a' }] } } },
    })
  })

  it('gives null for an id that does not exist', async () => {
    const { json } = await server.ask({
      query: '{ session(id: "x") { id } trace(id: "x") { id } node(id: "x") { id } }',
    })
    expect(json).toEqual({ data: { session: null, trace: null, node: null } })
  })

  it('names the argument that is wrong, with a code and without a stack', async () => {
    const cases: [string, string, RegExp][] = [
      ['{ sessions(first: -1) { totalCount nodes { id } } }', 'first', /0 or more/],
      ['{ traces(first: 501) { nodes { id } } }', 'first', /at most 500/],
      ['{ traces(last: 501) { nodes { id } } }', 'last', /at most 500/],
      ['{ traces(first: 1, last: 1) { nodes { id } } }', 'last', /not both/],
      ['{ trace(id: "msg_a_1") { promptPreview(length: 0) } }', 'length', /from 1 to 10000/],
      ['{ trace(id: "msg_a_1") { descendants(maxDepth: -1) { totalCount } } }', 'maxDepth', /0 or more/],
      [
        '{ traces(filter: { startedAt: { from: "2026-02-01", to: "2026-01-01" } }) { nodes { id } } }',
        'startedAt',
        /ends before it starts/,
      ],
      ['{ traces(filter: { durationMs: { min: 5, max: 1 } }) { totalCount } }', 'durationMs', /is empty/],
      ['{ sessions(filter: { cost: { min: 0.2, max: 0.1 } }) { totalCount } }', 'cost', /is empty/],
      ['{ trace(id: "msg_a_1") { toolCalls(after: "nowhere") { nodes { id } } } }', 'after', /not a cursor/],
      ['mutation { openSession(id: "ses_none") { command } }', 'id', /no session "ses_none"/],
    ]
    for (const [query, argument, message] of cases) {
      const { json, text } = await server.ask({ query })
      expect(json.errors[0], query).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', argument } })
      expect(json.errors[0].message).toMatch(message)
      expect(json.errors[0].path, query).toBeInstanceOf(Array)
      expect(text).not.toMatch(/\.ts:|node_modules|stack/)
    }
  })

  it.each([
    ['query ($x: Int) { traces(first: $x) { totalCount } }', { x: 'a' }],
    ['query ($x: Int!) { traces(first: $x) { totalCount } }', {}],
    ['query ($x: [TraceStatus!]) { traces(filter: { status: $x }) { totalCount } }', { x: ['completed'] }],
    ['query ($x: TraceFilter) { traces(filter: $x) { totalCount } }', { x: { bogus: 1 } }],
    ['query ($x: ID = "a") { trace(id: $x) { id } }', { x: null }],
    ['query ($x: Boolean = true) { ingest { status @skip(if: $x) } }', { x: null }],
  ])('a variable of a wrong type has the code of any other mistake in an argument: %s', async (query, variables) => {
    // A repeated query is compiled.
    const before = server.logged.length
    for (let time = 1; time <= 3; time++) {
      const { json } = await server.ask({ query, variables })
      expect(json.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    }
    // It is no error of the server's, and may quote the query.
    expect(server.logged).toHaveLength(before)
  })

  it('says what is wrong with a date, and where it stands, in the query and in its variables', async () => {
    const query = '{ traces(filter: { startedAt: { from: "2026-01-01", to: "yesterday" } }) { totalCount } }'
    const literal = await server.ask({ query })
    const variable = await server.ask({
      query: 'query ($from: DateTime) { traces(filter: { startedAt: { from: $from } }) { totalCount } }',
      variables: { from: '2026-02-31' },
    })
    for (const { json } of [literal, variable]) {
      expect(json.errors[0].message).toMatch(/is not a DateTime\. Write ISO 8601/)
      expect(json.errors[0].extensions.code).toBe('BAD_USER_INPUT')
    }
    expect(literal.json.errors).toMatchObject([{ locations: [{ line: 1, column: query.indexOf('"yesterday"') + 1 }] }])
    expect(variable.json.errors).toMatchObject([{ locations: [{ line: 1, column: 8 }] }])
  })

  it('says what it takes and what it gives, where a request is of another kind', async () => {
    const send = async (query: string, headers: Record<string, string>) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query }),
      })
      const [error] = (await response.json()).errors
      return { status: response.status, error, cache: response.headers.get('cache-control') }
    }
    const refused = { extensions: { code: 'BAD_REQUEST' } }
    const json = { 'content-type': 'application/json' }
    expect(await send('{ __typename }', { 'content-type': 'text/plain' })).toEqual({
      status: 415,
      error: { ...refused, message: expect.stringContaining('"content-type: application/json"') },
      cache: 'no-store',
    })
    expect(await send('{ __typename }', { ...json, accept: 'text/xml' })).toMatchObject({
      status: 406,
      error: { ...refused, message: expect.stringMatching(/would be .*application\/json.*"accept"/) },
    })
    expect(await send('subscription { changes { cursor } }', { ...json, accept: 'application/json' })).toMatchObject({
      status: 406,
      error: { ...refused, message: expect.stringMatching(/would be text\/event-stream, .*"accept"/) },
    })
  })

  it('says that variables in an address or in a form are no JSON, which is no failure of the server', async () => {
    const parameters = new URLSearchParams({ query: '{ __typename }', variables: '{first' })
    const headers = { accept: 'application/json' }
    for (const asked of [
      fetch(`${server.url}/graphql?${parameters}`, { headers }),
      fetch(`${server.url}/graphql`, { method: 'POST', headers, body: parameters }),
    ]) {
      const response = await asked
      const { errors } = await response.json()
      expect({ status: response.status, errors }).toEqual({
        status: 400,
        errors: [{ message: expect.stringContaining('"variables"'), extensions: { code: 'BAD_REQUEST' } }],
      })
    }
  })

  it('is alive, and leads from / to GraphiQL', async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    const root = await fetch(`${server.url}/`, { redirect: 'manual' })
    expect([root.status, root.headers.get('location')]).toEqual([302, '/graphql'])
  })

  it('says in every answer that it is for no other page, and for no cache', async () => {
    for (const path of ['/health', '/nowhere', '/graphql?query={__typename}', '/graphql?query={']) {
      const { headers } = await fetch(server.url + path, { headers: { accept: 'application/json' } })
      expect(Object.fromEntries(headers), path).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      expect(headers.has('access-control-allow-origin'), path).toBe(false)
    }
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })
    const policy = page.headers.get('content-security-policy')
    expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[A-Za-z0-9+/]{22}=='; .*connect-src 'self'/)
    expect(policy).not.toMatch(/script-src[^;]*unsafe|unsafe-eval|https?:/)
    expect((await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })).headers).not.toMatchObject({
      'content-security-policy': policy,
    })
  })

  it('is ready when the first reading is done', async () => {
    let isReady = false
    const other = await start(servicesFor(store()), { isReady: () => isReady })
    try {
      expect((await fetch(`${other.url}/ready`)).status).toBe(503)
      expect((await other.ask({ query: '{ ingest { status sessions } }' })).json.data.ingest.sessions).toBe(2)
      isReady = true
      expect((await fetch(`${other.url}/ready`)).status).toBe(200)
    } finally {
      await other.close()
    }
  })

  it('listens on the loopback address that it was given, and says when the port is taken', async () => {
    const port = Number(new URL(server.url).port)
    const app = createApp(servicesFor(store()), { token: null, isReady: () => true, log: console })
    await expect(listen(app, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('an error that nobody expected', () => {
  it('is an id for the client and a line in the log', async () => {
    const broken = { ...store(), countSessions: () => Promise.reject(new Error('secret /home/dev/key')) }
    const server = await start(servicesFor(broken))
    try {
      for (let round = 1; round <= 3; round++) {
        const { json, text } = await server.ask({ query: '{ sessions { totalCount } }' })
        expect(json.errors[0]).toMatchObject({
          path: ['sessions', 'totalCount'],
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        })
        expect(text).not.toContain('secret')
        const lines = server.logged.filter((line) => String(line[0]).includes(json.errors[0].extensions.id))
        expect(lines).toHaveLength(1)
        expect(String(lines[0]?.[1])).toContain('secret')
        expect(server.logged).toHaveLength(round)
      }
    } finally {
      await server.close()
    }
  })

  it('keeps the code of one that was meant for the client', async () => {
    const locked = () => Promise.reject(new DelegraphError('LIMIT_EXCEEDED', 'Too slow.', { limit: 30 }))
    const server = await start(servicesFor({ ...store(), countSessions: locked }))
    try {
      const { json } = await server.ask({ query: '{ sessions { totalCount } }' })
      expect(json.errors).toEqual([
        {
          message: 'Too slow.',
          path: ['sessions', 'totalCount'],
          locations: [{ line: 1, column: 14 }],
          extensions: { code: 'LIMIT_EXCEEDED', limit: 30 },
        },
      ])
      expect(server.logged).toEqual([])
    } finally {
      await server.close()
    }
  })
})

describe('a token', () => {
  it('is asked for everywhere but on the page and the signs of life', async () => {
    const server = await start(servicesFor(store()), { token: 'open sesame' })
    try {
      const query = { query: '{ __typename }' }
      const denied = await server.ask(query)
      expect([denied.status, denied.json.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
      expect(denied.json.errors[0].message).toContain('send the header "Authorization: Bearer <token>"')
      const wrong = await server.ask(query, { authorization: 'Bearer open sesam' })
      expect([wrong.status, wrong.json.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
      expect(wrong.json.errors[0].message).toBe('The token that was sent is not the one that this delegraph requires.')
      expect((await server.ask(query, { authorization: 'Bearer open sesame' })).json).toEqual({
        data: { __typename: 'Query' },
      })
      expect((await fetch(`${server.url}/graphql?query={__typename}`)).status).toBe(401)
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
      const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      const text = await page.text()
      expect(text).toContain('LatestSessions')
      // Anyone may open the page, so it must not contain stored data.
      expect(text).not.toMatch(/\\"agent\\": \\"tester\\"|ses_a/)
    } finally {
      await server.close()
    }
  })
})

describe('closing', () => {
  /** A store whose session count arrives only when `give` is called. */
  function slowStore() {
    let give = (_count: number | Error) => {}
    const count = new Promise<number>((resolve, reject) => {
      give = (value) => (typeof value === 'number' ? resolve(value) : reject(value))
    })
    let isAsked = false
    const countSessions = () => {
      isAsked = true
      return count
    }
    return { services: servicesFor({ ...store(), countSessions }), give, isAsked: () => isAsked }
  }
  const query = { query: '{ sessions { totalCount } }' }

  it('lets a request finish, whose client is told not to send another, and takes no more', async () => {
    const slow = slowStore()
    const server = await start(slow.services)
    const agent = new Agent({ keepAlive: true })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const sent = httpRequest(`${server.url}/graphql`, { method: 'POST', headers, agent }, resolve)
      sent.on('error', reject)
      sent.end(JSON.stringify(query))
    })
    await expect.poll(slow.isAsked).toBe(true)
    const closed = server.close(() => expect.unreachable('there is no hurry'))
    await expect.poll(() => fetch(server.url).catch((error) => error.cause.code)).toBe('ECONNREFUSED')
    slow.give(7)
    const answer = await answered
    expect(answer.headers.connection).toBe('close')
    expect(await text(answer)).toBe('{"data":{"sessions":{"totalCount":7}}}')
    await closed
    agent.destroy()
  })

  it('hurries what takes long, so that it is answered, and then cuts off who does not take the answer', async () => {
    const slow = slowStore()
    const server = await start(slow.services)
    const asked = server.ask(query)
    const stubborn = connect(Number(new URL(server.url).port), '127.0.0.1')
    const cut = once(stubborn.resume(), 'close')
    stubborn.write('POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{')
    await expect.poll(slow.isAsked).toBe(true)
    await server.close(() => slow.give(new DelegraphError('STORE_UNAVAILABLE', 'delegraph is being stopped.')))
    expect((await asked).json.errors[0]).toMatchObject({
      message: 'delegraph is being stopped.',
      extensions: { code: 'STORE_UNAVAILABLE' },
    })
    await cut
  })
})
