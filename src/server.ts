/**
 * The server: the dashboard under `/`, GraphQL and GraphiQL under `/graphql`, `/health`, `/ready`, `/metrics`. Composed of
 * what stands in `server/`.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createYoga, useReadinessCheck, type YogaLogger } from 'graphql-yoga'
import { QUERY_LIMITS, type QueryLimits } from './config.ts'
import { othersTurn } from './pace.ts'
import { type Context, createContext, type Services } from './resolvers/context.ts'
import { schema } from './schema/index.ts'
import { useCompiledQueries } from './server/compiled-queries.ts'
import { type Dashboard, useDashboard } from './server/dashboard.ts'
import { useGraphiql } from './server/graphiql.ts'
import { maskErrors, unlessMeant } from './server/mask-error.ts'
import { type Metrics, useMetrics } from './server/metrics.ts'
import { useOperations } from './server/operations.ts'
import { useOwnPagesOnly } from './server/own-pages.ts'
import { useQueryLimits } from './server/query-limits.ts'
import { useRefusalsInWords } from './server/refusals.ts'
import { useSafeHeaders } from './server/safe-headers.ts'
import { useSubscriptions } from './server/subscriptions.ts'
import { useToken } from './server/token.ts'

export interface ServerOptions {
  /** Whoever asks must name it; null: nobody is asked. */
  token: string | null
  log: YogaLogger
  /** Whether the first reading of the sources is done. */
  isReady: () => boolean
  /** What it will listen on: 127.0.0.1 unless said. */
  host?: string
  /** The page under `/`; without it `/` leads to GraphiQL. */
  dashboard?: Dashboard | null
  /** How much one request may ask for. */
  limits?: QueryLimits
  /** Figures about the process, under `/metrics`. */
  metrics?: Metrics | null
}

const GRAPHQL = '/graphql'
const HEALTH = '/health'
const READY = '/ready'
const METRICS = '/metrics'

/**
 * How long a connection is kept for another request. One that is closed while the next request is on its way fails it:
 * longer than what usual clients keep theirs, this is theirs to close.
 */
const KEEP_ALIVE_MS = 75_000

/** Of the two seconds within which the process is to end, what is left is for the database. */
const HURRY_AFTER_MS = 1000
const CLOSE_WITHIN_MS = 1500
const ARRIVE_WITHIN_MS = 50

/** Answers requests; listens nowhere yet. */
export function createApp(services: Services, options: ServerOptions) {
  const { token, log, isReady, host = '127.0.0.1', dashboard = null, limits = QUERY_LIMITS, metrics = null } = options
  return createYoga<object, Context>({
    schema,
    context: ({ request }) => createContext(services, Date.now(), request.headers.get('last-event-id')),
    graphqlEndpoint: GRAPHQL,
    healthCheckEndpoint: HEALTH,
    landingPage: false,
    cors: false,
    multipart: false,
    graphiql: false,
    logging: unlessMeant(log),
    maskedErrors: { maskError: maskErrors((id, error) => log.error(`Unexpected error ${id}`, error)) },
    plugins: [
      useRefusalsInWords(),
      useSafeHeaders(),
      useOwnPagesOnly(host),
      useDashboard(dashboard, GRAPHQL),
      useGraphiql(token === null ? services : null, GRAPHQL),
      ...(token === null ? [] : [useToken(token, [HEALTH, READY])]),
      ...(metrics === null ? [] : [useMetrics(metrics, METRICS)]),
      useOperations({
        onBegin: () => metrics?.onOperationBegun(),
        onEnd: (operation) => {
          metrics?.onOperation(operation)
          log.debug('answered', operation)
        },
      }),
      useQueryLimits(limits),
      useReadinessCheck({ endpoint: READY, check: isReady }),
      useCompiledQueries(metrics?.onCompilable),
      useSubscriptions(() => createContext(services), limits.maxResponse, metrics ?? undefined),
    ],
  })
}

export interface Listening {
  /** Where it answers, such as `http://127.0.0.1:4000`. */
  url: string
  server: Server
  /**
   * Accepts nothing more, and resolves when all that was asked is answered. Where that takes long, `hurry` is called:
   * what is asked is to be answered soon, be it with an error.
   */
  close: (hurry?: () => void) => Promise<void>
}

/** Listens until it is closed. Rejects when the port is taken. */
export async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const answering = new Set<ServerResponse>()
  let isClosing = false
  const server = createServer((request, response) => {
    // A client that is told of the end of its connection does not send its next request on it.
    if (isClosing) response.shouldKeepAlive = false
    answering.add(response)
    response.once('close', () => answering.delete(response))
    return app(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address: AddressInfo | string | null = server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : port
  const close = async (hurry: () => void = () => {}) => {
    isClosing = true
    for (const response of answering) response.shouldKeepAlive = false
    const impatience = setTimeout(hurry, HURRY_AFTER_MS)
    // A client that does not take its answer must not keep us.
    const patience = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
    await arrived()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // Those that are kept after their last answer would be asked again.
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    await closed
    clearTimeout(impatience)
    clearTimeout(patience)
    clearInterval(idle)
    await app.dispose()
  }
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`, server, close }
}

/** Requests may be on their way, and in the system's queue when the loop has been busy: it takes in what is there. */
async function arrived(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ARRIVE_WITHIN_MS))
  // A connection is accepted in one turn of the loop, and read from in the next.
  for (let turn = 0; turn < 3; turn++) await othersTurn()
}
