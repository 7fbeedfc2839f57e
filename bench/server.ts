/** Runs delegraph from outside: the built command, and GraphQL over HTTP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { now, peakOf } from './measure.ts'
import { root } from './root.ts'

export const COMMAND = join(root, 'dist/cli.js')

/** Without the caller's settings, so that a run depends on its arguments alone. */
export const cleanEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  XDG_DATA_HOME: join(home, 'data'),
  NO_COLOR: '1',
})

export interface Running {
  /** URL of the API. */
  url: string
  /** Milliseconds from the start to the first answer. */
  firstAnswerMs: number
  ask<T>(query: string, variables?: Record<string, unknown>): Promise<T>
  /** The response body, unparsed. */
  askRaw(query: string, variables?: Record<string, unknown>): Promise<string>
  /** Resolves when the first read is done. */
  ready(): Promise<void>
  peakMb(): number | null
  stop(): Promise<void>
}

export interface ServerOptions {
  /** The query to repeat until it is answered. */
  first?: string
  watch?: boolean
  /** The directory for application data (XDG_DATA_HOME). */
  dataHome?: string
}

/** Starts `delegraph serve` and waits for its first answer. */
export async function startServer(
  args: readonly string[],
  home: string,
  { first = '{ __typename }', watch = false, dataHome }: ServerOptions = {},
): Promise<Running> {
  const port = await freePort()
  const start = now()
  const watching = watch ? [] : ['--no-watch']
  const child = spawn(process.execPath, [COMMAND, 'serve', '--port', String(port), ...watching, ...args], {
    env: { ...cleanEnvironment(home), ...(dataHome === undefined ? {} : { XDG_DATA_HOME: dataHome }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (log += chunk))
  child.stderr.on('data', (chunk: Buffer) => (log += chunk))
  let ended = false
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  child.on('exit', () => {
    ended = true
    process.off('exit', kill)
  })
  const agent = new Agent({ keepAlive: true })

  const send = (method: 'GET' | 'POST', path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds().catch(() => false))) {
      if (ended) throw new Error(`delegraph ended at its start:\n${log}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  const askRaw = async (query: string, variables?: Record<string, unknown>) => {
    const { status, text } = await send('POST', '/graphql', JSON.stringify({ query, variables }))
    if (status !== 200) throw new Error(`${status}: ${text.slice(0, 500)}`)
    return text
  }

  await until(async () => !(await askRaw(first)).includes('"errors"'))
  const firstAnswerMs = now() - start
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    firstAnswerMs,
    askRaw,
    async ask<T>(query: string, variables?: Record<string, unknown>) {
      const { data, errors } = JSON.parse(await askRaw(query, variables)) as { data: T; errors?: { message: string }[] }
      if (errors) throw new Error(errors.map((error) => error.message).join('\n'))
      return data
    },
    ready: () => until(async () => (await send('GET', '/ready')).status === 200),
    peakMb: () => peakOf(child.pid),
    async stop() {
      agent.destroy()
      if (ended) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
