import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noUsage } from '../../src/records.ts'
import { ANY_PATTERNS, samplePatterns } from '../../src/resolvers/sample-patterns.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { makeForest } from '../forest.ts'

const failed = { status: 'ERROR', error: { name: 'UnknownError', message: 'no' } } as const
const forest = makeForest([
  {
    id: 'failed',
    turns: [
      {
        agent: 'and',
        calls: [
          { agent: 'the "checker"', with: failed },
          { agent: 'mender', with: { total: { ...noUsage(), cost: 2 } } },
        ],
      },
    ],
  },
  { id: 'new', turns: [{ agent: 'leader', calls: [{ agent: 'worker', calls: [{ agent: 'dot.ted/name' }] }] }] },
])

describe('a sample pattern', () => {
  let store: Store
  let empty: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    empty = await openStore({ path: ':memory:' })
    await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  })
  afterAll(() => Promise.all([store.close(), empty.close()]))
  const rule = { nowMs: 0, staleAfterMs: 0 }
  const count = async (pattern: string) => (await store.searchPattern({ pattern }, null, rule)).totalCount

  it('names agents of the history, however they are called, and finds what it is about', async () => {
    const patterns = await samplePatterns(store, 0)
    expect(patterns).toEqual({
      related: 'worker -> dot.ted/name',
      left: '"the \\"checker\\""[status=error] ;; !"the \\"checker\\""',
      costly: '"and" >> *[cost>=1]',
    })
    for (const pattern of Object.values(patterns)) expect(await count(pattern), pattern).toBe(1)
  })

  it('is about any agent where nothing was delegated yet', async () => {
    expect(await samplePatterns(empty, 0)).toEqual(ANY_PATTERNS)
    for (const pattern of Object.values(ANY_PATTERNS)) expect(await count(pattern), pattern).toBeTypeOf('number')
  })
})
