/**
 * A hundred clients and fifty subscribers at once while OpenCode writes: checks that every request is answered, how
 * long the event loop is blocked, and that memory does not grow.
 *
 *   npm run load -- [--minutes 1] [--clients 100] [--subscribers 50] [--profile DIR]
 *
 *   --profile   directory for CPU profiles of the server's main thread and of its reading threads, for Chrome's DevTools
 */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Database from 'libsql'
import { heavy } from './corpus/plan.ts'
import { seededRandom } from './corpus/random.ts'
import { writeCorpus } from './corpus.ts'
import { median, now } from './measure.ts'
import { COMMAND, cleanEnvironment } from './server.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    clients: { type: 'string', default: '100' },
    subscribers: { type: 'string', default: '50' },
    profile: { type: 'string' },
  },
})
const [durationMs, clients, subscribers] = [
  Number(options.minutes) * 60_000,
  Number(options.clients),
  Number(options.subscribers),
]

/** The queries and their shares in percent: mostly lists, rarely statistics over everything. */
const MIX: readonly { name: string; share: number; query: string }[] = [
  {
    name: 'Sessions',
    share: 35,
    query: `query Sessions { sessions(first: 50, orderBy: { field: LAST_ACTIVITY_AT }) {
      totalCount nodes { id title status agents traceCount total { cost tokensIn } } } }`,
  },
  {
    name: 'TreeRows',
    share: 25,
    query: `query TreeRows($session: ID!) { session(id: $session) { title traces { nodes {
      id parentId depth agent description status offsetMs durationMs total { cost tokensIn } promptPreview } } } }`,
  },
  {
    name: 'TraceDetail',
    share: 25,
    query: `query TraceDetail($trace: ID!) { trace(id: $trace) { agent promptInput promptOutput path
      toolCalls { nodes { tool status durationMs } } children { id agent } total { cost } } }`,
  },
  {
    name: 'SearchText',
    share: 4,
    query: 'query SearchText { searchText(query: "change", first: 20) { totalCount nodes { snippet } } }',
  },
  {
    name: 'AgentStatistics',
    share: 4,
    query: 'query AgentStatistics { agents { agent invocations duration { p50 p95 } tools { tool calls } } }',
  },
  { name: 'UsageBy', share: 3, query: 'query UsageBy { usage(by: DAY) { key own { cost } invocations } }' },
  {
    name: 'SearchPattern',
    share: 2,
    query: 'query SearchPattern { searchPattern(pattern: "* ->> *", first: 20) { totalCount } }',
  },
  {
    name: 'Anomalies',
    share: 2,
    query: 'query Anomalies { anomalies(first: 20) { totalCount nodes { kind explanation } } }',
  },
]

/** Pause between two requests of one client. */
const THINK_MS = { least: 500, most: 2500 }
/** Interval between two writes of OpenCode. */
const WRITE_EVERY_MS = 250

const home = mkdtempSync(join(tmpdir(), 'delegraph-load-'))
try {
  process.exitCode = await load()
} finally {
  rmSync(home, { recursive: true, force: true })
}

async function load(): Promise<number> {
  const random = seededRandom(1)
  const size = { ...heavy(0.1), sessions: 600, text: 0.3 }
  const truth = writeCorpus(home, { seed: 1, size, layouts: ['database'] })
  const source = join(home, 'database/opencode')
  const { profile } = options
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(profile)]
  const server = spawn(
    process.execPath,
    [...profiling, COMMAND, 'serve', '--port', '0', '--source', source, '--db', join(home, 'load.duckdb')],
    { env: cleanEnvironment(home), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const kill = () => server.kill('SIGKILL')
  process.on('exit', kill)
  let out = ''
  server.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  while (!/^Read /m.test(out)) await pause(50)
  const port = Number(/:(\d+)\/graphql/.exec(out)?.[1])
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

  const ask = (path: string, body: object | null, accept = 'application/json') =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', accept }
      const method = body === null ? 'GET' : 'POST'
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent }, resolve)
      sent.on('error', reject)
      sent.end(body === null ? undefined : JSON.stringify(body))
    })
  const textOf = async (response: IncomingMessage): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  // ---------------------------------------------------------------- clients

  const begun = now()
  const isOver = () => now() - begun > durationMs
  const took = new Map<string, number[]>(MIX.map(({ name }) => [name, []]))
  const failures: string[] = []
  const sessions = Object.keys(truth.sessions)
  const traces = Object.keys(truth.traces)
  const shares = Object.fromEntries(MIX.map(({ name, share }) => [name, share]))

  async function client(): Promise<void> {
    await pause(random.next() * THINK_MS.most)
    while (!isOver()) {
      const name = random.weighted(shares)
      const query = MIX.find((each) => each.name === name)?.query
      const variables = {
        session: sessions[random.whole(0, sessions.length - 1)],
        trace: traces[random.whole(0, traces.length - 1)],
      }
      const start = now()
      try {
        const response = await ask('/graphql', { query, variables })
        const body = await textOf(response)
        if (response.statusCode !== 200 || body.startsWith('{"errors"') || body.includes('],"errors":['))
          failures.push(`${name}: ${response.statusCode} ${body.slice(0, 200)}`)
      } catch (error) {
        failures.push(`${name}: ${error}`)
      }
      took.get(name)?.push(now() - start)
      await pause(THINK_MS.least + random.next() * (THINK_MS.most - THINK_MS.least))
    }
  }

  let messages = 0
  let ended = 0
  const streams: IncomingMessage[] = []
  async function subscriber(): Promise<void> {
    const query = 'subscription Changes { changes { cursor traces { id status } } }'
    const response = await ask('/graphql', { query }, 'text/event-stream')
    assert.equal(response.statusCode, 200)
    streams.push(response)
    response.setEncoding('utf8').on('data', (text: string) => {
      messages += text.match(/^event: next/gm)?.length ?? 0
    })
    response.on('end', () => {
      ended += 1
    })
  }

  // ---------------------------------------------------------------- the writer, and the measurements

  let writes = 0
  const opencode = new Database(join(source, 'opencode.db'))
  const update = opencode.prepare('UPDATE session SET title = ?, time_updated = ? WHERE id = ?')
  const writer = setInterval(() => {
    writes += 1
    update.run(`Title ${writes}`, Date.now(), sessions[random.whole(0, sessions.length - 1)])
  }, WRITE_EVERY_MS)

  const samples: { atMs: number; stallMs: number; heapMb: number; rssMb: number }[] = []
  async function watcher(): Promise<void> {
    while (!isOver()) {
      const text = await textOf(await ask('/metrics', null))
      const figure = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
      samples.push({
        atMs: now() - begun,
        stallMs: figure('nodejs_eventloop_lag_max_seconds') * 1000,
        heapMb: figure('nodejs_heap_size_used_bytes') / 1e6,
        rssMb: figure('process_resident_memory_bytes') / 1e6,
      })
      await pause(1000)
    }
  }

  const idle = idleLoop()
  await Promise.all(Array.from({ length: subscribers }, subscriber))
  await Promise.all([watcher(), ...Array.from({ length: clients }, client)])
  clearInterval(writer)
  opencode.close()
  const idleStallMs = await idle.end()
  const endedBefore = ended
  const stopping = now()
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  const stopMs = now() - stopping
  process.off('exit', kill)
  agent.destroy()

  // ---------------------------------------------------------------- results

  const quantile = (values: readonly number[], q: number) =>
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN
  console.table(
    Object.fromEntries(
      [...took].map(([name, ms]) => [
        name,
        {
          asked: ms.length,
          'p50 ms': Math.round(quantile(ms, 0.5)),
          'p99 ms': Math.round(quantile(ms, 0.99)),
          'max ms': Math.round(quantile(ms, 1)),
        },
      ]),
    ),
  )
  // The first quarter warms up. Memory in use shows after a garbage collection, hence the minimum over a while.
  const warm = samples.filter(({ atMs }) => atMs > durationMs / 4)
  const part = Math.max(1, Math.floor(warm.length / 4))
  const least = (of: typeof samples, key: 'heapMb' | 'rssMb') => Math.min(...of.map((sample) => sample[key]))
  const [early, late] = [warm.slice(0, part), warm.slice(-part)]
  const asked = [...took.values()].reduce((sum, each) => sum + each.length, 0)
  console.log(
    `${asked} requests, ${failures.length} failed; ${writes} writes, ${messages} messages to ${subscribers} subscribers, ${endedBefore} of whom were dropped`,
  )
  console.log(
    `event loop: worst stall ${Math.round(Math.max(...warm.map(({ stallMs }) => stallMs)))} ms, median of the worst of each second ${Math.round(median(warm.map(({ stallMs }) => stallMs)))} ms; of a process beside it that does nothing: ${Math.round(idleStallMs)} ms`,
  )
  console.log(
    `heap: ${least(early, 'heapMb').toFixed(0)} MB after warming up, ${least(late, 'heapMb').toFixed(0)} MB at the end; RSS: ${least(early, 'rssMb').toFixed(0)} MB, ${least(late, 'rssMb').toFixed(0)} MB`,
  )
  console.log(`SIGTERM: exit code ${code} after ${Math.round(stopMs)} ms`)
  for (const failure of failures.slice(0, 5)) console.log(failure)
  return failures.length > 0 || code !== 0 || endedBefore > 0 || messages === 0 ? 1 : 0
}

/** Event loop delay of an idle process, with which the server's own delays are compared. */
function idleLoop(): { end: () => Promise<number> } {
  const code = `
    const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    process.stdin.on('end', () => console.log(delay.max / 1e6)).resume()`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  return {
    async end() {
      child.stdin.end()
      return Number(await text(child.stdout))
    },
  }
}
