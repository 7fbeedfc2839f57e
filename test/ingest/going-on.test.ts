/**
 * Tests that an ingester that keeps running, whatever happens to its sources, ends up with the result of a first read.
 */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Hand, localHand } from '../../src/ingest/crew.ts'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester, type IngestResult } from '../../src/ingest/run.ts'
import { createDatabase, filesOf, homeOf, ingestOnce, insertRow, readJson, scratch, sessionFilesOf } from './homes.ts'
import { type MemoryStore, memoryStore } from './memory-store.ts'

/** An ingester over paths that may change. What is passed to `aside` runs once, just before the next family is read. */
function goingOn(paths: () => string[], store = memoryStore()) {
  const hand = localHand()
  let aside: (() => void) | null = null
  const families: Hand['families'] = (request) => {
    const work = aside
    aside = null
    work?.()
    return hand.families(request)
  }
  const findSources = () => resolveSources(paths())
  const ingester = createIngester({ store, findSources, threads: 0, hand: { ...hand, families } })
  return {
    run: ingester.run,
    close: ingester.close,
    aside(work: () => void) {
      aside = work
    },
    /** Runs once more, and compares the result with that of a fresh ingester. */
    async expectAsFresh() {
      const fresh = memoryStore()
      const expected = await ingestOnce(fresh, paths())
      const result = await ingester.run()
      expect(told(store, result)).toEqual(told(fresh, expected))
      return result
    },
  }
}

const told = (store: MemoryStore, { sources, rejected, rejectedCount }: IngestResult) => ({
  table: store.table(),
  sources: sources.map(({ source, sessions, files, bytes }) => ({ id: source.id, sessions, files, bytes })),
  rejected: rejected.map(({ sourceId, path, reason }) => [sourceId, path, reason].join(' ')).sort(),
  rejectedCount,
})

function session(db: Database.Database, id: string, ms: number, parts: object[] = [], parentId: string | null = null) {
  insertRow(db, { table: 'session', values: [id, 'global', parentId, '/d', id, '1', null, ms, ms, null] })
  const message = (name: string, data: object) =>
    insertRow(db, {
      table: 'message',
      values: [name, id, ms, ms, JSON.stringify({ agent: 'build', time: { created: ms, completed: ms + 9 }, ...data })],
    })
  message(`msg_${id}_1`, { role: 'user' })
  message(`msg_${id}_2`, { role: 'assistant', parentID: `msg_${id}_1`, finish: 'stop' })
  for (const [i, part] of parts.entries()) {
    insertRow(db, { table: 'part', values: [`prt_${id}_${i}`, `msg_${id}_2`, id, ms, ms, JSON.stringify(part)] })
  }
}

/** A database without a WAL, and another one with one more session. */
function twoDatabases(path = join(scratch(), 'opencode.db')) {
  const db = createDatabase(path)
  db.exec('PRAGMA journal_mode = delete')
  session(db, 'ses_a', 1000)
  const other = join(scratch(), 'other.db')
  copyFileSync(path, other)
  const more = new Database(other)
  session(more, 'ses_b', 2000)
  more.close()
  const replace = () => {
    rmSync(path)
    copyFileSync(other, path)
  }
  return { path, db, replace }
}

describe('a database that is replaced', () => {
  it('is read after it could not be read for a run', async () => {
    const { path, db, replace } = twoDatabases()
    const going = goingOn(() => [path])
    await going.run()
    session(db, 'ses_z', 1500)
    db.exec('BEGIN EXCLUSIVE')
    expect((await going.run()).unreadable).toHaveLength(1)
    db.exec('COMMIT')
    db.close()
    replace()
    await going.expectAsFresh()
  }, 30_000)

  it('is read after it was not there for a run', async () => {
    const home = homeOf('1.1.65/simple')
    const { path, db, replace } = twoDatabases(join(home, 'opencode.db'))
    db.close()
    const going = goingOn(() => [home])
    await going.expectAsFresh()
    truncateSync(path, 0)
    await going.expectAsFresh()
    replace()
    await going.expectAsFresh()
  })

  it('is read when that happened in the midst of a run', async () => {
    const { path, db, replace } = twoDatabases()
    db.close()
    const going = goingOn(() => [path])
    going.aside(replace)
    await going.run()
    await going.expectAsFresh()
  })
})

describe('a database that a backup is copied over', () => {
  it('is read as the backup has it, though it is the same file and held open', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const many = Array.from({ length: 20 }, (_, i) => ({ type: 'text', text: `answer ${i} ${'x'.repeat(500)}` }))
    for (let i = 0; i < 20; i++) session(db, `ses_${i}`, 1000 + i, many)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const backup = readFileSync(path)
    const going = goingOn(() => [path])
    await going.run()
    db.exec("UPDATE session SET title = 'later', time_updated = 5000; DELETE FROM part WHERE id LIKE 'prt_ses_1%'")
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    await going.expectAsFresh()
    writeFileSync(path, backup)
    await going.expectAsFresh()
  })
})

describe('a database that something else was written over', () => {
  it('cannot be read, as for a process that starts then, and what was read of it stays', async () => {
    const home = homeOf('1.18.34/nested')
    const path = join(home, 'opencode.db')
    const whole = readFileSync(path)
    const store = memoryStore()
    const going = goingOn(() => [home], store)
    await going.run()
    const before = store.table()
    writeFileSync(path, 'no database '.repeat(500))
    expect((await going.run()).unreadable).toEqual([{ path, reason: 'file is not a database' }])
    expect(store.table()).toEqual(before)
    writeFileSync(path, whole)
    await going.expectAsFresh()
  })
})

describe('a database that was cut short for a run', () => {
  it('has lost what was deleted before, wherever it was cut', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    for (let i = 0; i < 30; i++) session(db, `ses_${i}`, 1000 + i, [{ type: 'text', text: 'x'.repeat(3000) }])
    db.close()
    const going = goingOn(() => [path])
    await going.run()
    for (let sixteenth = 1; sixteenth < 16; sixteenth++) {
      const writer = new Database(path)
      writer.exec(`DELETE FROM session WHERE id = 'ses_${sixteenth}'; PRAGMA wal_checkpoint(TRUNCATE)`)
      writer.close()
      const whole = readFileSync(path)
      truncateSync(path, Math.floor((whole.length * sixteenth) / 16))
      await going.run()
      writeFileSync(path, whole)
      await going.expectAsFresh()
    }
  })
})

describe('what could not be read', () => {
  it('is told once, be it found by listing or by reading', async () => {
    const storage = join(homeOf('1.1.65/simple'), 'storage')
    const [file = ''] = sessionFilesOf(storage)
    const going = goingOn(() => [storage])
    await going.expectAsFresh()
    writeFileSync(file, JSON.stringify({ ...readJson(file), title: 5 }))
    expect((await going.expectAsFresh()).rejectedCount).toBe(1)
    expect((await going.expectAsFresh()).rejectedCount).toBe(1)
  })

  it('is read once it is whole, also in a session that is settled, whose times are the same then', async () => {
    const storage = join(homeOf('1.1.65/twins'), 'storage')
    const [file = ''] = sessionFilesOf(storage)
    const time = { created: Date.now(), updated: Date.now() }
    writeFileSync(join(file, '..', 'ses_later.json'), JSON.stringify({ ...readJson(file), time }))
    const part = filesOf(join(storage, 'part')).find((path) => readJson(path).type === 'text') ?? ''
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    session(db, 'ses_a', 1000, [{ type: 'text', text: 'answer' }])
    session(db, 'ses_b', 1_000_000)
    const setPart = (data: string) => db.prepare('UPDATE part SET data = ?').run(data)
    const going = goingOn(() => [storage, path])
    const whole = readFileSync(part)
    for (const [piece, row, rejected] of [
      ['{', '{', 2],
      [whole, '{"type":"text","text":"answer"}', 0],
    ] as const) {
      writeFileSync(part, piece)
      setPart(row)
      expect((await going.expectAsFresh()).rejectedCount).toBe(rejected)
      expect((await going.expectAsFresh()).changed).toBe(false)
    }
    db.close()
  })

  it('is told again of a source that went away and is back as it was', async () => {
    const home = homeOf('1.1.65/simple')
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    for (let i = 0; i < 400; i++) session(db, `ses_${i}`, 1000 + i)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const pages = db.prepare("SELECT pageno FROM dbstat WHERE name = 'session' ORDER BY pageno").raw().all()
    db.close()
    const bytes = readFileSync(path)
    const at = (Number(pages.flat()[2]) - 1) * 4096
    writeFileSync(path, bytes.fill(0xff, at, at + 60))
    let isThere = true
    const going = goingOn(() => (isThere ? [home, path] : [home]))
    expect((await going.expectAsFresh()).rejectedCount).toBeGreaterThan(0)
    isThere = false
    await going.expectAsFresh()
    isThere = true
    await going.expectAsFresh()
  })
})

it('a session that two directories hold is that of the last one, again and again', async () => {
  const storage = join(homeOf('1.1.65/simple'), 'storage')
  const [file = ''] = sessionFilesOf(storage)
  mkdirSync(join(storage, 'session', 'zzz'))
  writeFileSync(join(storage, 'session', 'zzz', basename(file)), JSON.stringify({ ...readJson(file), title: 'Second' }))
  const going = goingOn(() => [storage])
  await going.expectAsFresh()
  const { sessionsRead, changed } = await going.expectAsFresh()
  expect({ sessionsRead, changed }).toEqual({ sessionsRead: 0, changed: false })
})

it('a session that is known, and away for the moment in which its family is read, is there again', async () => {
  const storage = join(homeOf('1.1.65/parallel'), 'storage')
  const store = memoryStore()
  await ingestOnce(store, [storage])
  const [changed = '', away = ''] = sessionFilesOf(storage)
  const going = goingOn(() => [storage], store)
  writeFileSync(changed, readFileSync(changed, 'utf8').replace('"title": "', '"title": "X'))
  utimesSync(changed, new Date(), new Date())
  going.aside(() => renameSync(away, `${away}.away`))
  await going.run()
  expect(store.sessions.has(basename(away, '.json'))).toBe(false)
  renameSync(`${away}.away`, away)
  await going.expectAsFresh()
})

it('a child that gets another parent stays with the call that names it, at the next start, too', async () => {
  const path = join(scratch(), 'opencode.db')
  const db = createDatabase(path)
  const input = { prompt: 'do', subagent_type: 'tester', description: 'd' }
  const [metadata, time] = [{ sessionId: 'ses_c' }, { start: 1001, end: 1005 }]
  const state = { status: 'completed', input, output: 'done', title: 't', metadata, time }
  session(db, 'ses_r', 1000, [{ type: 'tool', tool: 'task', state }])
  session(db, 'ses_c', 1002, [], 'ses_r')
  const store = memoryStore()
  const first = goingOn(() => [path], store)
  await first.expectAsFresh()
  db.exec("UPDATE session SET parent_id = NULL, time_updated = 5000 WHERE id = 'ses_c'")
  await first.expectAsFresh()
  await first.close()
  const second = goingOn(() => [path], store)
  db.exec("UPDATE session SET title = 'new', time_updated = 6000 WHERE id = 'ses_c'")
  await second.expectAsFresh()
  db.close()
})

it('a session whose row makes no sense is named, and its traces are gone until it does again', async () => {
  const path = join(scratch(), 'opencode.db')
  const db = createDatabase(path)
  session(db, 'ses_a', 1000)
  session(db, 'ses_b', 2000)
  const store = memoryStore()
  const first = goingOn(() => [path], store)
  await first.expectAsFresh()
  db.exec("UPDATE session SET time_created = -5, time_updated = 5000 WHERE id = 'ses_a'")
  const { rejected } = await first.expectAsFresh()
  expect(rejected.map((each) => each.path)).toEqual([`${path}: session ses_a`])
  expect(store.table().sessions.map(({ id }) => id)).toEqual(['ses_b'])
  expect((await first.run()).sessionsRead).toBe(0)
  db.exec("UPDATE session SET time_created = 1000, time_updated = 6000 WHERE id = 'ses_a'")
  await first.expectAsFresh()
  expect(
    store
      .table()
      .sessions.map(({ id }) => id)
      .sort(),
  ).toEqual(['ses_a', 'ses_b'])
  await first.close()
  db.close()
})

it('what SQLite lets others see only after it was written to the log is read then', async () => {
  const path = join(scratch(), 'opencode.db')
  const db = createDatabase(path)
  const session = (id: string) =>
    insertRow(db, { table: 'session', values: [id, 'global', null, '/d', id, '1', null, 1, 1, null] })
  session('ses_1')
  const store = memoryStore()
  const ingester = createIngester({ store, findSources: () => resolveSources([path]), threads: 0 })
  onTestFinished(() => ingester.close())
  await ingester.run()
  // The header of the WAL index says up to where the WAL is valid.
  const head = openSync(`${path}-shm`, 'r+')
  onTestFinished(() => closeSync(head))
  const [before, after] = [Buffer.alloc(96), Buffer.alloc(96)]
  readSync(head, before, 0, 96, 0)
  session('ses_2')
  readSync(head, after, 0, 96, 0)
  writeSync(head, before, 0, 96, 0)
  await ingester.run()
  expect([...store.sessions.keys()]).toEqual(['ses_1'])
  writeSync(head, after, 0, 96, 0)
  await expect
    .poll(() => ingester.run().then(() => [...store.sessions.keys()]), { timeout: 10_000 })
    .toEqual(['ses_1', 'ses_2'])
  db.close()
})
