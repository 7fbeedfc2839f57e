import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { chain, makeForest, START_MS } from '../forest.ts'

/** Takes minutes, unless it is stopped. */
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
      details: { limit: 'queryTimeout', value: 100 },
    })
    for (let i = 0; i < 4; i++) expect(await database.select({ sql: 'SELECT 1', values: [] }, numbers)).toEqual([1])
  })

  it('leave room for short questions, however many heavy ones are under way', async () => {
    const heavy = Array.from({ length: 6 }, () =>
      store.database.select({ sql: ENDLESS, values: [] }, numbers, { heavy: true, timeoutMs: 1500 }).then(
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
  }, 60_000)

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
    await expect(other.saveSources([], [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
