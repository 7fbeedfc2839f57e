/** Runs the built command, `dist/cli.js`, which `npm test` builds first. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/duckdb/open.ts'
import type { SourceState } from '../../src/store/store.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'dist/cli.js')

/** The state of a source whose first reading has begun. */
const begun = (state: SourceState): SourceState => ({
  ...state,
  fingerprint: 'unread',
  sessions: 0,
  files: 0,
  bytes: 0,
})

interface Outcome {
  code: number
  out: string
  err: string
}

describe('the command', () => {
  const home = mkdtempSync(join(tmpdir(), 'delegraph-cli-'))
  const empty = join(home, 'empty')
  const source = join(home, 'source')
  const db = join(home, 'store', 'delegraph.duckdb')
  const running: ChildProcess[] = []

  beforeAll(() => {
    mkdirSync(empty)
    // A copy, since SQLite writes files beside a database even if it only reads it.
    cpSync(join(root, 'fixtures/opencode/1.18.34/nested/data'), source, { recursive: true })
  })
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  })

  const environment = { PATH: process.env.PATH, HOME: empty, XDG_DATA_HOME: join(empty, 'data') }
  const start = (args: string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [cli, ...args], { env: { ...environment, ...env } })
    running.push(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
    })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return { child, ended, out: () => out, err: () => err }
  }
  const run = async (args: string[], env: Record<string, string> = {}): Promise<Outcome> => {
    const { ended, out, err } = start(args, env)
    return { code: (await ended) ?? -1, out: out(), err: err() }
  }
  const address = async (serving: ReturnType<typeof start>): Promise<string> => {
    await expect.poll(() => serving.out() + serving.err()).toMatch(/http:\S+\/graphql/)
    return /http:\S+\/graphql/.exec(serving.out())?.[0] ?? ''
  }
  const ask = async (url: string, query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    })
    return (await response.json()) as { data?: Record<string, never>; errors?: unknown[] }
  }

  describe('helps', () => {
    it('says what it can do, and how each command is used', async () => {
      const { code, out } = await run(['--help'])
      expect(code).toBe(0)
      for (const word of ['serve', 'ingest', 'query', 'schema', 'doctor', 'DELEGRAPH_STALE_AFTER', 'Exit codes']) {
        expect(out).toContain(word)
      }
      const serve = await run(['serve', '--help'])
      for (const option of [
        'source',
        'db',
        'port',
        'host',
        'no-watch',
        'stale-after',
        'anomaly-threshold',
        'token',
        'open',
        'read-only',
        'token-file',
        'log-level',
        'log-format',
        'max-response',
        'query-timeout',
      ]) {
        expect(serve.out).toContain(`--${option}`)
      }
    })

    it('gives what only reads no options that only what answers makes use of', async () => {
      const optionsOf = async (command: string) => {
        const { out } = await run([command, '--help'])
        return [...out.matchAll(/^ +--([a-z-]+)/gm)].map(([, name]) => name)
      }
      expect(await optionsOf('ingest')).toEqual(['source', 'db'])
      expect(await optionsOf('doctor')).toEqual(['source', 'db'])
    })

    it('prints the committed schema', async () => {
      const { out } = await run(['schema'])
      expect(out).toBe(readFileSync(join(root, 'schema.graphql'), 'utf8'))
    })

    it('lists all that is wrong at once, with exit code 2', async () => {
      const { code, err, out } = await run(['serve', '--port', 'http', '--stale-after', 'soon'], {
        DELEGRAPH_OPEN: 'perhaps',
      })
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('--port ("http"): must be a number from 0 to 65535')
      expect(err).toContain('--stale-after ("soon"): must be a number with a unit')
      expect(err).toContain('DELEGRAPH_OPEN ("perhaps"): must be true or false')
      expect(err).not.toMatch(/\n\s+at /)
    })

    it('says which variable is named like an option and is none, and goes on', async () => {
      const { code, err } = await run(['query', '{ ingest { status } }'], { DELEGRAPH_STALEAFTER: '1h' })
      expect(code).toBe(0)
      expect(err).toContain('DELEGRAPH_STALEAFTER is not an option of delegraph and is ignored')
    })

    it('refuses what it does not know', async () => {
      expect(await run(['--prot', '4000'])).toMatchObject({
        code: 2,
        err: expect.stringContaining("unknown option '--prot'"),
      })
      expect(await run(['serf'])).toMatchObject({
        code: 2,
        err: expect.stringContaining("unknown command 'serf'. There are serve, "),
      })
    })

    it('says what a source is that is none, with exit code 3', async () => {
      const { code, err } = await run(['ingest', '--source', join(home, 'nowhere'), '--db', ':memory:'])
      expect(code).toBe(3)
      expect(err).toMatch(/nowhere: no such file or directory\. Expected OpenCode's data directory/)
    })
  })

  describe('query', () => {
    it('reads what changed and answers JSON, nothing else', async () => {
      const answer = await run([
        'query',
        '{ sessions { totalCount nodes { agents } } }',
        '--source',
        source,
        '--db',
        db,
      ])
      expect([answer.code, answer.err]).toEqual([0, ''])
      const { data } = JSON.parse(answer.out)
      expect(data.sessions.nodes[0].agents).toContain('coordinateur')
      expect(statSync(db).mode & 0o777).toBe(0o600)
    })

    it('takes a file and variables, and can leave the reading out', async () => {
      const file = join(home, 'q.graphql')
      writeFileSync(file, 'query ($agents: [String!]) { traces(filter: { agents: $agents }) { totalCount } }')
      const variables = JSON.stringify({ agents: ['coordinateur'] })
      const answer = await run([
        'query',
        '--file',
        file,
        '--variables',
        variables,
        '--no-ingest',
        '--source',
        source,
        '--db',
        db,
      ])
      expect(answer.code).toBe(0)
      expect(JSON.parse(answer.out).data.traces.totalCount).toBeGreaterThan(0)
    })

    it('without a reading refuses where nothing was read before, and makes no database', async () => {
      const own = join(home, 'never.duckdb')
      for (const from of [[], ['--source', source]]) {
        const answer = await run(['query', '{ sessions { totalCount } }', '--no-ingest', '--db', own, ...from])
        expect(answer).toMatchObject({ code: 3, out: '', err: expect.stringContaining(`${own} does not exist`) })
        expect(existsSync(own)).toBe(false)
      }
      const inMemory = await run(['query', '{ sessions { totalCount } }', '--no-ingest', '--db', ':memory:'])
      expect(inMemory).toMatchObject({ code: 3, out: '', err: expect.stringContaining('in memory starts empty') })
    })

    it('asks the bundled recordings only where there is neither OpenCode nor a database, and keeps nothing', async () => {
      const demo = await run(['query', '{ ingest { demo } sessions { totalCount } }'])
      expect(demo).toMatchObject({ code: 0, err: expect.stringContaining('recordings that come with delegraph') })
      expect(JSON.parse(demo.out).data).toEqual({ ingest: { demo: true }, sessions: { totalCount: 13 } })
      expect(existsSync(join(empty, 'data'))).toBe(false)
    })

    it('without a reading answers from the database, also where OpenCode is no more', async () => {
      const own = join(home, 'kept.duckdb')
      await run(['ingest', '--source', source, '--db', own])
      const answer = await run(['query', '{ sessions { totalCount } }', '--no-ingest', '--db', own])
      expect(answer.code).toBe(0)
      expect(JSON.parse(answer.out).data.sessions.totalCount).toBeGreaterThan(0)
    })

    it('ends with 1 when the answer has errors, which are those of the server, with their codes', async () => {
      const serving = start(['--source', source, '--db', ':memory:', '--port', '0', '--no-watch'])
      const url = await address(serving)
      const wrong = {
        BAD_USER_INPUT: '{ sessions(first: -1) { totalCount nodes { id } } }',
        GRAPHQL_VALIDATION_FAILED: '{ nothing }',
        GRAPHQL_PARSE_FAILED: '{',
        OPERATION_RESOLUTION_FAILURE: 'query A { __typename } query B { __typename }',
      }
      for (const [code, query] of Object.entries(wrong)) {
        const answer = await run(['query', query, '--source', source, '--db', ':memory:'])
        expect([answer.code, answer.err], query).toEqual([1, ''])
        expect(JSON.parse(answer.out)).toEqual(await ask(url, query))
        expect(JSON.parse(answer.out).errors).toMatchObject([{ extensions: { code } }])
      }
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
    })

    it('ends with 2 when it is asked wrongly', async () => {
      expect((await run(['query'])).code).toBe(2)
      expect((await run(['query', '{ __typename }', '--file', 'x'])).code).toBe(2)
      expect((await run(['query', '{ __typename }', '--variables', '[1]'])).err).toContain(
        '--variables: write a JSON object',
      )
      expect(await run(['query', 'subscription { changes { cursor } }'])).toEqual({
        code: 2,
        out: '',
        err: expect.stringMatching(/^Wrong options:\n {2}query: a subscription .*"delegraph serve".*\n$/),
      })
    })
  })

  describe('a query beside a first reading', () => {
    const count = '{ ingest { message } sessions { totalCount } }'
    const countOf = ({ out }: Outcome) => JSON.parse(out).data.sessions.totalCount

    /** A database of another process that has just begun to read the source. */
    async function beginningOf(name: string) {
      const own = join(home, name)
      await run(['ingest', '--source', source, '--db', own])
      const other = await openStore({ path: own })
      const states = await other.loadSources()
      await other.saveSources({ states: states.map(begun), rejections: null })
      return { own, other, states }
    }

    it('waits until the other has gone, and then reads itself what is left', async () => {
      const own = join(home, 'begun.duckdb')
      const other = await openStore({ path: own })
      const asking = start(['query', count, '--source', source, '--db', own])
      await expect
        .poll(asking.err)
        .toMatch(/^Waiting for the first read of another delegraph \(process \d+\) to finish, .*--wait/)
      expect(asking.out()).toBe('')
      await other.close()
      expect(await asking.ended).toBe(0)
      expect(JSON.parse(asking.out()).data).toEqual({ ingest: { message: null }, sessions: { totalCount: 1 } })
      expect(asking.err().split('Waiting')).toHaveLength(2)
    })

    it('waits until the other has come to its end, and answers from a copy', async () => {
      const { own, other, states } = await beginningOf('half.duckdb')
      const asking = start(['query', count, '--source', source, '--db', own])
      await expect.poll(asking.err).toContain('Waiting')
      await other.saveSources({ states, rejections: null })
      expect(await asking.ended).toBe(0)
      expect(asking.err()).toContain('Read-only: this is a copy')
      expect(asking.err()).not.toContain('missing')
      await other.close()
    })

    it('says aloud that it is answered from a part when it waits no longer, and when it does not read', async () => {
      const { own, other } = await beginningOf('part-of-it.duckdb')
      const asked = (...args: string[]) => run(['query', count, '--source', source, '--db', own, ...args])
      const impatient = await asked('--wait', '0s')
      expect(impatient).toMatchObject({ code: 4, err: expect.stringContaining('sessions are missing') })
      expect(impatient.err).not.toContain('Waiting')
      expect(JSON.parse(impatient.out).data.ingest.message).toContain('sessions are missing')
      const copied = await asked('--no-ingest')
      expect(copied).toMatchObject({ code: 4, err: expect.stringContaining('sessions are missing') })
      await other.close()
      const left = await asked('--no-ingest')
      expect(left).toMatchObject({ code: 4, err: expect.stringContaining('sessions are missing') })
      const whole = await asked()
      expect(whole).toMatchObject({ code: 0, err: '' })
      expect(countOf(whole)).toBe(1)
      expect(await asked('--no-ingest')).toMatchObject({ code: 0 })
    })

    it('is answered in full as often as it is asked at once where nothing was read before', async () => {
      const own = join(home, 'many-at-once.duckdb')
      const asked = Array.from({ length: 4 }, () => run(['query', count, '--source', source, '--db', own]))
      for (const answer of await Promise.all(asked)) {
        expect(answer).toMatchObject({ code: 0 })
        expect(countOf(answer)).toBe(1)
      }
    })
  })

  describe('ingest', () => {
    it('says what it read, and the next time that nothing has changed', async () => {
      const own = join(home, 'ingest.duckdb')
      const first = await run(['ingest', '--source', source, '--db', own])
      expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/Read \d+ sessions in/) })
      const second = await run(['ingest', '--source', source, '--db', own])
      expect(second).toMatchObject({
        code: 0,
        out: expect.stringContaining('Nothing has changed since the last read'),
      })
    })

    it('where there is no OpenCode says where it looked, and reads nothing in its place', async () => {
      const own = join(home, 'fresh.duckdb')
      const { code, out, err } = await run(['ingest', '--db', own])
      expect([code, out]).toEqual([3, ''])
      expect(err).toContain(`was found in ${join(empty, 'data', 'opencode')}`)
      expect([existsSync(own), existsSync(join(empty, 'data'))]).toEqual([false, false])
    })
  })

  describe('a database whose sources are gone', () => {
    const own = join(home, 'history.duckdb')
    const count = '{ ingest { demo status message } sessions { totalCount } }'
    beforeAll(() => run(['ingest', '--source', source, '--db', own]))

    it('is asked as it is, with a word about them', async () => {
      const answer = await run(['query', count, '--db', own])
      expect(answer).toMatchObject({ code: 0, err: expect.stringContaining('No OpenCode data was found') })
      expect(JSON.parse(answer.out).data).toMatchObject({ ingest: { demo: false }, sessions: { totalCount: 1 } })
    })

    it('is served as it is, and again what OpenCode writes when it is there', async () => {
      const data = join(home, 'mounted')
      const serving = start(['--db', own, '--port', '0'], { XDG_DATA_HOME: data })
      const url = await address(serving)
      await expect.poll(async () => (await fetch(new URL('/ready', url))).status).toBe(200)
      const { data: before } = await ask(url, count)
      expect(before).toMatchObject({
        ingest: { demo: false, message: expect.stringContaining('this is what was read before') },
        sessions: { totalCount: 1 },
      })
      cpSync(join(root, 'fixtures/opencode/1.18.34/sequence/data'), join(data, 'opencode'), { recursive: true })
      await expect
        .poll(async () => (await ask(url, '{ ingest { message sources { source { path } } } }')).data?.ingest)
        .toEqual({ message: null, sources: [{ source: { path: join(data, 'opencode', 'opencode.db') } }] })
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
    })

    it('keeps what it has when it is told to read', async () => {
      const kept = join(home, 'kept-history.duckdb')
      await run(['ingest', '--source', source, '--db', kept])
      const { code, out, err } = await run(['ingest', '--db', kept])
      expect([code, out]).toEqual([3, ''])
      expect(err).toContain(`${kept} keeps what it has`)
      const answer = await run(['query', count, '--no-ingest', '--db', kept])
      expect(JSON.parse(answer.out).data.sessions.totalCount).toBe(1)
    })
  })

  it('says of a source that is gone what is no longer shown, where there are others', async () => {
    const own = join(home, 'two.duckdb')
    const other = join(home, 'other')
    cpSync(join(root, 'fixtures/opencode/1.18.34/sequence/data'), other, { recursive: true })
    const both = await run(['ingest', '--source', source, '--source', other, '--db', own])
    expect(both).toMatchObject({ code: 0, err: '' })
    const one = await run(['ingest', '--source', source, '--db', own])
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('gone since') })
    expect(one.err).toMatch(/other\/opencode\.db is no longer a source, .* \(\d+ sessions\)\.\n$/)
    expect((await run(['ingest', '--source', source, '--db', own])).err).toBe('')
  })

  describe('a source that cannot be read at all', () => {
    const broken = join(home, 'broken', 'opencode')
    const file = join(broken, 'opencode.db')
    const reason = `${file} cannot be read: file is not a database`
    beforeAll(() => {
      mkdirSync(broken, { recursive: true })
      writeFileSync(file, Buffer.alloc(8192, 'no database'))
    })

    it('makes a reading fail that has no other, with its name and the reason', async () => {
      const args = ['--source', broken, '--db', ':memory:']
      const asked = await run(['query', '{ ingest { status message rejectedCount } sessions { totalCount } }', ...args])
      expect(asked).toMatchObject({ code: 3, err: `Reading failed: ${reason}\n` })
      expect(JSON.parse(asked.out).data).toEqual({
        ingest: { status: 'FAILED', message: reason, rejectedCount: 1 },
        sessions: { totalCount: 0 },
      })
      expect(await run(['ingest', ...args])).toMatchObject({ code: 3, err: `Reading failed: ${reason}\n` })
    })

    it('is named beside those that can be read', async () => {
      const args = ['--source', broken, '--source', source, '--db', ':memory:']
      const asked = await run(['query', '{ ingest { status rejected { path } } sessions { totalCount } }', ...args])
      expect(asked).toMatchObject({ code: 0, err: `${reason}\n` })
      expect(JSON.parse(asked.out).data).toEqual({
        ingest: { status: 'IDLE', rejected: [{ path: file }] },
        sessions: { totalCount: 1 },
      })
      expect(await run(['ingest', ...args])).toMatchObject({ code: 0, err: `${reason}\n` })
    })

    it('is no good news to the doctor', async () => {
      const { code, out } = await run(['doctor', '--source', broken, '--db', ':memory:'])
      expect(code).toBe(1)
      expect(out).toContain(`OPENCODE_SQLITE ${file}: file is not a database`)
      expect(out).toContain(`- ${reason}`)
    })
  })

  describe('serve', () => {
    it('answers, says when it is ready, and stops at SIGTERM', async () => {
      const serving = start(['--source', source, '--db', ':memory:', '--port', '0'])
      const url = await address(serving)
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/)
      const ready = new URL('/ready', url)
      await expect.poll(async () => (await fetch(ready)).status).toBe(200)
      await expect
        .poll(async () => (await ask(url, '{ ingest { status } }')).data?.ingest)
        .toEqual({ status: 'WATCHING' })
      const { data } = await ask(url, '{ ingest { sessions demo sources { source { kind } sessions } } }')
      expect(data?.ingest).toMatchObject({ demo: false, sources: [{ source: { kind: 'OPENCODE_SQLITE' } }] })
      await expect.poll(serving.out).toMatch(/Read \d+ sessions? in/)
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
      const events = serving.err().split('\n').slice(0, -1)
      expect(events.map((line) => JSON.parse(line))).toMatchObject([
        { level: 'info', message: 'listening', url: url.replace('/graphql', '') },
        { level: 'info', message: 'read', sessionsRead: expect.any(Number) },
        { level: 'info', message: 'stopping' },
      ])
    })

    it('says all that it has to say in its log where it is told to log JSON, for those who read both outputs as one', async () => {
      const args = ['--source', source, '--db', ':memory:', '--log-format', 'json', '--no-watch']
      const serving = start([...args, '--port', '0'])
      const events = () =>
        serving
          .err()
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line))
      const told = (text: string) => events().some(({ message }) => message.includes(text))
      await expect.poll(() => told('Read 4 sessions')).toBe(true)
      const { url } = events().find(({ message }) => message === 'listening')
      expect(told(`GraphiQL and the API: ${url}/graphql`)).toBe(true)
      const taken = await run([...args, '--port', new URL(url).port])
      expect({ ...taken, err: JSON.parse(taken.err) }).toMatchObject({
        code: 3,
        out: '',
        err: { level: 'error', message: expect.stringMatching(/^Port \d+ is in use/) },
      })
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
      expect(serving.out()).toBe('')
      expect(told('stopping')).toBe(true)
    })

    it('says once why its readings fail, until one has succeeded', async () => {
      const away = join(home, 'away')
      const place = join(home, 'coming-and-going')
      cpSync(source, place, { recursive: true })
      const serving = start(['--source', place, '--db', ':memory:', '--port', '0', '--no-watch'])
      const url = await address(serving)
      const readNow = async () => (await ask(url, 'mutation { ingestNow { status } }')).data?.ingestNow
      const said = () => serving.err().split('Reading failed').length - 1
      expect(await readNow()).toEqual({ status: 'IDLE' })
      for (const times of [1, 2]) {
        renameSync(place, away)
        for (let i = 0; i < 3; i++) expect(await readNow()).toEqual({ status: 'FAILED' })
        renameSync(away, place)
        expect(await readNow()).toEqual({ status: 'IDLE' })
        await expect.poll(said).toBe(times)
      }
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
      expect(said()).toBe(2)
    })

    it('counts what happens, and says what is asked to its log at debug alone', async () => {
      const args = ['--source', source, '--db', ':memory:', '--port', '0', '--no-watch']
      for (const level of ['info', 'debug']) {
        const serving = start([...args, '--log-level', level])
        const url = await address(serving)
        await expect.poll(async () => (await fetch(new URL('/ready', url))).status).toBe(200)
        await ask(url, 'query Sessions { sessions(filter: { text: "a secret word" }) { totalCount } }')
        await ask(url, '{ sessions(filter: { text: "a secret word" }) { totalCount } nothing }')
        const metrics = await (await fetch(new URL('/metrics', url))).text()
        expect(metrics).toMatch(/delegraph_operation_seconds_count\{operation="Sessions",outcome="ok"\} 1\n/)
        expect(metrics).toMatch(/delegraph_ingest_readings_total\{result="done"\} 1\n/)
        expect(metrics).toMatch(/delegraph_changes_published_total [1-9]/)
        expect(metrics).toMatch(/delegraph_ingest_lag_seconds \d/)
        serving.child.kill('SIGTERM')
        expect(await serving.ended).toBe(0)
        expect(serving.err().includes('a secret word')).toBe(level === 'debug')
        expect(metrics).not.toContain('secret')
      }
    })

    it('asks for a token that it never prints', async () => {
      const serving = start(['--source', source, '--db', ':memory:', '--port', '0', '--no-watch'], {
        DELEGRAPH_TOKEN: 'correct horse battery',
      })
      const url = await address(serving)
      expect((await ask(url, '{ __typename }')).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
      const authorization = 'Bearer correct horse battery'
      await expect
        .poll(async () => (await ask(url, '{ ingest { status } }', { authorization })).data?.ingest)
        .toEqual({ status: 'IDLE' })
      serving.child.kill('SIGINT')
      expect(await serving.ended).toBe(0)
      expect(serving.out() + serving.err()).not.toContain('correct horse')
    })

    it('on an address that others reach says what is exposed, and takes the token from a file', async () => {
      const refused = await run(['--host', '0.0.0.0', '--db', ':memory:', '--port', '0'])
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringMatching(/could read every prompt: add --token-file/),
      })
      const file = join(home, 'token')
      writeFileSync(file, 'correct horse battery\n', { mode: 0o644 })
      const args = ['--host', '0.0.0.0', '--token-file', file, '--source', source, '--db', ':memory:', '--port', '0']
      expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining(`Run: chmod 600 ${file}`) })
      chmodSync(file, 0o600)
      const serving = start(args)
      const url = (await address(serving)).replace('0.0.0.0', '127.0.0.1')
      await expect.poll(serving.out).toContain('Traffic is not encrypted')
      expect((await ask(url, '{ __typename }')).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
      const authorization = 'Bearer correct horse battery'
      expect((await ask(url, '{ __typename }', { authorization })).data).toEqual({ __typename: 'Query' })
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
      expect(serving.out() + serving.err()).not.toContain('correct horse')
    })

    it('says which port is taken, with exit code 3', async () => {
      const other = createServer()
      const port = await new Promise<number>((resolve) => {
        other.listen(0, '127.0.0.1', () => {
          const at = other.address()
          resolve(typeof at === 'object' && at !== null ? at.port : 0)
        })
      })
      try {
        const { code, err } = await run(['--port', String(port), '--db', ':memory:', '--source', source])
        expect(code).toBe(3)
        expect(err).toContain(`Port ${port} is in use, perhaps by another delegraph`)
      } finally {
        other.close()
      }
    })

    it('ends with 3, and listens no more, where what was read cannot be told', async () => {
      const damaged = join(home, 'damaged.duckdb')
      await run(['ingest', '--source', source, '--db', damaged])
      const store = await openStore({ path: damaged })
      await store.database.transaction((writer) => writer.run('DROP TABLE rejections'))
      await store.close()
      const serving = await run(['--source', source, '--db', damaged, '--port', '0'])
      expect(serving).toMatchObject({ code: 3, err: expect.stringContaining('rejections') })
    })

    it('keeps its database for itself; a query beside it is answered from a copy', async () => {
      const shared = join(home, 'shared.duckdb')
      const serving = start(['--source', source, '--db', shared, '--port', '0'])
      const url = await address(serving)
      await expect.poll(async () => (await fetch(new URL('/ready', url))).status).toBe(200)
      const second = await run(['--source', source, '--db', shared, '--port', '0'])
      expect(second).toMatchObject({ code: 3, err: expect.stringMatching(/Another delegraph .*is using/) })
      const beside = await run(['query', '{ sessions { totalCount } }', '--source', source, '--db', shared])
      expect(beside).toMatchObject({ code: 0, err: expect.stringContaining('Read-only') })
      expect(JSON.parse(beside.out).data.sessions.totalCount).toBeGreaterThan(0)
      serving.child.kill('SIGTERM')
      expect(await serving.ended).toBe(0)
    })
  })

  describe('doctor', () => {
    it('finds all well, or says what to do', async () => {
      const own = join(home, 'doctor.duckdb')
      const before = await run(['doctor', '--source', source, '--db', own])
      expect(before).toMatchObject({ code: 1, out: expect.stringContaining('run "delegraph ingest"') })
      await run(['ingest', '--source', source, '--db', own])
      const after = await run(['doctor', '--source', source, '--db', own])
      expect(after.out).toContain('All is well.')
      expect(after.out).toMatch(/OPENCODE_SQLITE .*opencode\.db/)
      expect(after.out).toMatch(/made by OpenCode 1\.18\.34 \(\d+\)/)
      expect(after.code).toBe(0)
    })

    it('calls a database old where OpenCode wrote since it was read, and not where all was quiet', async () => {
      const own = join(home, 'old.duckdb')
      await run(['ingest', '--source', source, '--db', own])
      const readAt = async (readAtMs: number) => {
        const store = await openStore({ path: own })
        const states = await store.loadSources()
        await store.saveSources({ states: states.map((state) => ({ ...state, readAtMs })), rejections: null })
        await store.close()
        return run(['doctor', '--source', source, '--db', own])
      }
      const madeMs = Date.parse('2026-11-24')
      expect((await readAt(madeMs - 7 * 24 * 3_600_000)).out).toContain('Nothing has been read since 2026-11-17')
      expect((await readAt(madeMs + 3 * 24 * 3_600_000)).out).toContain('All is well.')
    })

    it('says that a first reading was cut off', async () => {
      const own = join(home, 'part.duckdb')
      await run(['ingest', '--source', source, '--db', own])
      const store = await openStore({ path: own })
      await store.saveSources({ states: (await store.loadSources()).map(begun), rejections: null })
      await store.close()
      const { code, out } = await run(['doctor', '--source', source, '--db', own])
      expect(code).toBe(1)
      expect(out).toMatch(/from .*opencode\.db: its first read, started .*, has not finished/)
      expect(out).toContain('- The first read has not finished: run "delegraph ingest"')
    })

    it('says who may look at the database, who is using it, and when it was last read', async () => {
      const own = join(home, 'delegraph', 'doctor.duckdb')
      await run(['ingest', '--source', source, '--db', own])
      chmodSync(own, 0o644)
      chmodSync(join(home, 'delegraph'), 0o755)
      const open = await run(['doctor', '--source', source, '--db', own])
      expect(open).toMatchObject({ code: 1, out: expect.stringContaining('Other users can read') })
      expect(open.out).toContain(
        `Other users can list ${join(home, 'delegraph')}. Run: chmod 700 ${join(home, 'delegraph')}`,
      )
      chmodSync(join(home, 'delegraph'), 0o777)
      expect((await run(['doctor', '--source', source, '--db', own])).out).toContain(
        `Run: chmod go-w ${join(home, 'delegraph')}`,
      )
      chmodSync(join(home, 'delegraph'), 0o700)
      const serving = start(['--source', source, '--db', own, '--port', '0'])
      await expect.poll(serving.out).toMatch(/Read \d|Nothing has changed/)
      const used = await run(['doctor', '--source', source, '--db', own])
      expect(used).toMatchObject({ code: 0, out: expect.stringContaining('in use by another delegraph') })
      if (process.platform === 'linux') expect(used.out).toMatch(/[\d,]+ of [\d,]+ watches/)
      const beside = start(['--source', source, '--db', own, '--port', '0', '--read-only'])
      const url = await address(beside)
      const { data } = await ask(url, '{ sessions { totalCount } ingest { message } }')
      expect(data).toMatchObject({
        sessions: { totalCount: 1 },
        ingest: {
          message: expect.stringMatching(
            /^Read-only: this is a copy of the database of another delegraph, taken at \d{4}-/,
          ),
        },
      })
      await expect.poll(beside.out).toContain('taken at')
      for (const each of [beside, serving]) {
        each.child.kill('SIGTERM')
        expect(await each.ended).toBe(0)
      }
    })

    it('says where it looked for OpenCode in vain', async () => {
      const { code, out } = await run(['doctor', '--db', ':memory:'])
      expect(code).toBe(1)
      expect(out).toContain(join(empty, 'data', 'opencode'))
      expect(out).toContain('--source PATH')
    })
  })
})
