import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  AgentRunsDocument,
  ChangesDocument,
  CostliestDelegationsDocument,
  IngestDocument,
  IngestNowDocument,
  OpenSessionDocument,
  RequestError,
  request,
  SessionsDocument,
  SessionTreeDocument,
  subscribe,
  TraceDetailDocument,
  TracesDocument,
} from '../../client/index.ts'
import { dashboard } from '../../examples/dashboard.ts'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const forest = makeForest([
  { id: 'a', turns: [{ agent: 'coordinator', calls: [{ agent: 'executor', calls: [{ agent: 'tester' }] }] }] },
])

describe('the typed client', () => {
  let server: Listening
  let url: string
  beforeAll(async () => {
    const app = createApp(servicesFor(fakeStore(forest)), { token: 'a long token', isReady: () => true, log: SILENT })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
    url = `${server.url}/graphql`
  })
  afterAll(() => server.close())
  const options = () => ({ url, token: 'a long token' })

  it('asks every operation that it has', async () => {
    const { sessions } = await request(SessionsDocument, { first: 5 }, options())
    expect(sessions.nodes.map((session) => [session.id, session.agents])).toEqual([
      ['ses_a', ['coordinator', 'executor', 'tester']],
    ])
    const { session } = await request(SessionTreeDocument, { id: 'ses_a' }, options())
    expect(session?.traces.nodes.map((trace) => trace.depth)).toEqual([0, 1, 2])
    const { trace } = await request(TraceDetailDocument, { id: 'prt_a_3' }, options())
    expect(trace?.path).toEqual(['coordinator', 'executor', 'tester'])
    expect(trace?.promptInput).toBe('Prompt 3 of a:\n\n  do it.')
    expect((await request(TracesDocument, {}, options())).traces.totalCount).toBe(3)
    expect((await request(CostliestDelegationsDocument, {}, options())).traces.nodes).toHaveLength(3)
    const runs = await request(AgentRunsDocument, { agent: 'tester', from: '2026-11-24' }, options())
    expect(runs.traces.nodes[0]?.total.tokens.input).toBeTypeOf('number')
    expect((await request(IngestDocument, {}, options())).ingest.status).toBe('IDLE')
    expect((await request(IngestNowDocument, {}, options())).ingestNow.rejectedCount).toBe(1)
    const { openSession } = await request(OpenSessionDocument, { id: 'ses_a' }, options())
    expect(openSession.command).toBe('cd /home/dev/projects/demo && opencode --session ses_a')
  })

  it('throws the errors of an answer, with their codes', async () => {
    const wrong = request(SessionsDocument, { first: -1 }, options())
    await expect(wrong).rejects.toBeInstanceOf(RequestError)
    await expect(wrong).rejects.toMatchObject({ status: 200, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    await expect(request(IngestDocument, {}, { url })).rejects.toMatchObject({ status: 401 })
    const elsewhere = request(IngestDocument, {}, { ...options(), url: `${server.url}/nowhere` })
    await expect(elsewhere).rejects.toThrow(/Not a GraphQL response \(404\)/)
  })

  it('says of a parsed document that it is no text, before it is sent', async () => {
    const { parse } = await import('graphql')
    const parsed = JSON.parse('{}', () => parse('{ ingest { status } }'))
    await expect(request(parsed, {}, options())).rejects.toThrow('A document is sent as its text')
    await expect(subscribe(parsed, {}, options()).next()).rejects.toThrow('A document is sent as its text')
  })

  it('sends with the fetch that it is given', async () => {
    const seen: unknown[] = []
    const answer = { data: { ingest: {} } }
    const fake: typeof fetch = async (...args) => {
      seen.push(args)
      return Response.json(answer)
    }
    expect(await request(IngestDocument, {}, { url: 'http://example.test/graphql', fetch: fake })).toEqual(answer.data)
    expect(seen).toHaveLength(1)
  })
})

describe('a subscription', () => {
  it('that is connected again and again leaves nothing behind on its signal', async () => {
    vi.useFakeTimers()
    const listening = new Set<unknown>()
    const add = vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation((_, use) => listening.add(use))
    const remove = vi
      .spyOn(AbortSignal.prototype, 'removeEventListener')
      .mockImplementation((_, use) => listening.delete(use))
    onTestFinished(() => {
      for (const mock of [add, remove]) mock.mockRestore()
      vi.useRealTimers()
    })
    const lost = vi.fn()
    const away: typeof fetch = async () => {
      throw new TypeError('fetch failed')
    }
    void subscribe(ChangesDocument, {}, { url: 'http://example.test/graphql', fetch: away, onLost: lost }).next()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lost.mock.calls.length).toBeGreaterThan(5)
    expect(listening.size).toBe(1)
  })

  it('goes on behind a proxy that says the server is away, and ends where it is refused', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const away = new Response('Bad Gateway', { status: 502 })
    const answers = [away, new Response('Who are you?', { status: 401 })]
    const proxy: typeof fetch = async () => answers.shift() ?? Response.error()
    const lost = vi.fn()
    const first = subscribe(
      ChangesDocument,
      {},
      { url: 'http://example.test/graphql', fetch: proxy, onLost: lost },
    ).next()
    const refused = expect(first).rejects.toThrow('Who are you?')
    await vi.advanceTimersByTimeAsync(60_000)
    await refused
    expect(lost).toHaveBeenCalledTimes(1)
    // An unread response would keep its connection open.
    expect(away.bodyUsed).toBe(true)
  })

  it('is connected again after the pause that its user makes', async () => {
    const answers = [new Response('Bad Gateway', { status: 502 }), new Response('Who are you?', { status: 401 })]
    const send: typeof fetch = async () => answers.shift() ?? Response.error()
    const pause = vi.fn(async () => {})
    const options = { url: 'http://example.test/graphql', fetch: send, pause }
    await expect(subscribe(ChangesDocument, {}, options).next()).rejects.toThrow('Who are you?')
    expect(pause.mock.calls).toEqual([[500, expect.any(AbortSignal)]])
  })

  it('that is refused says so in the server’s words, with their code', async () => {
    const errors = [{ message: 'Say who you are.', extensions: { code: 'UNAUTHENTICATED' } }]
    const send: typeof fetch = async () => Response.json({ errors }, { status: 401 })
    const first = subscribe(ChangesDocument, {}, { url: 'http://example.test/graphql', fetch: send }).next()
    await expect(first).rejects.toMatchObject({ status: 401, message: 'Say who you are.', errors })
  })

  it('is not asked for again and again where something else answers', async () => {
    const send = vi.fn<typeof fetch>(
      async () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    )
    const first = subscribe(ChangesDocument, {}, { url: 'http://example.test/', fetch: send }).next()
    await expect(first).rejects.toThrow('Not a GraphQL response (200): <!doctype html>')
    expect(send).toHaveBeenCalledTimes(1)
  })

  it('fails at once where it could never be sent', async () => {
    const send = vi.fn(fetch)
    const url = 'http://example.test/graphql'
    for (const options of [{ url: 'example' }, { url, token: 'no\nheader' }]) {
      const first = subscribe(ChangesDocument, {}, { ...options, fetch: send }).next()
      await expect(first).rejects.toThrow(TypeError)
    }
    expect(send).not.toHaveBeenCalled()
  })

  it('hands on what goes wrong in its user’s own code', async () => {
    const send: typeof fetch = async () => new Response('', { headers: { 'content-type': 'text/event-stream' } })
    const onConnected = () => {
      throw new Error('a mistake')
    }
    const first = subscribe(
      ChangesDocument,
      {},
      { url: 'http://example.test/graphql', fetch: send, onConnected },
    ).next()
    await expect(first).rejects.toThrow('a mistake')
  })
})

describe('the example', () => {
  it('draws the latest session', async () => {
    const app = createApp(servicesFor(fakeStore(forest)), { token: null, isReady: () => true, log: SILENT })
    const server = await listen(app, { host: '127.0.0.1', port: 0 })
    try {
      const lines = await dashboard(`${server.url}/graphql`)
      expect(lines[0]).toBe('2026-11-24T10:00:00.000Z  3 traces  Session a')
      expect(lines.slice(1).map((line) => line.replace(/\s{2,}/g, ' | ').trim())).toEqual([
        expect.stringMatching(/^coordinator \| 6\.0 s \| \$0\.060 \| COMPLETED \| █{20}$/),
        expect.stringMatching(/^\| executor \| 4\.0 s \| \$0\.050 \| COMPLETED \| █{13}$/),
        expect.stringMatching(/^\| tester \| 2\.0 s \| \$0\.030 \| COMPLETED \| █{7}$/),
      ])
      // With the installed packages and the client as it is published, and without leaving anything in a cache.
      const env = { ...process.env, JITI_FS_CACHE: 'false' }
      const [, command = ''] =
        /^\/\/ +npx (.+) http/m.exec(readFileSync(join(root, 'examples/dashboard.ts'), 'utf8')) ?? []
      const args = ['--no', '--', ...command.split(' '), `${server.url}/graphql`]
      const { stdout } = await promisify(execFile)('npx', args, { cwd: root, env })
      expect(stdout).toBe(`${lines.join('\n')}\n`)
    } finally {
      await server.close()
    }
  })
})
