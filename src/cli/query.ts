/** One query, answered as JSON on the standard output, where nothing else appears. */
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
    // A failure has been said already.
    if (message !== null && !hasFailed) notice(message)
    for (const source of workshop.result()?.unreadable ?? []) notice(inWords(source))
    const answer = await run(text, variables, workshop.services)
    await print(`${JSON.stringify(answer, null, 2)}\n`)
    // The answer is of what was read before, if anything was.
    if (hasFailed) return EXIT.failed
    return answer.errors ? EXIT.trouble : workshop.isPartial ? EXIT.partial : EXIT.done
  } finally {
    await workshop.close()
  }
}

/**
 * While another delegraph runs, that one reads what changes, and a copy of what it has is asked. Its first reading is
 * waited for: until it ends, the copy may hold nothing at all. Whoever only reads and leaves gives way meanwhile.
 */
async function openToAsk(config: Config, mayRead: boolean): Promise<Workshop> {
  // What was read before counts, whether or not there is still something to read.
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
        // One that is being written to all the time cannot be copied, either.
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
/** A reading that has come to its end writes no more: so long it was quiet. */
const QUIET_MS = 2000
/** One that is watching may write on and on: so much longer than the last copy took, the next one is put off. */
const PATIENCE = 20

/** When a copy is worth its while: each takes a good part of a second from the reading that is waited for. */
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
 * By the server that answers over HTTP, which listens nowhere here: the same words and codes for the same errors. Its limits
 * are for whoever reaches it from elsewhere.
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

/** What goes on and on is no answer of a command that ends. What is no query at all is said with the answer. */
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
