/** Metrics of the running process under `/metrics`, in Prometheus' text format. They contain no user texts. */
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Operation } from './operations.ts'

export interface Metrics {
  /** A reading of the sources ended; null if it failed. */
  onReading: (result: { sessionsRead: number; sessionsRemoved: number; durationMs: number } | null) => void
  /** A change was saved and published to subscribers. */
  onPublished: (change: { traces: number; sessions: number }) => void
  onOperationBegun: () => void
  onOperation: (operation: Operation) => void
  /** A query that could be compiled was executed, by compiled code or not. */
  onCompilable: (isCompiled: boolean) => void
  onSubscriber: (name: string, step: 1 | -1) => void
  onMessage: (name: string) => void
  onErrors: (codes: readonly string[]) => void
  /** All metrics, as of now. */
  print: () => Promise<{ text: string; contentType: string }>
}

/** What is queried from the store whenever the metrics are requested. */
export interface Standing {
  sessions: number
  traces: number
  rejected: number
  /** Latest stored activity of any agent; null if nothing is stored. */
  lastActivityMs: number | null
  /** When the last reading ended; null before the first one has, and while another is under way. */
  lastReadMs: number | null
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The form of error codes of ours and the libraries'; a resolver could throw anything. */
const CODE = /^[A-Z][A-Z_]{2,40}$/
const MAX_CODES = 50

export function createMetrics(
  version: string,
  standing: () => Promise<Standing>,
  now: () => number = Date.now,
): Metrics {
  const registry = new Registry()
  const registers = [registry]
  // The default of a hundred samples a second would be half of what an idle process does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `delegraph_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `delegraph_${name}`, help, labelNames, registers })

  gauge('info', 'The version of delegraph that is running.', ['version']).set({ version }, 1)
  const stored = gauge('stored', 'Sessions and traces in the database.', ['kind'])
  const rejected = gauge('rejected', 'Files and values in the sources that could not be read.')
  const lastActivity = gauge(
    'last_activity_timestamp_seconds',
    'When the latest stored activity of any agent happened.',
  )
  const lag = gauge('ingest_lag_seconds', 'Time since the latest stored activity of any agent.')
  const lastRead = gauge('ingest_last_read_timestamp_seconds', 'When the sources were last read to the end.')
  const readings = counter('ingest_readings_total', 'Times that the sources were read, by result.', ['result'])
  const reading = new Histogram({
    name: 'delegraph_ingest_reading_seconds',
    help: 'How long each reading of the sources took.',
    buckets: SECONDS,
    registers,
  })
  const read = counter('ingest_sessions_read_total', 'Sessions read because they were new or had changed.')
  const removed = counter('ingest_sessions_removed_total', 'Sessions found to be gone from the sources.')
  const changes = counter('changes_published_total', 'Changes saved and published to subscribers.')
  const changed = counter(
    'changed_total',
    'Traces that were new, different or gone in published changes, and sessions whose trees they were in.',
    ['kind'],
  )
  const subscribers = gauge('subscribers', 'Open subscriptions.', ['operation'])
  const messages = counter('messages_total', 'Messages sent to subscribers.', ['operation'])
  const operations = new Histogram({
    name: 'delegraph_operation_seconds',
    help: 'How long operations took to execute, without receiving the request and sending the response.',
    labelNames: ['operation', 'outcome'],
    buckets: SECONDS,
    registers,
  })
  const running = gauge('operations_running', 'Operations being executed now.')
  const errors = counter('errors_total', 'Errors in responses, by code.', ['code'])
  const compiled = counter(
    'compiled_queries_total',
    'Queries that could be run by compiled code, by whether they were.',
    ['cache'],
  )
  for (const cache of ['hit', 'miss']) compiled.inc({ cache }, 0)
  for (const result of ['done', 'failed']) readings.inc({ result }, 0)
  // Unknown until the first one has ended; a gauge starts at 0, which would be a time in 1970.
  lastRead.set(Number.NaN)
  const codes = new Set<string>()

  return {
    onReading(result) {
      readings.inc({ result: result === null ? 'failed' : 'done' })
      if (result === null) return
      reading.observe(result.durationMs / 1000)
      read.inc(result.sessionsRead)
      removed.inc(result.sessionsRemoved)
    },
    onPublished({ traces, sessions }) {
      changes.inc()
      changed.inc({ kind: 'trace' }, traces)
      changed.inc({ kind: 'session' }, sessions)
    },
    onOperationBegun: () => running.inc(),
    onOperation({ name, durationMs, hasErrors }) {
      running.dec()
      operations.observe({ operation: name, outcome: hasErrors ? 'errors' : 'ok' }, durationMs / 1000)
    },
    onCompilable: (isCompiled) => compiled.inc({ cache: isCompiled ? 'hit' : 'miss' }),
    onSubscriber: (operation, step) => subscribers.inc({ operation }, step),
    onMessage: (operation) => messages.inc({ operation }),
    onErrors(given) {
      for (const each of given) {
        const isKnown = codes.has(each) || (codes.size < MAX_CODES && CODE.test(each))
        const code = isKnown ? each : 'OTHER'
        codes.add(code)
        errors.inc({ code })
      }
    },
    async print() {
      const { sessions, traces, rejected: count, lastActivityMs, lastReadMs } = await standing()
      stored.set({ kind: 'session' }, sessions)
      stored.set({ kind: 'trace' }, traces)
      rejected.set(count)
      lastActivity.set(lastActivityMs === null ? Number.NaN : lastActivityMs / 1000)
      lag.set(lastActivityMs === null ? Number.NaN : Math.max(0, now() - lastActivityMs) / 1000)
      if (lastReadMs !== null) lastRead.set(lastReadMs / 1000)
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
  }
}

/** Serves the metrics under `path`; earlier plug-ins have refused requests that lack the token. */
export function useMetrics(metrics: Metrics, path: string): Plugin {
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (url.pathname !== path || (request.method !== 'GET' && request.method !== 'HEAD')) return
      const { text, contentType } = await metrics.print()
      const body = request.method === 'HEAD' ? null : text
      endResponse(new fetchAPI.Response(body, { headers: { 'content-type': contentType } }))
    },
    onResultProcess({ result }) {
      if (Array.isArray(result) || isAsyncIterable(result) || result.errors === undefined) return
      metrics.onErrors(result.errors.map(({ extensions }) => String(extensions?.code ?? 'GRAPHQL_ERROR')))
    },
  }
}
