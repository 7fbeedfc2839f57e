import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { moveAside } from '../../src/store/duckdb/file.ts'
import { MIGRATIONS } from '../../src/store/duckdb/migrations.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { chain, makeForest } from '../forest.ts'

const rule = { nowMs: Date.UTC(2026, 10, 24), staleAfterMs: 600_000 }

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'delegraph-store-'))
  path = join(folder, 'data', 'delegraph.duckdb')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8)
const batchOf = (...names: string[]) => ({
  forests: [makeForest(names.map((id) => ({ id, turns: [chain(3)] })))],
  stamps: [],
  links: [],
  removedSessionIds: [],
})

/** Runs a statement with DuckDB alone, as another program would. */
async function directly(file: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Starts a process that opens the database with DuckDB, runs `body`, and then stays alive until it is killed. */
function elsewhere(body: string): ChildProcess {
  const code = `import { DuckDBInstance } from '@duckdb/node-api'
    const instance = await DuckDBInstance.create(${JSON.stringify(path)})
    const connection = await instance.connect()
    ${body}
    // Held on to, or they are collected and the file is anybody's.
    setInterval(() => [instance, connection], 1000)`
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function lineOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is piped')
  const [line] = await once(createInterface(child.stdout), 'line')
  return String(line)
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe('the file', () => {
  it('is made with its directory, both for their owner alone, and stays so whatever is written', async () => {
    const store = await openStore({ path })
    expect(modeOf(join(folder, 'data'))).toBe('700')
    expect(modeOf(path)).toBe('600')
    for (let i = 0; i < 3; i++) {
      await store.saveTraces(batchOf(`s${i}`))
      expect(modeOf(`${path}.wal`)).toBe('600')
      // A checkpoint removes the WAL; the next transaction creates another one.
      await store.database.select({ sql: 'CHECKPOINT', values: [] }, () => [])
      expect(existsSync(`${path}.wal`)).toBe(false)
    }
    await store.close()
    expect(modeOf(path)).toBe('600')
    expect(readdirSync(join(folder, 'data'))).toEqual(['delegraph.duckdb'])
  })

  it('has what does not fit into memory written where nobody else may look, each process elsewhere', async () => {
    const overflowOf = async (store: Store): Promise<string> => {
      const setting = { sql: "SELECT current_setting('temp_directory')", values: [] }
      const [directory] = await store.database.select(setting, ([cells = []]) => cells.map(String))
      return directory ?? ''
    }
    const writing = await openStore({ path })
    const overflow = await overflowOf(writing)
    // Beside the database, so that one left by a killed process is removed when the database is opened again.
    expect([modeOf(overflow), dirname(overflow)]).toEqual(['700', dirname(path)])
    await writing.close()
    const reading = await Promise.all([1, 2].map(() => openStore({ path, readOnly: true })))
    const overflows = await Promise.all(reading.map(overflowOf))
    expect([...new Set(overflows)].map(modeOf)).toEqual(['700', '700'])
    for (const store of reading) await store.close()
    expect([overflow, ...overflows].filter((directory) => existsSync(directory))).toEqual([])
  })

  it('is made without what a killed process left of its own, and with what a living one is making', async () => {
    const { pid = 0 } = spawnSync(process.execPath, ['-e', ''])
    for (const prefix of ['.delegraph-', 'delegraph.duckdb.tmp-']) {
      const left = join(folder, 'data', `${prefix}${pid}-aBcDeF`)
      const living = join(folder, 'data', `${prefix}${process.pid}-aBcDeF`)
      for (const each of [left, living]) mkdirSync(each, { recursive: true })
      await (await openStore({ path })).close()
      expect([existsSync(left), existsSync(living)]).toEqual([false, true])
    }
  })

  it('is closed to others when it was not', async () => {
    await (await openStore({ path })).close()
    chmodSync(path, 0o644)
    await (await openStore({ path })).close()
    expect(modeOf(path)).toBe('600')
  })

  it('has after a restart what was saved before', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a', 'b'))
    await store.close()
    const again = await openStore({ path })
    expect(await again.countAll()).toEqual({ sessions: 6, traces: 6 })
    expect(await again.saveTraces(batchOf('a', 'b'))).toMatchObject({
      sessionIds: [],
      traceIds: [],
      removedTraceIds: [],
    })
    await again.close()
  })

  it('does not keep what was replaced, however often that was and whatever stays between it', async () => {
    const store = await openStore({ path })
    for (let session = 0; session < 5; session++) {
      for (let change = 0; change < 10; change++) {
        const turn = { ...chain(3), with: { promptOutput: `Answer ${change}` } }
        const forests = [makeForest([{ id: `s${session}`, turns: [turn, chain(3)] }])]
        const stamp = { sourceId: 'a', sessionId: `ses_s${session}`, parentId: null, stamp: `${change}` }
        await store.saveTraces({ ...batchOf(), forests, stamps: [{ ...stamp, unsettled: false }] })
      }
      await store.checkpoint()
    }
    const traces = await store.getTracesByDateRange({}, ['promptOutput'], rule)
    expect(traces.filter(({ promptOutput }) => promptOutput === 'Answer 9')).toHaveLength(5)
    await store.close()
    const again = await openStore({ path })
    for (const trace of traces) {
      expect(await again.getTraceDetails([trace.id], ['promptOutput'], rule)).toEqual([trace])
    }
    await again.close()
    for (const [table, column, live] of [
      ['agent_traces', 'trace_id', 30],
      ['sessions', 'session_id', 25],
      ['session_stamps', 'session_id', 5],
    ]) {
      const [[stored] = []] = await directly(
        path,
        `SELECT sum(count)::INTEGER FROM pragma_storage_info('${table}') WHERE column_name = '${column}' AND segment_type = 'VARCHAR'`,
      )
      expect({ table, stored }).toEqual({ table, stored: live })
    }
  })

  it('is closed when nothing is written to it any more, be it what was being put in order', async () => {
    const store = await openStore({ path })
    // A WAL so large that a checkpoint takes longer than closing.
    for (let i = 0; i < 4; i++) {
      const many = `SELECT ${i} || md5(i::VARCHAR), string_agg(md5((i * j)::VARCHAR), ' ') FROM range(9000) a(i), range(15) b(j) GROUP BY i`
      await store.database.transaction((writer) => writer.run(`INSERT INTO session_links ${many}`))
    }
    const order: string[] = []
    const tidied = store.checkpoint().then(() => order.push('put in order'))
    // By now the checkpoint has begun.
    await new Promise((resume) => setImmediate(resume))
    await store.close().then(() => order.push('closed'))
    await tidied
    expect(order).toEqual(['put in order', 'closed'])
  })

  it('is not put in the place of one that another process has made meanwhile', async () => {
    const other = join(folder, 'other.duckdb')
    const made = await openStore({ path: other })
    await made.saveTraces(batchOf('a'))
    await made.close()
    const opening = openStore({ path })
    // By now `opening` has seen that there is no file, and is creating its own.
    renameSync(other, path)
    const store = await opening
    expect(await store.countAll()).toEqual({ sessions: 3, traces: 3 })
    await store.close()
  })

  it('can be used by one delegraph at a time, and says so: within a process', async () => {
    const store = await openStore({ path })
    await expect(openStore({ path })).rejects.toMatchObject({ code: 'STORE_LOCKED', details: { path } })
    await store.close()
    await (await openStore({ path })).close()
  })

  it('can be used by one delegraph at a time, and says so: across processes; a copy can be read meanwhile', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a'))
    await store.close()
    const other = elsewhere(
      `await connection.run("UPDATE sessions SET title = 'still in the log'"); console.log('ready')`,
    )
    try {
      await lineOf(other)
      const refused = openStore({ path })
      await expect(refused).rejects.toMatchObject({ code: 'STORE_LOCKED', details: { path, pid: other.pid } })
      await expect(refused).rejects.toThrow(/--read-only.*--db/)
      const copy = await openStore({ path, readOnly: true })
      const [session] = await copy.getSessions(['ses_a'], rule)
      expect(session?.title).toBe('still in the log')
      await expect(copy.saveTraces(batchOf('b'))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
      await copy.close()
    } finally {
      await killed(other)
    }
    await (await openStore({ path })).close()
  })

  it('is not written to when it is only read, and must exist', async () => {
    await expect(openStore({ path, readOnly: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await (await openStore({ path })).close()
    const before = readFileSync(path)
    const store = await openStore({ path, readOnly: true })
    expect(await store.countAll()).toEqual({ sessions: 0, traces: 0 })
    await expect(store.saveTraces(batchOf('a'))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('is read also where nothing may be written at all, not even for the time being', async () => {
    await (await openStore({ path })).close()
    vi.stubEnv('TMPDIR', join(folder, 'missing'))
    onTestFinished(() => void vi.unstubAllEnvs())
    const store = await openStore({ path, readOnly: true })
    expect(await store.countAll()).toEqual({ sessions: 0, traces: 0 })
    await store.close()
  })

  it('says what is wrong with a place where nothing can be made', async () => {
    writeFileSync(join(folder, 'data'), '')
    await expect(openStore({ path })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { path } })
    rmSync(join(folder, 'data'))
    mkdirSync(path, { recursive: true })
    await expect(openStore({ path })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('is not waited for where it is a pipe', async () => {
    mkdirSync(join(folder, 'data'))
    spawnSync('mkfifo', [path])
    for (const readOnly of [false, true]) {
      await expect(openStore({ path, readOnly })).rejects.toThrow(/is not a file/)
    }
  })
})

describe('the version of the tables', () => {
  const next = [...MIGRATIONS, 'ALTER TABLE sessions ADD COLUMN mood VARCHAR']

  it('is brought up to date, with everything that was in them', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a'))
    await store.close()
    const migrated = await openStore({ path, migrations: next })
    expect(await migrated.countAll()).toEqual({ sessions: 3, traces: 3 })
    await migrated.close()
    expect(await directly(path, 'SELECT DISTINCT mood FROM sessions')).toEqual([[null]])
    expect(await directly(path, 'SELECT * FROM meta')).toEqual([['schema_version', String(next.length)]])
  })

  it('is brought up from the first one, which did not say what a root session is', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a'))
    await store.close()
    const ROOTS = 'SELECT session_id, is_root FROM sessions ORDER BY session_id'
    const before = await directly(path, ROOTS)
    expect(before.slice(0, 2)).toEqual([
      ['ses_a', true],
      ['ses_a_2', false],
    ])
    await directly(path, "ALTER TABLE sessions DROP COLUMN is_root; UPDATE meta SET value = '1'")
    await (await openStore({ path })).close()
    expect(await directly(path, ROOTS)).toEqual(before)
  })

  it('is brought up to date in a copy when the file is only read', async () => {
    await (await openStore({ path })).close()
    const before = readFileSync(path)
    const store = await openStore({ path, readOnly: true, migrations: next })
    expect(await store.countAll()).toEqual({ sessions: 0, traces: 0 })
    await store.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('is the old one as a whole when a step to the new one fails', async () => {
    await (await openStore({ path })).close()
    const broken = [...MIGRATIONS, 'ALTER TABLE sessions ADD COLUMN mood VARCHAR; SELECT nothing FROM nowhere']
    await expect(openStore({ path, migrations: broken })).rejects.toThrow()
    await (await openStore({ path })).close()
    expect(await directly(path, 'SELECT * FROM meta')).toEqual([['schema_version', String(MIGRATIONS.length)]])
  })

  it('is refused when it is newer, and left as it is', async () => {
    await (await openStore({ path, migrations: next })).close()
    const refused = openStore({ path })
    await expect(refused).rejects.toMatchObject({
      code: 'STORE_NEWER',
      details: { path, found: next.length, known: MIGRATIONS.length },
    })
    await expect(refused).rejects.toThrow(/Update delegraph, or .*--db/)
    await expect(openStore({ path, readOnly: true })).rejects.toMatchObject({ code: 'STORE_NEWER' })
    await (await openStore({ path, migrations: next })).close()
  })

  it('may be reached through a link, also one that leads to nothing yet: file, log and copies are those behind it', async () => {
    const link = join(folder, 'link.duckdb')
    symlinkSync(join('data', 'delegraph.duckdb'), link)
    const store = await openStore({ path: link })
    await store.saveTraces(batchOf('ses_1'))
    expect(modeOf(`${path}.wal`)).toBe('600')
    expect(existsSync(`${link}.wal`)).toBe(false)
    await store.close()
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    const writer =
      elsewhere(`await connection.run("INSERT INTO rejections SELECT * FROM (VALUES ('s', 'p', 'r', now()::TIMESTAMP))")
      console.log('written')`)
    try {
      await lineOf(writer)
      const copy = await openStore({ path: link, readOnly: true })
      expect(await copy.loadRejections()).toHaveLength(1)
      await copy.close()
    } finally {
      await killed(writer)
    }
    moveAside(link, rule.nowMs)
    expect(readdirSync(join(folder, 'data')).every((name) => name.includes('.damaged-'))).toBe(true)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
  })

  it('is refused when the database is of something else', async () => {
    mkdirSync(join(folder, 'data'))
    await directly(path, 'CREATE TABLE cakes (name VARCHAR)')
    await expect(openStore({ path })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { path } })
    expect(await directly(path, 'SELECT * FROM cakes')).toEqual([])
  })

  it('is refused when DuckDB would keep its log elsewhere, and nothing is made', async () => {
    for (const name of ['what?.duckdb', 'what?/delegraph.duckdb']) {
      for (const readOnly of [false, true]) {
        const refused = openStore({ path: join(folder, name), readOnly })
        await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
        await expect(refused).rejects.toThrow(/question mark.*--db/)
      }
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('is refused when it is no database at all, to which nothing is done', async () => {
    mkdirSync(join(folder, 'data'))
    for (const text of ['Notes', 'Notes that are longer than the head of a database. '.repeat(300)]) {
      writeFileSync(path, text, { mode: 0o644 })
      for (const readOnly of [false, true]) {
        const refused = openStore({ path, readOnly })
        await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { path } })
        await expect(refused).rejects.toThrow(/is not a DuckDB database.*--db/)
      }
      expect(readFileSync(path, 'utf8')).toBe(text)
      expect(modeOf(path)).toBe('644')
    }
    expect(readdirSync(join(folder, 'data'))).toEqual(['delegraph.duckdb'])
  })

  it('is refused when it is a database of OpenCode’s, to which nothing is done', async () => {
    mkdirSync(join(folder, 'data'))
    copyFileSync(join(import.meta.dirname, '../../fixtures/opencode/1.18.34/nested/data/opencode.db'), path)
    chmodSync(path, 0o644)
    for (const readOnly of [false, true]) {
      const refused = openStore({ path, readOnly })
      await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { path } })
      await expect(refused).rejects.toThrow(/SQLite.*--source.*--db/)
    }
    expect(modeOf(path)).toBe('644')
    expect(readdirSync(join(folder, 'data'))).toEqual(['delegraph.duckdb'])
  })
})

describe('a damaged file', () => {
  const damage: Record<string, (content: Buffer) => Buffer> = {
    'that is empty': () => Buffer.alloc(0),
    'of zeros': (content) => Buffer.alloc(content.length),
    'that was cut in half': (content) => content.subarray(0, content.length / 2),
    'with a bit turned in its head': (content) => turned(content, 100),
    'with a bit turned in its body': (content) => turned(content, 12_300),
  }
  const turned = (content: Buffer, place: number): Buffer => {
    const copy = Buffer.from(content)
    copy.writeUInt8(copy.readUInt8(place) ^ 1, place)
    return copy
  }

  for (const [name, harm] of Object.entries(damage)) {
    it(`${name} is told, can be moved aside, and makes room for a new one`, async () => {
      const store = await openStore({ path })
      await store.saveTraces(batchOf('a'))
      await store.close()
      const harmed = harm(readFileSync(path))
      writeFileSync(path, harmed)
      await expect(openStore({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT', details: { path } })
      const aside = moveAside(path, rule.nowMs)
      expect(aside).toBe(`${path}.damaged-2026-11-24T00-00-00-000Z`)
      expect(readFileSync(aside).equals(harmed)).toBe(true)
      const fresh = await openStore({ path })
      expect(await fresh.countAll()).toEqual({ sessions: 0, traces: 0 })
      await fresh.close()
    })
  }

  it('whose damage nobody has come across yet is found at the latest when everything is read', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a'))
    await expect(store.verify()).resolves.toBeUndefined()
    await store.close()
    const content = readFileSync(path)
    const place = content.indexOf('Prompt 1 of a')
    expect(place).toBeGreaterThan(0)
    writeFileSync(path, turned(content, place))
    // It is up to DuckDB how much of the file it reads on opening, so either that or `verify` fails.
    const read = openStore({ path }).then(async (harmed) => {
      try {
        await harmed.verify()
      } finally {
        await harmed.close()
      }
    })
    await expect(read).rejects.toMatchObject({ code: 'STORE_CORRUPT', details: { path } })
  })

  it('whose indexes lack what another program replayed from the log and did not finish is told', async () => {
    const store = await openStore({ path })
    await store.saveTraces(batchOf('a'))
    // As after a kill: the saved data is only in the WAL.
    const files = [path, `${path}.wal`].map((file) => [file, readFileSync(file)] as const)
    await store.close()
    for (const [file, content] of files) writeFileSync(file, content)
    await directly(path, 'SELECT 1')
    await expect(openStore({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT', details: { path } })
  })

  it('keeps the names of what was moved aside apart', async () => {
    mkdirSync(join(folder, 'data'))
    const names = new Set<string>()
    for (let i = 0; i < 3; i++) {
      writeFileSync(path, `damage ${i}`)
      names.add(moveAside(path, rule.nowMs))
    }
    expect(names.size).toBe(3)
  })
})

describe('a process that is killed while it saves', () => {
  // The installed form of the code, which is built before the tests run (see package.json).
  const built = fileURLToPath(new URL('../../dist/store/duckdb/open.js', import.meta.url))

  it('leaves whole transactions and nothing of others, at whatever moment it dies', async () => {
    const tree = makeForest(Array.from({ length: 6 }, (_, i) => ({ id: `s${i}`, turns: [chain(20)] })))
    const sample = join(folder, 'sample.json')
    writeFileSync(sample, JSON.stringify(tree))
    let last = 0
    for (let run = 0; run < 4; run++) {
      // Each transaction replaces everything by the next generation, whose number is in all prompts and stamps.
      const code = `import { readFileSync } from 'node:fs'
          import { openStore } from ${JSON.stringify(built)}
          const store = await openStore({ path: ${JSON.stringify(path)} })
          const forest = JSON.parse(readFileSync(${JSON.stringify(sample)}, 'utf8'))
          for (let i = ${last + 1}; ; i++) {
            for (const trace of forest.traces) trace.promptInput = 'generation ' + i
            const stamps = forest.sessionIds.map((sessionId) => ({ sessionId, sourceId: 'x', parentId: null, stamp: String(i), unsettled: false }))
            await store.saveTraces({ forests: [forest], stamps, links: [], removedSessionIds: [] })
            console.log(i)
            if (i % 3 === 0) await store.database.select({ sql: 'CHECKPOINT', values: [] }, () => [])
          }`
      const writer = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      if (writer.stdout === null) throw new Error('its output is piped')
      let said = 0
      // Killed some transactions later, at an arbitrary moment within one.
      for await (const line of createInterface(writer.stdout)) {
        said = Number(line)
        if (said > last + run) break
      }
      expect(writer.exitCode).toBeNull()
      await killed(writer)
      // Opened twice, because what was replayed from the WAL must also survive closing.
      await (await openStore({ path })).close()
      const store = await openStore({ path })
      const traces = await store.getTracesByDateRange({}, ['promptInput'], rule)
      const stamps = await store.loadStamps('x')
      const found = await Promise.all(tree.traces.map(({ id }) => store.getTraceDetails([id], [], rule)))
      await store.verify()
      await store.close()
      const generations = new Set(traces.map((trace) => trace.promptInput))
      last = Number(stamps[0]?.stamp)
      expect([...generations]).toEqual([`generation ${last}`])
      expect(new Set(stamps.map((stamp) => stamp.stamp)).size).toBe(1)
      expect(traces).toHaveLength(120)
      expect(stamps).toHaveLength(120)
      expect(found.flat().map((trace) => trace?.id)).toEqual(tree.traces.map(({ id }) => id))
      // Every transaction that was reported as saved is there.
      expect(last).toBeGreaterThanOrEqual(said)
    }
  })
})
