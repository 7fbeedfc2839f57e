/** Subscriptions over HTTP, while a real recording is written file by file. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ChangesDocument, IngestProgressDocument, RequestError, subscribe } from '../../client/index.ts'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { createChangeFeed } from '../../src/live/changes.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { filesOf, homeOf, readJson, scratch } from '../ingest/homes.ts'
import { SILENT, servicesFor } from '../services.ts'
import { type EventStream, openEvents } from './events.ts'

const notAsked = async () => {
  throw new Error('nobody looks')
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Live {
  store: Store
  server: Listening
  changes: ReturnType<typeof createChangeFeed>
  /** Reads and saves what was written below `home`. */
  read: () => Promise<void>
  home: string
}

async function live({ token = null, port = 0 }: { token?: string | null; port?: number } = {}): Promise<Live> {
  const home = join(scratch(), 'opencode')
  mkdirSync(join(home, 'storage', 'session'), { recursive: true })
  const store = await openStore({ path: ':memory:' })
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  const ingester = createIngester({
    store,
    findSources: () => resolveSources([home]),
    threads: 0,
    onSaved: changes.publish,
    onProgress: progress.publish,
  })
  const services = servicesFor(store, { live: { changes: changes.changes, progress: progress.progress } })
  const app = createApp(services, { token, isReady: () => true, log: SILENT })
  const server = await listen(app, { host: '127.0.0.1', port })
  closing.push(
    () => store.close(),
    () => ingester.close(),
    () => server.close(),
    () => changes.close(),
    () => progress.close(),
  )
  return { store, server, changes, home, read: async () => void (await ingester.run()) }
}

const Traces = z.array(z.object({ id: z.string(), status: z.string(), promptOutput: z.string().nullable() }))
const Message = z.object({
  data: z.object({
    changes: z.object({
      cursor: z.string(),
      complete: z.boolean(),
      sessionIds: z.array(z.string()),
      removedSessionIds: z.array(z.string()),
      removedTraceIds: z.array(z.string()),
      sessions: z.array(
        z.object({ id: z.string(), title: z.string(), parent: z.object({ id: z.string() }).nullable() }),
      ),
      traces: Traces,
    }),
  }),
})
type Changes = z.infer<typeof Message>['data']['changes']

const FIELDS = `cursor complete sessionIds removedSessionIds removedTraceIds sessions { id title parent { id } } traces { id status promptOutput }`
const CHANGES = `subscription { changes { ${FIELDS} } }`
const ALL = '{ traces(first: 500) { nodes { id status promptOutput } } sessions(first: 500) { nodes { id title } } }'

async function nextOf(stream: EventStream): Promise<Changes & { eventId: string | null }> {
  const event = await stream.next()
  if (event?.event !== 'next') throw new Error(`no message, but ${JSON.stringify(event)}`)
  return { ...Message.parse(JSON.parse(event.data)).data.changes, eventId: event.id }
}

async function ask(
  server: Listening,
  query: string,
): Promise<{ traces: { id: string }[]; sessions: { id: string }[] }> {
  const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`)
  const { data } = z
    .object({
      data: z.object({
        traces: z.object({ nodes: Traces }),
        sessions: z.object({ nodes: z.array(z.object({ id: z.string(), title: z.string() })) }),
      }),
    })
    .parse(await response.json())
  return { traces: byId(data.traces.nodes), sessions: byId(data.sessions.nodes) }
}

const byId = <T extends { id: string }>(items: Iterable<T>): T[] => [...items].sort((a, b) => (a.id < b.id ? -1 : 1))

/** The state of a client that has applied every change. */
function mirror() {
  const traces = new Map<string, z.infer<typeof Traces>[number]>()
  const sessions = new Map<string, { id: string; title: string }>()
  return {
    apply(change: Changes) {
      expect(change.complete).toBe(true)
      for (const trace of change.traces) traces.set(trace.id, trace)
      for (const id of change.removedTraceIds) traces.delete(id)
      for (const { id, title, parent } of change.sessions) {
        if (parent === null) sessions.set(id, { id, title })
        else sessions.delete(id)
      }
      for (const id of change.removedSessionIds) sessions.delete(id)
    },
    shown: () => ({ traces: byId(traces.values()), sessions: byId(sessions.values()) }),
  }
}

/** Writes a recording's files in eight steps, by file name, which is almost chronological. */
function* written(name: string, home: string): Generator<void> {
  const from = homeOf(name)
  const files = filesOf(from).sort((a, b) => (a.split('/').at(-1) ?? '').localeCompare(b.split('/').at(-1) ?? ''))
  const portion = Math.ceil(files.length / 8)
  for (let i = 0; i < files.length; i += portion) {
    for (const file of files.slice(i, i + portion)) {
      const to = join(home, relative(from, file))
      mkdirSync(dirname(to), { recursive: true })
      cpSync(file, to)
    }
    yield
  }
}

describe('changes', () => {
  it('tell a client all it needs to show what is there, while it is written and when it is removed', async () => {
    const { server, home, read } = await live()
    const stream = await openEvents(server.url, CHANGES)
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream'])
    const client = mirror()
    const catchUp = async () => {
      await expect
        .poll(async () => {
          client.apply(await nextOf(stream))
          return client.shown()
        })
        .toEqual(await ask(server, ALL))
    }
    let last = JSON.stringify(await ask(server, ALL))
    for (const _ of written('1.1.65/nested', home)) {
      await read()
      const now = JSON.stringify(await ask(server, ALL))
      if (now !== last) await catchUp()
      last = now
    }
    expect(client.shown().traces.length).toBeGreaterThan(3)
    for (const file of filesOf(join(home, 'storage', 'session'))) {
      rmSync(file)
      await read()
      await catchUp()
    }
    expect(client.shown()).toEqual({ traces: [], sessions: [] })
    stream.close()
  })

  it('show every event as it is then, never what an earlier one had seen', async () => {
    const { server, home, read } = await live()
    const stream = await openEvents(server.url, CHANGES)
    for (const _ of written('1.1.65/parallel', home)) await read()
    await nextOf(stream)
    const [root] = (await ask(server, ALL)).sessions
    const file = filesOf(join(home, 'storage', 'session')).find((path) => path.includes(root?.id ?? '-')) ?? ''
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), title: 'Another title' }))
    await read()
    await expect.poll(async () => (await nextOf(stream)).sessions.map(({ title }) => title)).toContain('Another title')
    stream.close()
  })

  it('go on without a gap by the id of the last event, as a browser sends it', async () => {
    const { server, home, read } = await live()
    const client = mirror()
    let lastId: string | null = null
    for (const _ of written('1.1.65/nested', home)) {
      // Every time but the first, connects after the step was written.
      const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId }
      if (lastId !== null) await read()
      const stream = await openEvents(server.url, CHANGES, { headers, method: 'GET' })
      if (lastId === null) await read()
      if (JSON.stringify(client.shown()) !== JSON.stringify(await ask(server, ALL))) {
        const change = await nextOf(stream)
        expect(change.eventId).toBe(change.cursor)
        client.apply(change)
        lastId = change.eventId
      }
      stream.close()
    }
    expect(client.shown()).toEqual(await ask(server, ALL))
  })

  it('say so when they can’t go on: that a client has to ask again', async () => {
    const { server } = await live()
    const stream = await openEvents(server.url, `subscription { changes(after: "x.1") { ${FIELDS} } }`)
    expect(await nextOf(stream)).toMatchObject({ complete: false, sessionIds: [], traces: [] })
    stream.close()
  })

  it('of one session leave the others out', async () => {
    const { server, home, read } = await live()
    for (const _ of written('1.1.65/nested', home)) await read()
    const [root] = (await ask(server, ALL)).sessions
    const child = '{ session(id: "ROOT") { children { id } } }'.replace('ROOT', root?.id ?? '')
    const found = await fetch(`${server.url}/graphql?query=${encodeURIComponent(child)}`)
    const { data } = z
      .object({ data: z.object({ session: z.object({ children: z.array(z.object({ id: z.string() })) }) }) })
      .parse(await found.json())
    const id = data.session.children[0]?.id ?? ''
    const below = filesOf(join(home, 'storage', 'session'))
      .map(readJson)
      .find(({ parentID }) => parentID === id)
    const stream = await openEvents(server.url, `subscription { changes(sessionId: "${id}") { ${FIELDS} } }`)
    for (const _ of written('1.1.65/simple', home)) await read()
    rmSync(filesOf(join(home, 'storage', 'session')).find((path) => path.includes(id)) ?? '')
    await read()
    // The subtree below it has left that tree.
    expect(await nextOf(stream)).toMatchObject({ sessionIds: [root?.id, below?.id], removedSessionIds: [id] })
    stream.close()
  })

  it('are not held up by a subscriber that takes nothing, which is forgotten when it is gone', async () => {
    const { server, changes } = await live()
    const stalled = await openEvents(server.url, CHANGES)
    stalled.response.pause()
    const before = process.memoryUsage().heapUsed
    const many = (i: number) => {
      const traceIds = Array.from({ length: 500 }, (_, n) => `prt_${i}_${n}_${'x'.repeat(40)}`)
      const rootOf = new Map(traceIds.map((id) => [id, 'ses_a'] as const))
      return {
        sessionIds: ['ses_a'],
        traceIds,
        removedTraceIds: [],
        removedSessionIds: [],
        rootOf,
        movedFrom: new Map(),
      }
    }
    for (let i = 0; i < 2000; i++) changes.publish(many(i))
    const quick = await openEvents(server.url, CHANGES)
    changes.publish({ ...many(0), traceIds: [] })
    expect((await nextOf(quick)).sessionIds).toEqual(['ses_a'])
    // A million ids were published; keeping them would take 100 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000)
    stalled.close()
    quick.close()
  })

  it('are not kept for a client that leaves while its session is still looked for', async () => {
    const leaving = new AbortController()
    const store = {
      ...fakeStore(makeForest([])),
      async getSessions(ids: readonly string[]) {
        leaving.abort()
        return ids.map(() => null)
      },
    }
    const feeds = { changes: createChangeFeed().changes, progress: createProgressFeed().progress }
    const subscribers: number[] = []
    const metrics = {
      ...createMetrics('1.2.3', notAsked),
      onSubscriber: (_: string, step: number) => subscribers.push(step),
    }
    const app = createApp(servicesFor(store, { live: feeds }), {
      token: null,
      isReady: () => true,
      log: SILENT,
      metrics,
    })
    const query = encodeURIComponent('subscription { changes(sessionId: "ses_a") { cursor } }')
    const init = { headers: { accept: 'text/event-stream' }, signal: leaving.signal }
    void Promise.allSettled([app.fetch(`http://localhost/graphql?query=${query}`, init)])
    await expect.poll(() => subscribers).toEqual([1, -1])
  })

  it('are for this server’s own pages, and for whoever has the token', async () => {
    const { server } = await live({ token: 'a long token' })
    const authorization = 'Bearer a long token'
    for (const method of ['GET', 'POST'] as const) {
      expect((await openEvents(server.url, CHANGES, { method })).status).toBe(401)
      const elsewhere = { authorization, origin: 'https://evil.example' }
      expect((await openEvents(server.url, CHANGES, { method, headers: elsewhere })).status).toBe(403)
      const rebound = { authorization, host: 'evil.example' }
      expect((await openEvents(server.url, CHANGES, { method, headers: rebound })).status).toBe(403)
      const mine = await openEvents(server.url, CHANGES, { method, headers: { authorization } })
      expect(mine.status).toBe(200)
      mine.close()
    }
  })

  it('end when the server does, at once', async () => {
    const { server, changes } = await live()
    const stream = await openEvents(server.url, CHANGES)
    changes.close()
    expect((await stream.next())?.event).toBe('complete')
    const begun = performance.now()
    await server.close()
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})

describe('the client', () => {
  it('hears of changes and of progress, and goes on when the server is there again', async () => {
    const first = await live({ token: 'a long token' })
    const url = `${first.server.url}/graphql`
    const ending = new AbortController()
    const connected: boolean[] = []
    const heard: string[] = []
    const listening = (async () => {
      const options = {
        url,
        token: 'a long token',
        signal: ending.signal,
        onConnected: (r: boolean) => connected.push(r),
      }
      for await (const { changes } of subscribe(ChangesDocument, {}, options)) {
        heard.push(changes.complete ? changes.sessions.map((session) => session.title).join() : 'ask again')
      }
    })()
    const progress = subscribe(IngestProgressDocument, {}, { url, token: 'a long token' })
    const firstProgress = progress.next()
    await expect.poll(() => connected).toEqual([false])
    for (const _ of written('1.1.65/simple', first.home)) await first.read()
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    expect((await firstProgress).value?.ingestProgress.phase).toMatch(/looking|reading|done/)
    await progress.return()
    first.changes.close()
    await first.server.close()
    const second = await live({ token: 'a long token', port: Number(new URL(url).port) })
    await expect.poll(() => heard.at(-1)).toBe('ask again')
    expect(connected[0]).toBe(false)
    expect(connected.at(-1)).toBe(true)
    expect(second.server.url).toBe(first.server.url)
    ending.abort()
    await listening
  })

  it('says why it is refused', async () => {
    const { server } = await live({ token: 'a long token' })
    const refused = subscribe(ChangesDocument, {}, { url: `${server.url}/graphql` }).next()
    await expect(refused).rejects.toBeInstanceOf(RequestError)
    await expect(refused).rejects.toMatchObject({ status: 401 })
  })
})
