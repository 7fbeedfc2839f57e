/** `delegraph query`: answers one query as JSON on stdout, where nothing else is written. */
import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Config } from '../config.ts'
import { DelegraphError, messageOf } from '../errors.ts'
import { statOf } from '../files.ts'
import { type Context, createContext, type Services } from '../resolvers/context.ts'
import { schema } from '../schema/index.ts'
import { maskErrors } from '../server/mask-error.ts'
import { EXIT } from './exit.ts'
import { print } from './output.ts'
import { inWords, notice, openWorkshop, type Workshop } from './workshop.ts'

export interface QueryOptions {
  text?: string | undefined
  file?: string | undefined
  variables?: string | undefined
  ingest: boolean
}

export async function query(config: Config, options: QueryOptions): Promise<number> {
  const text = await queryText(options)
  const variables = parseVariables(options.variables)
  refuseSubscription(text)
  const workshop = await openToAsk(config, options.ingest)
  try {
    if (options.ingest) await workshop.reading.readNow()
    const { message, status } = workshop.reading.report()
    const hasFailed = status === 'FAILED'
    // The notice of a failure was written when it happened.
    if (message !== null && !hasFailed) notice(message)
    for (const source of workshop.result()?.unreadable ?? []) notice(inWords(source))
    const answer = await run(text, variables, workshop.services)
    await print(`${JSON.stringify(answer, null, 2)}\n`)
    // After a failed reading, the answer comes from what was read before, if anything was.
    if (hasFailed) return EXIT.failed
    return answer.errors ? EXIT.trouble : workshop.isPartial ? EXIT.partial : EXIT.done
  } finally {
    await workshop.close()
  }
}

/**
 * Opens the database for one query. While another delegraph holds it, that process does the reading, and the query is
 * answered from a copy of its database. Its first reading is waited for, since until then the copy may be empty. If it
 * exits meanwhile, as `delegraph ingest` does, this process opens the database itself.
 */
async function openToAsk(config: Config, mayRead: boolean): Promise<Workshop> {
  // Without reading, what was read before is the answer, complete or not.
  if (!mayRead) return openWorkshop(config, { readOnly: true })
  const onNotice = eachOnce(notice)
  const untilMs = performance.now() + config.waitMs
  const looks = createLooks(config.db)
  for (;;) {
    const own = await unlessLocked(openWorkshop(config, { onNotice }))
    if (!(own instanceof DelegraphError)) return own
    const leftMs = untilMs - performance.now()
    if (looks.isDue() || leftMs <= 0) {
      const copy = await unlessLocked(looks.timed(() => openWorkshop(config, { readOnly: true, onNotice })))
      if (copy instanceof DelegraphError) {
        // A database that is being written to all the time cannot be copied, either.
        if (leftMs <= 0) throw copy
      } else {
        const isFree = copy.store.copiedAtMs === null
        if (leftMs <= 0 || !(copy.isPartial || isFree)) return copy
        await copy.close()
        if (isFree) continue
      }
    }
    const { pid } = own.details
    const who = pid === undefined ? 'another delegraph' : `another delegraph (process ${pid})`
    onNotice(`Waiting for the first read of ${who} to finish, for as long as --wait allows.`)
    await pause(Math.max(0, Math.min(POLL_MS, untilMs - performance.now())))
  }
}

const POLL_MS = 250
/** A reading that has finished writes no more: a copy is due after this long without a write. */
const QUIET_MS = 2000
/** A watching process may never be quiet: then the next copy is due after so many times the duration of the last. */
const PATIENCE = 20

/** Decides when to copy the database: each copy takes a good part of a second from the reading that is waited for. */
function createLooks(path: string): { isDue: () => boolean; timed: <T>(look: () => Promise<T>) => Promise<T> } {
  const stamp = () => [path, `${path}.wal`].map((file) => statOf(file)?.mtimeNs).join()
  let seen = stamp()
  let seenAtMs = performance.now()
  let copied: string | null = null
  let againAtMs = 0
  return {
    isDue() {
      const now = stamp()
      const atMs = performance.now()
      if (now !== seen) seenAtMs = atMs
      seen = now
      return copied === null || (now !== copied && (atMs > seenAtMs + QUIET_MS || atMs > againAtMs))
    },
    async timed(look) {
      copied = stamp()
      const beganMs = performance.now()
      try {
        return await look()
      } finally {
        againAtMs = performance.now() + PATIENCE * (performance.now() - beganMs)
      }
    },
  }
}

async function unlessLocked(opening: Promise<Workshop>): Promise<Workshop | DelegraphError> {
  try {
    return await opening
  } catch (error) {
    if (error instanceof DelegraphError && error.code === 'STORE_LOCKED') return error
    throw error
  }
}

function eachOnce(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (!said.has(line)) say(line)
    said.add(line)
  }
}

/**
 * Executes the query on the same server as over HTTP, without listening, so that errors have the same messages and
 * codes. The query limits do not apply: they protect against remote clients.
 */
async function run(
  query: string,
  variables: Record<string, unknown>,
  services: Services,
): Promise<{ data?: unknown; errors?: unknown[] }> {
  const mask = maskErrors((id, error) => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    for (const line of `${id}: ${stack}`.split('\n')) notice(line)
  })
  const server = createYoga<object, Context>({
    schema,
    context: () => createContext(services),
    logging: false,
    maskedErrors: { maskError: mask },
    maxRequestBodySize: false,
  })
  const response = await server.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return response.json()
}

/** A command cannot answer a subscription. A syntax error is left to the server, which reports it in the answer. */
function refuseSubscription(text: string): void {
  let operation: OperationDefinitionNode | null | undefined
  try {
    operation = getOperationAST(parse(text))
  } catch {
    return
  }
  if (operation?.operation !== 'subscription') return
  throw new DelegraphError(
    'BAD_USER_INPUT',
    'query: a subscription does not end; start "delegraph serve" and send it there',
  )
}

async function queryText({ text, file }: QueryOptions): Promise<string> {
  if ((text === undefined) === (file === undefined)) {
    throw new DelegraphError('BAD_USER_INPUT', 'query: pass the query itself, or a file that contains it (--file)')
  }
  if (text !== undefined) return text
  if (file === undefined || file === '-') return readAll(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new DelegraphError('BAD_USER_INPUT', `--file: ${messageOf(error)}`)
  }
}

function parseVariables(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  const wrong = new DelegraphError('BAD_USER_INPUT', `--variables: write a JSON object, such as '{ "id": "ses_…" }'`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong
  return { ...value }
}
