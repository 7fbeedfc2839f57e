/**
 * Tests that writes are read soon, wherever they happen, and that nothing is read repeatedly while nothing is written.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { hintsOf } from '../../src/ingest/opencode/hints.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { type WatchOptions, watchSources } from '../../src/ingest/watch.ts'
import {
  createDatabase,
  exportOf,
  filesOf,
  homeOf,
  insertRow,
  rowsOf,
  scratch,
  sessionFilesOf,
  tableOf,
} from './homes.ts'
import { memoryStore } from './memory-store.ts'

const stopping: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stopping.splice(0).reverse()) await stop()
})

/** A watch over one home, with a store that it keeps up to date. */
async function watching(home: string, options: Partial<WatchOptions> = {}) {
  const store = memoryStore()
  const findSources = () => resolveSources([home])
  const ingester = createIngester({ store, findSources, threads: 0 })
  await ingester.run()
  /** Only completed readings count, because one under way may notice what is removed during it. */
  let reads = 0
  const troubles: Error[] = []
  const read = async () => {
    await ingester.run()
    reads++
  }
  const onTrouble = (error: Error) => troubles.push(error)
  const watch = watchSources({ findSources, places: [home], read, onTrouble, ...options })
  stopping.push(ingester.close, watch.stop)
  await expect.poll(() => reads).toBe(1)
  return { store, watch, reads: () => reads, troubles }
}

/** No sweep happens during a test, so whatever is noticed was noticed by a watcher. */
const NO_SWEEPS = { sweepMs: { least: 3_600_000, most: 3_600_000 } }

describe('watching', () => {
  it('sees a part that is written into a message of before, and one into a new session', async () => {
    const home = homeOf('1.1.65/nested')
    const storage = join(home, 'storage')
    const [part = ''] = filesOf(join(storage, 'part')).filter((path) => readFileSync(path, 'utf8').includes('"text"'))
    const { store, troubles } = await watching(home, NO_SWEEPS)
    const json = JSON.parse(readFileSync(part, 'utf8'))
    writeFileSync(part, JSON.stringify({ ...json, text: 'written later' }))
    const later = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(later)
    cpSync(join(homeOf('1.1.65/simple'), 'storage'), storage, { recursive: true })
    const both = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(both)
    rmSync(sessionFilesOf(storage)[0] ?? '')
    const fewer = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(fewer)
    expect(troubles).toEqual([])
  })

  it('sees what a database’s log is given, row by row', async () => {
    const home = join(scratch(), 'opencode')
    const rows = rowsOf(join(homeOf('1.1.65/nested'), 'storage'))
    const db = createDatabase(join(home, 'opencode.db'))
    stopping.push(() => db.close())
    const half = rows.length >> 1
    for (const row of rows.slice(0, half)) insertRow(db, row)
    const { store } = await watching(home, NO_SWEEPS)
    for (const row of rows.slice(half)) insertRow(db, row)
    const whole = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(whole)
  })

  it('watches a database and an export that were given as files', async () => {
    const file = join(scratch(), 'opencode.db')
    const storage = join(homeOf('1.1.65/nested'), 'storage')
    const db = createDatabase(file)
    stopping.push(() => db.close())
    const { store } = await watching(file, NO_SWEEPS)
    for (const row of rowsOf(storage)) insertRow(db, row)
    const whole = await tableOf([file])
    await expect.poll(() => store.table()).toEqual(whole)

    const exported = join(scratch(), 'export.json')
    const [first = '', second = ''] = sessionFilesOf(storage).map((path) => JSON.stringify(exportOf(storage, path)))
    writeFileSync(exported, first)
    const watched = await watching(exported, NO_SWEEPS)
    writeFileSync(exported, second)
    const other = await tableOf([exported])
    await expect.poll(() => watched.store.table()).toEqual(other)
  })

  it('sees what is written beside the first message of a store', async () => {
    const from = join(homeOf('1.1.65/simple'), 'storage')
    const home = join(scratch(), 'opencode')
    const storage = join(home, 'storage')
    cpSync(join(from, 'session'), join(storage, 'session'), { recursive: true })
    const { store } = await watching(home, NO_SWEEPS)
    const copy = (path: string) => cpSync(path, join(storage, path.slice(from.length)))
    for (const path of filesOf(join(from, 'message'))) {
      copy(path)
      const later = await tableOf([home])
      await expect.poll(() => store.table()).toEqual(later)
    }
  })

  it('goes on where a link that leads to itself lies among what it looks at', async () => {
    const home = homeOf('1.1.65/nested')
    const storage = join(home, 'storage')
    const loop = (path: string) => symlinkSync(path, path)
    for (const messages of readdirSync(join(storage, 'message'))) loop(join(storage, 'message', messages, 'loop.json'))
    const { store, troubles } = await watching(home, NO_SWEEPS)
    loop(join(storage, 'message', 'loop'))
    cpSync(join(homeOf('1.1.65/simple'), 'storage'), storage, { recursive: true })
    const both = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(both)
    expect(troubles).toEqual([])
  })

  it('sees the first store that OpenCode makes as soon as anything that is written later', async () => {
    for (const name of ['1.1.65/nested', '1.18.34/nested']) {
      const directory = join(scratch(), 'opencode')
      mkdirSync(join(directory, 'log'), { recursive: true })
      const { store } = await watching(directory, NO_SWEEPS)
      expect(store.table().sessions).toEqual([])
      cpSync(homeOf(name), directory, { recursive: true })
      const whole = await tableOf([directory])
      await expect.poll(() => store.table()).toEqual(whole)
    }
  })

  it('sees a store of 0.5 whose directories are made one by one', async () => {
    const from = homeOf('0.5.29/twins')
    const home = join(scratch(), 'opencode')
    const [project = ''] = readdirSync(join(from, 'project'))
    mkdirSync(join(home, 'project'), { recursive: true })
    const { store, reads } = await watching(home, NO_SWEEPS)
    for (const made of [project, `${project}/storage`, `${project}/storage/session`]) {
      const before = reads()
      mkdirSync(join(home, 'project', made))
      await expect.poll(reads).toBeGreaterThan(before)
    }
    cpSync(from, home, { recursive: true })
    const whole = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(whole)
  })

  it('sees what is written into directories that have taken the place of those it knew', async () => {
    const home = homeOf('1.1.65/nested')
    const storage = join(home, 'storage')
    const { store, reads } = await watching(home, NO_SWEEPS)
    const copy = join(scratch(), 'storage')
    cpSync(storage, copy, { recursive: true })
    const before = reads()
    renameSync(storage, join(home, 'before'))
    renameSync(copy, storage)
    await expect.poll(reads).toBeGreaterThan(before)
    const [part = ''] = filesOf(join(storage, 'part')).filter((path) => readFileSync(path, 'utf8').includes('"text"'))
    writeFileSync(part, JSON.stringify({ ...JSON.parse(readFileSync(part, 'utf8')), text: 'written later' }))
    const later = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(later)
    cpSync(join(homeOf('1.1.65/simple'), 'storage'), storage, { recursive: true })
    const both = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(both)
  })

  it('watches a database that was made just after it had looked for one', async () => {
    const home = join(scratch(), 'opencode')
    mkdirSync(join(home, 'log'), { recursive: true })
    let db: ReturnType<typeof createDatabase> | undefined
    const findSources = () => {
      const found = resolveSources([home])
      db ??= createDatabase(join(home, 'opencode.db'))
      return found
    }
    const { store } = await watching(home, { ...NO_SWEEPS, findSources })
    stopping.push(() => db?.close())
    for (const row of rowsOf(join(homeOf('1.1.65/nested'), 'storage'))) if (db) insertRow(db, row)
    const whole = await tableOf([home])
    await expect.poll(() => store.table()).toEqual(whole)
  })

  it('finds a database that comes beside the files, and a store where there was none', async () => {
    const home = mkdtempSync(join(tmpdir(), 'delegraph-watch-'))
    stopping.push(() => rmSync(home, { recursive: true }))
    const directory = join(home, 'opencode')
    mkdirSync(join(directory, 'log'), { recursive: true })
    const { store } = await watching(directory)
    expect(store.table().sessions).toEqual([])
    cpSync(homeOf('1.1.65/nested'), directory, { recursive: true })
    await expect.poll(() => store.table().sessions.length).toBeGreaterThan(0)
    const db = createDatabase(join(directory, 'opencode.db'))
    stopping.push(() => db.close())
    for (const row of rowsOf(join(directory, 'storage'))) insertRow(db, row)
    const imported = await tableOf([directory])
    await expect.poll(() => store.table()).toEqual(imported)
  })

  it('reads no more when it is stopped', async () => {
    const home = homeOf('1.1.65/nested')
    const { watch, reads, store } = await watching(home)
    watch.stop()
    const before = reads()
    rmSync(sessionFilesOf(join(home, 'storage'))[0] ?? '')
    const other = await watching(home)
    await expect.poll(other.reads).toBeGreaterThan(0)
    expect(reads()).toBe(before)
    expect(store.table()).not.toEqual(other.store.table())
  })
})

describe('hints of files', () => {
  it('come from the latest of very many sessions, whose ids count down', async () => {
    const storage = join(scratch(), 'storage')
    const sessions = join(storage, 'session', 'project')
    mkdirSync(sessions, { recursive: true })
    const idOf = (place: number) => `ses_${String(place).padStart(4, '0')}`
    for (let place = 0; place < 1000; place++) {
      const path = join(sessions, `${idOf(place)}.json`)
      writeFileSync(path, '{}')
      if (place > 0) utimesSync(path, 0, 0)
    }
    const messages = join(storage, 'message', idOf(0))
    mkdirSync(messages, { recursive: true })
    mkdirSync(join(storage, 'part'))
    let hints = 0
    const [spec] = resolveSources([storage])
    if (spec === undefined) throw new Error('no store')
    const { stop } = hintsOf(
      spec,
      () => hints++,
      (error) => {
        throw error
      },
    )
    stopping.push(stop)
    writeFileSync(join(messages, 'msg_1.json'), '{}')
    await expect.poll(() => hints).toBeGreaterThan(0)
  })
})
