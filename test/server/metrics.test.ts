import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createMetrics, type Metrics, type Standing } from '../../src/server/metrics.ts'
import { KNOWN_OPERATIONS } from '../../src/server/operations.ts'
import { createApp, type ServerOptions } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 12)
const STANDING = { sessions: 3, traces: 7, rejected: 2, lastActivityMs: NOW_MS - 1500, lastReadMs: NOW_MS - 500 }

function start(options: Partial<ServerOptions> = {}) {
  const metrics: Metrics = createMetrics(
    '1.2.3',
    async () => STANDING,
    () => NOW_MS,
  )
  const forest = makeForest([{ id: 'a', turns: [{ agent: 'coordinator' }] }])
  const changes = async function* () {
    for (const atMs of [1, 2])
      yield {
        cursor: `x.${atMs}`,
        complete: true,
        sessionIds: [],
        removedSessionIds: [],
        traceIds: [],
        removedTraceIds: [],
        atMs,
      }
  }
  const services = servicesFor(fakeStore(forest), { live: { changes, progress: async function* () {} } })
  const app = createApp(services, { token: null, isReady: () => true, log: SILENT, metrics, ...options })
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ query })
    const response = await app.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers },
      body,
    })
    return response.text()
  }
  const look = async (headers: Record<string, string> = {}) => {
    const response = await app.fetch('http://localhost/metrics', { headers })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  return { app, metrics, ask, look }
}

const figure = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('the metrics', () => {
  it('are in the text form of Prometheus, each with a description', async () => {
    const { look } = start()
    const { status, type, text } = await look()
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    const names = new Set(text.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []))
    for (const name of names) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'))
    expect(names).toContain('process_resident_memory_bytes')
    expect(names).toContain('nodejs_eventloop_lag_p99_seconds')
    expect(text).toMatch(/^delegraph_info\{version="1\.2\.3"\} 1$/m)
  })

  it('say what is stored, and how far it is behind', async () => {
    const { look } = start()
    const { text } = await look()
    expect(figure(text, 'delegraph_stored{kind="session"}')).toBe(3)
    expect(figure(text, 'delegraph_stored{kind="trace"}')).toBe(7)
    expect(figure(text, 'delegraph_rejected')).toBe(2)
    expect(figure(text, 'delegraph_ingest_lag_seconds')).toBe(1.5)
    expect(figure(text, 'delegraph_last_activity_timestamp_seconds')).toBe(STANDING.lastActivityMs / 1000)
    expect(figure(text, 'delegraph_ingest_last_read_timestamp_seconds')).toBe(STANDING.lastReadMs / 1000)
  })

  it('say of what is not known that it is no number, instead of a moment in 1970 or no delay', async () => {
    const none = { sessions: 0, traces: 0, rejected: 0, lastActivityMs: null, lastReadMs: null }
    let standing: Standing = none
    const metrics = createMetrics(
      '1.2.3',
      async () => standing,
      () => NOW_MS,
    )
    const names = ['last_activity_timestamp_seconds', 'ingest_lag_seconds', 'ingest_last_read_timestamp_seconds']
    const figures = async () => {
      const { text } = await metrics.print()
      return names.map((name) => figure(text, `delegraph_${name}`))
    }
    expect(await figures()).toEqual([Number.NaN, Number.NaN, Number.NaN])
    standing = STANDING
    expect(await figures()).toEqual([STANDING.lastActivityMs / 1000, 1.5, STANDING.lastReadMs / 1000])
    // Everything is gone and a reading is under way: the previous one is still the last that ended.
    standing = none
    expect(await figures()).toEqual([Number.NaN, Number.NaN, STANDING.lastReadMs / 1000])
  })

  it('count readings, changes, compiled queries and errors', async () => {
    const { look, metrics, ask } = start()
    metrics.onReading({ sessionsRead: 5, sessionsRemoved: 1, durationMs: 20 })
    metrics.onReading(null)
    metrics.onPublished({ traces: 4, sessions: 2 })
    await ask('{ nothing }')
    await ask('{ sessions(first: -1) { totalCount nodes { id } } }')
    const { text } = await look()
    const found = [
      'ingest_readings_total{result="done"}',
      'ingest_readings_total{result="failed"}',
      'ingest_sessions_read_total',
      'ingest_sessions_removed_total',
      'ingest_reading_seconds_sum',
      'changes_published_total',
      'changed_total{kind="trace"}',
      'errors_total{code="BAD_USER_INPUT"}',
      'errors_total{code="GRAPHQL_VALIDATION_FAILED"}',
    ].map((name) => figure(text, `delegraph_${name}`))
    expect(found).toEqual([1, 1, 5, 1, 0.02, 1, 4, 1, 1])
    // The compiler is loaded when a query is sent for the second time.
    const hits = async () => {
      await ask('{ sessions { totalCount } }')
      return figure((await look()).text, 'delegraph_compiled_queries_total{cache="hit"}')
    }
    await expect.poll(hits).toBeGreaterThan(0)
    expect(figure(text, 'delegraph_compiled_queries_total{cache="miss"}')).toBeGreaterThan(0)
  })

  it('name operations that are known, and no other: nobody can make new series or put a text into them', async () => {
    const { look, ask } = start()
    await ask('query Sessions { sessions { totalCount } }')
    for (let i = 0; i < 30; i++) await ask(`query Secret${i} { sessions { totalCount } }`)
    await ask('{ sessions(first: 501) { nodes { id } } }')
    const { text } = await look()
    expect(figure(text, 'delegraph_operation_seconds_count{operation="Sessions",outcome="ok"}')).toBe(1)
    expect(figure(text, 'delegraph_operation_seconds_count{operation="other",outcome="ok"}')).toBe(30)
    expect(figure(text, 'delegraph_operation_seconds_count{operation="other",outcome="errors"}')).toBe(1)
    expect(text).not.toContain('Secret')
  })

  it('take no endless number of codes from errors', async () => {
    const { look, metrics } = start()
    metrics.onErrors(
      Array.from({ length: 500 }, (_, i) => `CODE_${String.fromCharCode(65 + (i % 26))}${'X'.repeat(i / 26)}`),
    )
    metrics.onErrors(['what a prompt says'])
    const { text } = await look()
    expect(text.match(/^delegraph_errors_total/gm)?.length).toBeLessThanOrEqual(51)
    expect(text).not.toContain('prompt')
  })

  it('know every operation of the client and of GraphiQL', () => {
    const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const files = readdirSync(at('client')).filter((name) => name.endsWith('.graphql'))
    const texts = [...files.map((name) => `client/${name}`), 'src/server/graphiql-tabs.ts'].map((path) =>
      readFileSync(at(path), 'utf8'),
    )
    const names = texts.flatMap((text) =>
      [...text.matchAll(/^(?:query|mutation|subscription) (\w+)/gm)].map(([, name]) => name),
    )
    expect([...KNOWN_OPERATIONS].sort()).toEqual([...new Set([...names, 'IntrospectionQuery'])].sort())
  })

  it('count subscribers while they are there, and what is sent to them', async () => {
    const { look, ask } = start()
    const events = await ask('subscription Changes { changes { atMs: cursor } }', { accept: 'text/event-stream' })
    expect(events.match(/^id: /gm)).toHaveLength(2)
    const { text } = await look()
    expect(figure(text, 'delegraph_subscribers{operation="Changes"}')).toBe(0)
    expect(figure(text, 'delegraph_messages_total{operation="Changes"}')).toBe(2)
  })

  it('count no subscriber who is refused because it takes no events', async () => {
    const { look, ask } = start()
    const { errors } = JSON.parse(
      await ask('subscription Changes { changes { cursor } }', { accept: 'application/json' }),
    )
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }])
    expect(figure((await look()).text, 'delegraph_subscribers{operation="Changes"}')).toBe(0)
  })

  it('are shown to those only who may ask the API', async () => {
    const { look } = start({ token: 'open sesame' })
    expect((await look()).status).toBe(401)
    // Accepting HTML, as a browser does, does not get around the token.
    expect((await look({ accept: 'text/html' })).status).toBe(401)
    expect((await look({ authorization: 'Bearer open sesame' })).status).toBe(200)
    const { app } = start()
    expect((await app.fetch('http://evil.example/metrics')).status).toBe(403)
    expect((await app.fetch('http://localhost/metrics', { headers: { origin: 'https://evil.example' } })).status).toBe(
      403,
    )
  })
})
