/**
 * Runs a real OpenCode, driven by a scripted language model, while delegraph watches its files. In the end, the
 * watching delegraph must give the same answers as one that reads everything anew; until then, the delay until it
 * announces a change is measured.
 *
 *   npm run live-run -- --recorder DIR [--version 1.18.34] [--scenario nested]
 *
 *   --recorder   the recorder of recordings like those in fixtures/, with its binaries installed
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { ChangesDocument, subscribe } from 'delegraph/client'
import { median, now } from './measure.ts'
import { EVERYTHING } from './queries.ts'
import { startServer } from './server.ts'

const { values: options } = parseArgs({
  options: {
    recorder: { type: 'string' },
    version: { type: 'string', default: '1.18.34' },
    scenario: { type: 'string', default: 'nested' },
  },
})
if (!options.recorder) {
  console.error('npm run live-run -- --recorder DIR [--version 1.18.34] [--scenario nested]')
  process.exit(2)
}

const SETTLES_WITHIN_MS = 60_000
const work = mkdtempSync(join(tmpdir(), 'delegraph-live-'))
const homes = join(work, 'homes')
mkdirSync(homes)

async function until<T>(found: () => T | null | undefined, what: string, withinMs = 60_000): Promise<T> {
  for (const since = now(); now() - since < withinMs; await new Promise((resume) => setTimeout(resume, 5))) {
    const value = found()
    if (value !== null && value !== undefined) return value
  }
  throw new Error(`${what}: not within ${withinMs / 1000} s`)
}

async function run(recorder: string): Promise<boolean> {
  const recording = spawn(
    process.execPath,
    [join(recorder, 'record.mjs'), options.version, options.scenario, join(work, 'recording')],
    { env: { ...process.env, TMPDIR: homes, RECORDER_KEEP: '1' }, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const recorded = once(recording, 'exit')
  const home = await until(() => readdirSync(homes).find((name) => name.startsWith('rec-')), 'a home of OpenCode’s')
  const data = join(homes, home, '.local/share')

  // Starts before OpenCode has written anything, so that its files must be found when they appear.
  const server = await startServer(['--db', join(work, 'live.duckdb')], work, { watch: true, dataHome: data })
  const ending = new AbortController()
  // Until there is a history, the bundled recordings are served.
  let newestMs = Date.now()
  const latenciesMs: number[] = []
  let messages = 0
  const following = (async () => {
    for await (const { changes } of subscribe(ChangesDocument, {}, { url: server.url, signal: ending.signal })) {
      messages++
      const lastMs = Math.max(...changes.sessions.map((session) => Date.parse(session.lastActivityAt)))
      // New titles and late figures are changes without a newer activity.
      if (lastMs <= newestMs) continue
      newestMs = lastMs
      latenciesMs.push(Date.now() - lastMs)
    }
  })()

  const [code] = await recorded
  if (code !== 0) throw new Error(`the recorder ended with ${code}`)
  const fresh = await startServer(['--db', ':memory:'], work, { dataHome: data })
  await fresh.ready()
  const truth = await fresh.ask(EVERYTHING)
  await fresh.stop()
  const since = now()
  let seen = await server.ask(EVERYTHING)
  while (!isDeepStrictEqual(seen, truth) && now() - since < SETTLES_WITHIN_MS) {
    await new Promise((resume) => setTimeout(resume, 20))
    seen = await server.ask(EVERYTHING)
  }
  const settledMs = now() - since
  ending.abort()
  await following.catch(() => {})
  await server.stop()

  const isRight = isDeepStrictEqual(seen, truth)
  const sorted = latenciesMs.sort((a, b) => a - b)
  const verdict = isRight ? 'the same' : 'NOT the same'
  const medianMs = median(sorted).toFixed(0)
  const longestMs = sorted.at(-1)?.toFixed(0)
  console.log(
    `OpenCode ${options.version}, ${options.scenario}: ${verdict} as a fresh read ${settledMs.toFixed(0)} ms after it; ` +
      `${messages} messages, told ${medianMs} ms after the last activity in the median, ${longestMs} at the most`,
  )
  if (!isRight) console.log(`${JSON.stringify(seen)}\n${JSON.stringify(truth)}`)
  return isRight
}

try {
  process.exitCode = (await run(resolve(options.recorder))) ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
