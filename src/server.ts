/** The server: GraphQL and GraphiQL under `/graphql`, `/health`, `/ready`. Composed of what stands in `server/`. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createYoga, useReadinessCheck, type YogaLogger } from 'graphql-yoga'
import { type Context, createContext, type Services } from './resolvers/context.ts'
import { schema } from './schema/index.ts'
import { useCompiledQueries } from './server/compiled-queries.ts'
import { graphiqlOptions, renderPage } from './server/graphiql.ts'
import { maskErrors } from './server/mask-error.ts'
import { useOwnPagesOnly } from './server/own-pages.ts'
import { useRootPage } from './server/root-page.ts'
import { useToken } from './server/token.ts'

export interface ServerOptions {
  /** Whoever asks must name it; null: nobody is asked. */
  token: string | null
  log: YogaLogger
  /** Whether the first reading of the sources is done. */
  isReady: () => boolean
  /** What it will listen on: 127.0.0.1 unless said. */
  host?: string
}

const GRAPHQL = '/graphql'
const HEALTH = '/health'
const READY = '/ready'

const CLOSE_WITHIN_MS = 1500

/** Answers requests; listens nowhere yet. */
export function createApp(services: Services, { token, log, isReady, host = '127.0.0.1' }: ServerOptions) {
  return createYoga<object, Context>({
    schema,
    context: () => createContext(services),
    graphqlEndpoint: GRAPHQL,
    healthCheckEndpoint: HEALTH,
    landingPage: false,
    cors: false,
    multipart: false,
    graphiql: () => graphiqlOptions(services),
    renderGraphiQL: renderPage,
    logging: log,
    maskedErrors: { maskError: maskErrors((id, error) => log.error(`Unexpected error ${id}`, error)) },
    plugins: [
      useOwnPagesOnly(host),
      ...(token === null ? [] : [useToken(token, [HEALTH, READY])]),
      useReadinessCheck({ endpoint: READY, check: isReady }),
      useRootPage(GRAPHQL),
      useCompiledQueries(),
    ],
  })
}

export interface Listening {
  /** Where it answers, such as `http://127.0.0.1:4000`. */
  url: string
  server: Server
  close: () => Promise<void>
}

/** Listens until it is closed. Rejects when the port is taken. */
export async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const server = createServer(app)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address: AddressInfo | string | null = server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : port
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    // What is being answered may finish; a client that does not take its answer must not keep us.
    const patience = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
    await closed
    clearTimeout(patience)
    await app.dispose()
  }
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`, server, close }
}
