/** One query, answered as JSON on the standard output, where nothing else appears. */
import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Config } from '../config.ts'
import { DelegraphError, messageOf } from '../errors.ts'
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
    return hasFailed ? EXIT.failed : answer.errors ? EXIT.trouble : EXIT.done
  } finally {
    await workshop.close()
  }
}

/** While another delegraph runs, that one reads what changes, and a copy of what it has is asked. */
async function openToAsk(config: Config, mayRead: boolean): Promise<Workshop> {
  // What was read before counts, whether or not there is still something to read.
  if (!mayRead) return openWorkshop(config, { readOnly: true })
  try {
    return await openWorkshop(config)
  } catch (error) {
    if (!(error instanceof DelegraphError) || error.code !== 'STORE_LOCKED') throw error
    return openWorkshop(config, { readOnly: true })
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
    'query: a subscription goes on and on; start "delegraph serve" and ask it under its address',
  )
}

async function queryText({ text, file }: QueryOptions): Promise<string> {
  if ((text === undefined) === (file === undefined)) {
    throw new DelegraphError('BAD_USER_INPUT', 'query: give the query itself, or a file with it (--file)')
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
