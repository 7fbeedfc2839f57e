/**
 * Writes recordings again in the order of time, and tests after every few steps that the table equals that of a first
 * read.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { createDatabase, filesInTime, homeOf, type Row, rowsOf, scratch, tableOf } from './homes.ts'
import { memoryStore } from './memory-store.ts'

/** Steps between two comparisons; has no common divisor with the number of steps that one message takes. */
const EVERY = 7

/** Inserts each line that it receives, a row as JSON, in its own transaction, and acknowledges it. */
const WRITER = `
  const Database = require('libsql')
  const db = new Database(process.argv[1])
  db.exec('PRAGMA journal_mode = wal')
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { table, values } = JSON.parse(line)
    db.prepare('INSERT OR REPLACE INTO ' + table + ' VALUES (' + values.map(() => '?').join(',') + ')').run(...values)
    console.log('written')
  })`

/** Another process that has the database open for writing, as OpenCode does. */
function writerOf(path: string) {
  const child = spawn(process.execPath, ['-e', WRITER, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async write(row: Row) {
      child.stdin.write(`${JSON.stringify(row)}\n`)
      expect((await lines.next()).value).toBe('written')
    },
    end: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.stdin.end()
      }),
  }
}

const NAMES = ['1.1.65/nested', '1.1.65/fork', '1.1.65/resume', '1.1.65/reverted']

describe('a recording that is written again', () => {
  it.each(NAMES)('%s: file by file', async (name) => {
    const from = join(homeOf(name), 'storage')
    const to = join(scratch(), 'opencode', 'storage')
    mkdirSync(join(to, 'session'), { recursive: true })
    const store = memoryStore()
    const ingester = createIngester({ store, findSources: () => resolveSources([to]), threads: 0 })
    for (const [step, file] of filesInTime(from).entries()) {
      const copy = join(to, relative(from, file))
      mkdirSync(dirname(copy), { recursive: true })
      cpSync(file, copy)
      if (step % EVERY !== 0) continue
      await ingester.run()
      expect(store.table(), `after ${step} files`).toEqual(await tableOf([to]))
    }
    await ingester.run()
    expect(store.table()).toEqual(await tableOf([to]))
    expect(store.table().traces.length).toBeGreaterThan(0)
    await ingester.close()
  })

  it.each(NAMES)('%s: row by row, by another process, into the log of a database', async (name) => {
    const file = join(scratch(), 'opencode', 'opencode.db')
    const rows = rowsOf(join(homeOf(name), 'storage')).sort((a, b) => createdMs(a) - createdMs(b))
    createDatabase(file).close()
    const writer = writerOf(file)
    const store = memoryStore()
    const ingester = createIngester({ store, findSources: () => resolveSources([file]), threads: 0 })
    for (const [step, row] of rows.entries()) {
      await writer.write(row)
      if (step % EVERY !== 0) continue
      await ingester.run()
      expect(store.table(), `after ${step} rows`).toEqual(await tableOf([file]))
    }
    await ingester.run()
    expect(store.table()).toEqual(await tableOf([file]))
    expect(store.table().traces.length).toBeGreaterThan(0)
    await writer.end()
    await ingester.close()
  })
})

/** The value of the column that says when the row was created. */
function createdMs({ table, values }: Row): number {
  const place = { project: 2, session: 7, message: 2, part: 3 }[table]
  return Number(values[place])
}
