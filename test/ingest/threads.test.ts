/** Tests reading in threads. These run compiled code, so this needs `npm run build` (which `npm test` runs first). */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveSources, storesOf } from '../../src/ingest/opencode/discover.ts'
import type { SourceSpec } from '../../src/ingest/source.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { createDatabase, homeOf, rowsOf, scratch, tableOf, wideDatabase } from './homes.ts'

const opened: Store[] = []
async function memory(): Promise<Store> {
  const store = await openStore({ path: ':memory:' })
  opened.push(store)
  return store
}
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

const rowsIn = (database: Store['database'], sql: string): Promise<unknown[][]> =>
  database.select({ sql, values: [] }, (columns, rowCount) =>
    Array.from({ length: rowCount }, (_, row) => columns.map((cells) => cells[row])),
  )

/** All stored columns of traces and sessions, without `created_at`. */
async function storedIn({ database }: Store): Promise<unknown[][]> {
  return [
    ...(await rowsIn(database, 'SELECT * EXCLUDE (created_at) FROM agent_traces ORDER BY trace_id')),
    ...(await rowsIn(database, 'SELECT * FROM sessions ORDER BY session_id')),
  ]
}

/** A store with what the main thread reads. */
async function storeOf(homes: readonly string[]): Promise<Store> {
  const store = await memory()
  const { sessions, traces } = await tableOf(homes)
  const forest = { sessionIds: sessions.map((session) => session.id), sessions, traces }
  await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  return store
}

const built = new URL('../../dist/ingest/run.js', import.meta.url)
const load = (): Promise<typeof import('../../src/ingest/run.ts')> => import(built.href)

/**
 * Writes one row and closes the database, as OpenCode does when it ends: the last connection removes the WAL and its
 * index.
 */
const VISITOR = `
  const Database = require('libsql')
  const { table, values } = JSON.parse(process.argv[2])
  const write = () => {
    const db = new Database(process.argv[1])
    db.exec('PRAGMA journal_mode = wal')
    db.prepare('INSERT OR REPLACE INTO ' + table + ' VALUES (' + values.map(() => '?').join(',') + ')').run(...values)
    db.close()
  }
  write()
  gc()
  setTimeout(() => {}, 20)`

/** The columns that do not depend on where the source is. */
async function textsIn({ database }: Store): Promise<unknown[][]> {
  const sql = `SELECT s.session_id, title, trace_count, trace_id, prompt_input, prompt_output, status, lft, rgt, t.total_output
    FROM sessions s LEFT JOIN agent_traces t USING (session_id) ORDER BY ALL`
  return rowsIn(database, sql)
}

describe.skipIf(!existsSync(built))('reading in threads', () => {
  it('gives what reading in the main thread gives, and the threads end with it', async () => {
    const { createIngester } = await load()
    for (const name of ['1.18.34/nested', '1.1.65/fork', '0.5.29/twins', '1.2.27/migrated-deleted']) {
      const home = homeOf(name)
      const store = await memory()
      const ingester = createIngester({ store, findSources: () => storesOf(home) })
      const first = await ingester.run()
      const again = await ingester.run()
      await ingester.close()
      expect([first.sessionsRead > 0, again.sessionsRead]).toEqual([true, 0])
      expect(await storedIn(store), name).toEqual(await storedIn(await storeOf([home])))
    }
  })

  it('shares a large tree among the threads', async () => {
    const { createIngester } = await load()
    const path = wideDatabase(join(scratch(), 'opencode.db'), { children: 600, promptLength: 2400 })
    const store = await memory()
    const spec: SourceSpec = {
      ref: { id: `OPENCODE_SQLITE:${path}`, kind: 'OPENCODE_SQLITE', path },
      home: path,
      layer: 0,
    }
    const ingester = createIngester({ store, findSources: () => [spec], threads: 2 })
    await ingester.run()
    await ingester.close()
    expect((await store.countAll()).traces).toBe(601)
    expect(await storedIn(store)).toEqual(await storedIn(await storeOf([path])))
  })

  it('ends a thread that was let go while another program locked its database, once that lets it go on', async () => {
    const { startReader } = await load()
    const path = join(scratch(), 'opencode.db')
    const writer = new Database(path)
    writer.exec('CREATE TABLE session (id); BEGIN EXCLUSIVE')
    const ended = new Promise<void>((resolve) =>
      process.once('worker', (thread) => thread.once('exit', () => resolve())),
    )
    const hand = startReader()
    const list = (file: string) => {
      const spec: SourceSpec = { ref: { id: file, kind: 'OPENCODE_SQLITE', path: file }, home: file, layer: 0 }
      return hand?.list({ kind: 'list', spec, since: null, known: [] })
    }
    // By the time the first request is answered, the thread has begun with the second.
    const [first, listed] = [list(`${path}-none`), list(path)]
    await first
    await Promise.all([expect(listed).rejects.toThrow('reading was stopped'), hand?.dismiss()])
    writer.exec('ROLLBACK')
    await ended
    await expect(list(path)).rejects.toThrow('reading was stopped')
  })

  it('follows an OpenCode that comes and goes, whatever the last one took away with it', async () => {
    const { createIngester } = await load()
    const rows = rowsOf(join(homeOf('1.1.65/nested'), 'storage')).filter((row) => row.table !== 'project')
    const [made, path] = [join(scratch(), 'made.db'), join(scratch(), 'opencode.db')]
    createDatabase(made).close()
    cpSync(made, path)
    const store = await memory()
    const ingester = createIngester({ store, findSources: () => resolveSources([path]) })
    for (const [step, row] of rows.slice(0, 8).entries()) {
      execFileSync(process.execPath, ['--expose-gc', '-e', VISITOR, path, JSON.stringify(row)])
      await ingester.run()
      // Read a copy, because all of this process's connections to one file share what it has open of it.
      const copy = join(scratch(), 'copy.db')
      for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix)
      expect(await textsIn(store), `after ${step} rows`).toEqual(await textsIn(await storeOf([copy])))
    }
    await ingester.close()
  })
})
