import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { createReaders } from '../../src/store/duckdb/readers.ts'
import { chain, makeForest, START_MS } from '../forest.ts'

/** A query that takes minutes unless it is stopped. */
const ENDLESS = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3'
const numbers = ([cells = []]: readonly (readonly unknown[])[]): number[] => cells.map(Number)
const rule = { nowMs: START_MS, staleAfterMs: 600_000 }

describe('the connections', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    const forests = [makeForest([{ id: 'a', turns: [chain(3)] }])]
    await store.saveTraces({ forests, stamps: [], links: [], removedSessionIds: [] })
  })
  afterAll(() => store.close())

  it('stop what takes longer than the limit, name the limit, and go on', async () => {
    const { database } = store
    const asked = database.select({ sql: ENDLESS, values: [] }, numbers, { timeoutMs: 100 })
    await expect(asked).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'queryTimeout', value: 100, option: '--query-timeout' },
    })
    await expect(asked).rejects.toThrow('took longer than 0.1 seconds')
    for (let i = 0; i < 4; i++) expect(await database.select({ sql: 'SELECT 1', values: [] }, numbers)).toEqual([1])
  })

  it('let nobody wait for one of them where none can be made', async () => {
    const instance = await DuckDBInstance.create(':memory:')
    instance.connect = () => Promise.reject(new Error('there is no room for another'))
    const readers = createReaders(instance, { path: 'd', timeoutMs: 1000, maxText: 1000, maxWaiting: 10 }, () => 0)
    const asked = Array.from({ length: 5 }, () =>
      readers.select({ sql: 'SELECT 1', values: [] }, numbers, { unlimited: true }),
    )
    await Promise.all(asked.map((each) => expect(each).rejects.toThrow('there is no room for another')))
    instance.closeSync()
  })

  it('leave room for short questions, however many heavy ones are under way', async () => {
    const heavy = Array.from({ length: 6 }, () =>
      store.database.select({ sql: ENDLESS, values: [] }, numbers, { heavy: true, timeoutMs: 5000 }).then(
        () => 'answered',
        () => 'stopped',
      ),
    )
    let isOver = false
    const all = Promise.all(heavy).then((ends) => {
      isOver = true
      return ends
    })
    for (let i = 0; i < 20; i++) {
      const [session] = await store.getSessions(['ses_a'], rule)
      expect(session?.id).toBe('ses_a')
    }
    expect(isOver).toBe(false)
    expect(await all).toEqual(Array.from({ length: 6 }, () => 'stopped'))
  })

  it('let heavy ones wait for their turn, so many and so long and no more, and name both limits', async () => {
    const small = await openStore({ path: ':memory:', maxWaiting: 3 })
    const ask = (timeoutMs: number) =>
      small.database.select({ sql: ENDLESS, values: [] }, numbers, { heavy: true, timeoutMs })
    const running = [ask(60_000), ask(60_000)].map((each) => each.catch(() => 'stopped'))
    await expect(ask(200)).rejects.toThrow('waited for its turn for 0.2 seconds')
    const waiting = [1, 2, 3].map(() => ask(60_000).catch(() => 'stopped'))
    await expect(ask(60_000)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'maxWaiting', value: 3, option: '--max-waiting' },
    })
    // A connection is reserved for short queries.
    expect(await small.database.select({ sql: 'SELECT 1', values: [] }, numbers)).toEqual([1])
    await small.close()
    expect(await Promise.all([...running, ...waiting])).toEqual(Array(5).fill('stopped'))
  })

  it('give up an answer that is too long before all of it is made', async () => {
    const small = await openStore({ path: ':memory:', maxText: 10_000_000 })
    const texts = ([cells = []]: readonly (readonly unknown[])[]) => cells.map(String)
    const rows = (count: number) =>
      small.database.select({ sql: `SELECT repeat('x', 1000) FROM range(${count})`, values: [] }, texts)
    expect(await rows(10_000)).toHaveLength(10_000)
    await expect(rows(10_001)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'maxResponse', value: 10_000_000, option: '--max-response' },
    })
    expect(await rows(1)).toHaveLength(1)
    await small.close()
  })

  it('let reading know what was read before, whatever limit questions have', async () => {
    const small = await openStore({ path: ':memory:', maxText: 1000, queryTimeoutMs: 1 })
    const stamps = Array.from({ length: 5000 }, (_, i) => ({
      sessionId: `ses_${i}`,
      sourceId: 'x',
      parentId: null,
      stamp: 'y'.repeat(500),
      unsettled: false,
    }))
    await small.saveTraces({ forests: [], stamps, links: [], removedSessionIds: [] })
    expect(await small.loadStamps('x')).toHaveLength(5000)
    await small.close()
  })

  it('give each of many questions at once its own answer', async () => {
    const asked = Array.from({ length: 200 }, (_, i) =>
      store.database.select({ sql: 'SELECT $1 * 2', values: [i] }, numbers),
    )
    expect((await Promise.all(asked)).flat()).toEqual(Array.from({ length: 200 }, (_, i) => i * 2))
  })

  it('roll back what a failing transaction did, and take the next', async () => {
    await expect(
      store.database.transaction(async (writer) => {
        await writer.run("INSERT INTO session_links VALUES ('a', 'b')")
        throw new Error('no more')
      }),
    ).rejects.toThrow('no more')
    expect(await store.loadLinks()).toEqual([])
    await store.database.transaction((writer) => writer.run("INSERT INTO session_links VALUES ('a', 'c')"))
    expect(await store.loadLinks()).toEqual([{ fromSessionId: 'a', toSessionId: 'c' }])
  })

  it('take one thread for each and less memory while others need them, and then as much as before', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'delegraph-modest-'))
    const path = join(directory, 'traces.duckdb')
    for (const [options, usual, modest] of [
      [{ path }, ['488.2 MiB', '2'], ['122.0 MiB', '1']],
      [{ path, memoryLimit: '1GB', threads: 3 }, ['953.6 MiB', '3'], ['953.6 MiB', '1']],
    ] as const) {
      const other = await openStore(options)
      const means = () =>
        other.database.select(
          {
            sql: "SELECT value FROM duckdb_settings() WHERE name IN ('memory_limit', 'threads') ORDER BY name",
            values: [],
          },
          ([values = []]) => values.map(String),
        )
      expect(await means()).toEqual(usual)
      await other.giveWay(true)
      expect(await means()).toEqual(modest)
      await other.giveWay(false)
      expect(await means()).toEqual(usual)
      await other.close()
    }
    rmSync(directory, { recursive: true })
  })

  it('take what they need while all that they hold is in memory', async () => {
    const limit = () =>
      store.database.select({ sql: "SELECT current_setting('memory_limit')", values: [] }, ([values = []]) =>
        values.map(String),
      )
    const before = await limit()
    await store.giveWay(true)
    expect(await limit()).toEqual(before)
    await store.giveWay(false)
  })

  it('can be told to answer no more, at once, and to whom: to what runs, to what waits, to what comes', async () => {
    const other = await openStore({ path: ':memory:' })
    const ask = () => other.database.select({ sql: ENDLESS, values: [] }, numbers, { heavy: true })
    const asked = [ask(), ask(), ask()].map((each) => each.catch((error: unknown) => error))
    other.stopReading()
    asked.push(ask().catch((error: unknown) => error))
    for (const error of await Promise.all(asked)) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/is shutting down/) })
    }
    await other.database.transaction((writer) => writer.run("INSERT INTO session_links VALUES ('a', 'b')"))
    await other.close()
  })

  it('can be told to write no more: what is being written is rolled back within moments', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'delegraph-database-'))
    try {
      const path = join(folder, 'd.duckdb')
      const other = await openStore({ path })
      let isUnderWay = () => {}
      const underWay = new Promise<void>((resolve) => {
        isUnderWay = resolve
      })
      const write = (last: string) =>
        other.database.transaction(async (writer) => {
          await writer.run("INSERT INTO session_links VALUES ('a', 'b')")
          isUnderWay()
          await writer.run(last)
        })
      const written = [write(`INSERT INTO session_links SELECT 'c', (${ENDLESS})::VARCHAR`), write('SELECT 1')]
      const stopped = { code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/is shutting down/) }
      const ends = written.map((each) => expect(each).rejects.toMatchObject(stopped))
      await underWay
      await other.stopWriting()
      await Promise.all(ends)
      expect(await other.loadLinks()).toEqual([])
      await expect(write('SELECT 1')).rejects.toMatchObject(stopped)
      await other.close()
      const again = await openStore({ path })
      expect(await again.loadLinks()).toEqual([])
      await again.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('can be closed while something is asked and written: what is written is finished, what is asked is stopped', async () => {
    const other = await openStore({ path: ':memory:' })
    const asked = other.database.select({ sql: ENDLESS, values: [] }, numbers)
    const written = other.saveTraces({
      forests: [makeForest([{ id: 'a', turns: [chain(3)] }])],
      stamps: [],
      links: [],
      removedSessionIds: [],
    })
    await Promise.all([
      other.close(),
      expect(asked).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' }),
      expect(written).resolves.toMatchObject({ sessionIds: ['ses_a'] }),
    ])
    await other.close()
    await expect(other.countAll()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(other.saveSources({ states: [], rejections: [] })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
