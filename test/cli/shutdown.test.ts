/** How `delegraph serve` ends. Runs `dist/cli.js`, which `npm test` builds first. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The goal is two seconds, which an idle machine keeps; a busy one may take longer. */
const WITHIN_MS = 10_000

/** A slow request: several long queries at once. */
const SLOW = `{ ${Array.from({ length: 3 }, (_, i) => `a${i}: agents(filter: { text: "${i}" }) { agent duration { p50 } tools { tool } calledBy { agent } }`).join(' ')} }`

describe('SIGTERM', () => {
  const home = mkdtempSync(join(tmpdir(), 'delegraph-shutdown-'))
  const source = join(home, 'source')
  const children: ChildProcess[] = []
  beforeAll(() => cpSync(join(root, 'fixtures/opencode/1.18.34/nested/data'), source, { recursive: true }))
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  })

  async function serve(db: string) {
    const args = [join(root, 'dist/cli.js'), 'serve', '--source', source, '--db', db, '--port', '0']
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, HOME: home } })
    children.push(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
    })
    const ended = new Promise<number | string | null>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal)),
    )
    await expect.poll(() => out + err).toMatch(/http:\S+\/graphql/)
    const url = /http:\S+\/graphql/.exec(out)?.[0] ?? ''
    return { child, url, ended, out: () => out, err: () => err }
  }
  const post = (url: string, query: string, accept = 'application/json') =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    })

  it('answers what is asked, ends subscribers, and leaves a database that is whole without a log', async () => {
    const db = join(home, 'ready.duckdb')
    const { child, url, ended, err } = await serve(db)
    await expect.poll(async () => (await fetch(new URL('/ready', url))).status).toBe(200)
    expect(existsSync(`${db}.wal`)).toBe(true)
    const events = await post(url, 'subscription { changes { cursor } }', 'text/event-stream')
    const all = events.text()
    const metrics = async () => (await fetch(new URL('/metrics', url))).text()
    await expect.poll(metrics).toContain('delegraph_subscribers{operation="other"} 1')
    const answer = post(url, SLOW).then((response) => response.json())
    // The request has reached the server: it is being answered, or has been already.
    await expect.poll(metrics).toMatch(/delegraph_operations_running 1|operation_seconds_count{operation="other"/)
    const begun = performance.now()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(performance.now() - begun).toBeLessThan(WITHIN_MS)
    const { data, errors } = await answer
    // A busy machine may not finish it in time; then the answer says so.
    if (errors === undefined) expect(Object.keys(data)).toHaveLength(3)
    else
      expect(errors[0]).toMatchObject({
        extensions: { code: 'STORE_UNAVAILABLE' },
        message: expect.stringMatching(/is shutting down/),
      })
    expect(await all).toContain('event: complete')
    expect(existsSync(db)).toBe(true)
    expect(existsSync(`${db}.wal`)).toBe(false)
    expect(err()).not.toMatch(/"level":"(error|warn)"/)
  })

  it('ends it at once where it is the second signal, of whichever kind the first one was', async () => {
    for (const [first, second] of [
      ['SIGINT', 'SIGTERM'],
      ['SIGTERM', 'SIGINT'],
    ] as const) {
      const { child, url, ended } = await serve(join(home, `${first}.duckdb`))
      // An incomplete request delays the shutdown after the first signal, however late the second one comes.
      const unended = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
      await new Promise((written) => unended.write('GET /health HTTP/1.1\r\n', written))
      child.kill(first)
      child.kill(second)
      expect([first, second]).toContain(await ended)
    }
  })

  it('ends a reading that is under way, at whatever moment', async () => {
    for (let i = 0; i < 4; i++) {
      const db = join(home, `reading-${i}.duckdb`)
      const { child, ended, out, err } = await serve(db)
      const begun = performance.now()
      child.kill('SIGTERM')
      expect(await ended, err()).toBe(0)
      expect(out()).toMatch(/Stopping\.\n$/)
      expect(performance.now() - begun).toBeLessThan(WITHIN_MS)
      expect(existsSync(`${db}.wal`)).toBe(false)
      expect(err()).not.toMatch(/"level":"(error|warn)"/)
    }
  })
})
