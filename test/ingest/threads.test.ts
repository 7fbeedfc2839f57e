/** Reading in threads: what is built is compiled, so this needs `npm run build` (which `npm test` does first). */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveSources, storesOf } from '../../src/ingest/opencode/discover.ts'
import type { SourceSpec } from '../../src/ingest/source.ts'
import { createDatabase, homeOf, rowsOf, scratch, tableOf, wideDatabase } from './homes.ts'
import { memoryStore } from './memory-store.ts'

const built = new URL('../../dist/ingest/run.js', import.meta.url)
const load = (): Promise<typeof import('../../src/ingest/run.ts')> => import(built.href)

/** Writes one row and closes the database for good, as an OpenCode that ends: the last one removes the log and its index. */
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

describe.skipIf(!existsSync(built))('reading in threads', () => {
  it('gives what reading in the main thread gives, and the threads end with it', async () => {
    const { createIngester } = await load()
    for (const name of ['1.18.34/nested', '1.1.65/fork', '0.5.29/twins', '1.2.27/migrated-deleted']) {
      const home = homeOf(name)
      const store = memoryStore()
      const ingester = createIngester({ store, findSources: () => storesOf(home) })
      const first = await ingester.run()
      const again = await ingester.run()
      await ingester.close()
      expect([first.sessionsRead > 0, again.sessionsRead]).toEqual([true, 0])
      expect(store.table(), name).toEqual(await tableOf([home]))
    }
  })

  it('brings a tree of any size over in pieces', async () => {
    const { createIngester } = await load()
    const path = wideDatabase(join(scratch(), 'opencode.db'), { children: 600, promptLength: 2400 })
    const store = memoryStore()
    const spec: SourceSpec = {
      ref: { id: `OPENCODE_SQLITE:${path}`, kind: 'OPENCODE_SQLITE', path },
      home: path,
      layer: 0,
    }
    const ingester = createIngester({ store, findSources: () => [spec], threads: 2 })
    await ingester.run()
    await ingester.close()
    expect(store.traces.size).toBe(601)
    expect(store.table()).toEqual(await tableOf([path]))
  })

  it('follows an OpenCode that comes and goes, whatever the last one took away with it', async () => {
    const { createIngester } = await load()
    const rows = rowsOf(join(homeOf('1.1.65/nested'), 'storage')).filter((row) => row.table !== 'project')
    const [made, path] = [join(scratch(), 'made.db'), join(scratch(), 'opencode.db')]
    createDatabase(made).close()
    cpSync(made, path)
    const store = memoryStore()
    const ingester = createIngester({ store, findSources: () => resolveSources([path]) })
    const texts = ({ sessions, traces }: ReturnType<typeof store.table>) => [
      sessions.map(({ id, title, traceCount }) => ({ id, title, traceCount })),
      traces,
    ]
    for (const [step, row] of rows.slice(0, 12).entries()) {
      execFileSync(process.execPath, ['--expose-gc', '-e', VISITOR, path, JSON.stringify(row)])
      await ingester.run()
      // Not the same file: what this process has open of one, all its connections share.
      const copy = join(scratch(), 'copy.db')
      for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix)
      expect(texts(store.table()), `after ${step} rows`).toEqual(texts(await tableOf([copy])))
    }
    await ingester.close()
  })
})
