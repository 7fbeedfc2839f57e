/**
 * The HTTP server: the dashboard under `/`, GraphQL and GraphiQL under `/graphql`, and `/health`, `/ready`, `/metrics`.
 * It is composed of the plug-ins in `server/`.
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
  /** The token that requests must carry; null: none is required. */
  token: string | null
  log: YogaLogger
  /** Whether the first reading of the sources has finished. */
  isReady: () => boolean
  /** The address that the server will listen on; 127.0.0.1 by default. */
  host?: string
  /** The page under `/`; without it, `/` redirects to GraphiQL. */
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
 * How long an idle connection is kept. A request that is already on its way when the server closes its connection
 * fails, so this is longer than the usual clients' own limit: they close first.
 */
const KEEP_ALIVE_MS = 75_000

/** The process must end within two seconds; the time that these leave is for closing the database. */
const HURRY_AFTER_MS = 1000
const CLOSE_WITHIN_MS = 1500
const ARRIVE_WITHIN_MS = 50

/** Creates the request handler; it does not listen yet. */
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
  /** The address, such as `http://127.0.0.1:4000`. */
  url: string
  server: Server
  /**
   * Accepts no new connections and resolves when all pending requests are answered. Calls `hurry` if that takes longer
   * than a second: pending requests should then end soon, if need be with an error.
   */
  close: (hurry?: () => void) => Promise<void>
}

/** Listens until it is closed. Rejects if the port is taken. */
export async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const answering = new Set<ServerResponse>()
  let isClosing = false
  const server = createServer((request, response) => {
    // With "Connection: close", the client does not send its next request on this connection.
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
    // A client that does not take its answer must not keep us from closing.
    const patience = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
    await arrived()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A connection that stays open after its last response would receive further requests.
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    await closed
    clearTimeout(impatience)
    clearTimeout(patience)
    clearInterval(idle)
    await app.dispose()
  }
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`, server, close }
}

/** Accepts the requests that are on their way, or that the system queued while the event loop was busy. */
async function arrived(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ARRIVE_WITHIN_MS))
  // A connection is accepted in one turn of the event loop and read in the next.
  for (let turn = 0; turn < 3; turn++) await othersTurn()
}
