/** Tests that several stores are merged into one history. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History, oneHistory } from '../../src/ingest/history.ts'
import type { ListedSession, SourceSpec } from '../../src/ingest/source.ts'
import { cases } from '../cases.ts'

const store = (
  name: string,
  layer: number,
  sessions: Record<string, [created: number, updated?: number]>,
  home = '/home',
  importedMs: number | null = null,
) => {
  const spec: SourceSpec = {
    ref: { id: name, kind: layer === 0 ? 'OPENCODE_SQLITE' : 'OPENCODE_JSON', path: name },
    home,
    layer,
  }
  const listed = Object.entries(sessions).map(([id, [createdMs, updatedMs = createdMs]]): [string, ListedSession] => [
    id,
    { id, parentId: null, createdMs, updatedMs, mark: '', place: '' },
  ])
  return { spec, sessions: new Map(listed), newIds: null, importedMs }
}
const chosen = (...listings: ReturnType<typeof store>[]) =>
  Object.fromEntries([...oneHistory(listings)].map(([id, { spec }]) => [id, spec.ref.id]).sort())

describe('the stores of one data directory', () => {
  it('are all true where they share nothing', () => {
    expect(chosen(store('db', 0, { b: [2] }), store('files', 1, { a: [1] }))).toEqual({ a: 'files', b: 'db' })
  })

  it('are stale where a newer layout has imported them', () => {
    expect(chosen(store('db', 0, { a: [1], c: [3] }), store('files', 1, { a: [1, 99], deleted: [2] }))).toEqual({
      a: 'db',
      c: 'db',
    })
  })

  it('are stale but for what was made after the import', () => {
    expect(chosen(store('db', 0, { a: [1], c: [3] }), store('files', 1, { a: [1], back: [4] }))).toEqual({
      a: 'db',
      back: 'files',
      c: 'db',
    })
  })

  it('are not stale in what went on in the older layout alone after the import', () => {
    const files = store('files', 1, { a: [1, 12], b: [1, 12], c: [1, 2], deleted: [3], child: [11] })
    const database = (importedMs: number | null) =>
      store('db', 0, { a: [1, 2], b: [1, 15], c: [1, 2] }, '/home', importedMs)
    expect(chosen(database(10), files)).toEqual({ a: 'files', b: 'db', c: 'db', child: 'files' })
    // Not known, or not possible.
    for (const ms of [null, 0]) expect(chosen(database(ms), files)).toEqual({ a: 'db', b: 'db', c: 'db' })
  })

  it('go through three layouts', () => {
    expect(
      chosen(
        store('db', 0, { a: [1], b: [2], c: [3] }),
        store('files', 1, { a: [1], b: [2], gone: [2] }),
        store('old', 2, { a: [1], lost: [1] }),
      ),
    ).toEqual({ a: 'db', b: 'db', c: 'db' })
  })

  it('of two channels give each session as the later one has it', () => {
    expect(
      chosen(store('stable', 0, { a: [1, 5], b: [2, 6] }), store('dev', 0, { a: [1, 9], b: [2, 4], c: [3] })),
    ).toEqual({ a: 'dev', b: 'stable', c: 'dev' })
  })
})

describe('stores of different places', () => {
  it('give a session once, as the newest has it', () => {
    expect(chosen(store('here', 0, { a: [1, 5] }, '/x'), store('backup', 1, { a: [1, 3], b: [2] }, '/y'))).toEqual({
      a: 'here',
      b: 'backup',
    })
    expect(chosen(store('here', 1, { a: [1, 5] }, '/x'), store('there', 0, { a: [1, 5] }, '/y'))).toEqual({
      a: 'there',
    })
  })
})

it('of a session that two stores of one layer hold, the earlier beginning tells when the import was', () => {
  const listings = [
    store('one', 0, { a: [5, 5], b: [0, 0] }),
    store('two', 0, { a: [1, 1] }),
    store('older', 1, { b: [0, 0], c: [3, 3] }),
  ]
  expect(Object.keys(chosen(...listings)).sort()).toEqual(['a', 'b', 'c'])
  expect(chosen(...listings.toReversed())).toEqual(chosen(...listings))
})

it('the order in which stores are found does not matter', () => {
  const sessions = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.tuple(fc.nat(9), fc.nat(9)).map(([c, u]): [number, number] => [c, c + u]),
  )
  const listing = fc.tuple(fc.constantFrom(0, 1, 2), sessions, fc.constantFrom('/x', '/y')).map(
    ([layer, s, home]) =>
      (name: string) =>
        store(name, layer, s, home),
  )
  fc.assert(
    fc.property(fc.array(listing, { maxLength: 5 }), fc.integer(), (makers, seed) => {
      const listings = makers.map((make, i) => make(`s${i}`))
      const [other] = fc.sample(fc.shuffledSubarray(listings, { minLength: listings.length }), { seed, numRuns: 1 })
      expect(chosen(...(other ?? []))).toEqual(chosen(...listings))
    }),
  )
})

describe('a history that is brought up to date', () => {
  const ids = ['a', 'b', 'c', 'd']
  const session = (id: string, ms: number): ListedSession => ({
    id,
    parentId: null,
    createdMs: 1,
    updatedMs: ms,
    mark: String(ms),
    place: '',
  })
  /** Changes in one of two stores: a session's new update time, or null for its removal. */
  const step = fc.record({
    store: fc.nat(1),
    news: fc.array(fc.tuple(fc.constantFrom(...ids), fc.option(fc.nat(9))), { maxLength: 3 }),
  })

  it('is what it would be if it were made anew, and tells of every session that is not what it was', () => {
    let upToDate = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const history = new History()
        const stores = [store('db', 0, {}), store('other', 0, {}, '/other')]
        history.update(stores)
        for (const { store: index, news } of steps) {
          const before = new Map(history.holdings)
          for (const [id, ms] of news) {
            const { sessions } = stores[index] ?? store('', 0, {})
            if (ms === null) sessions.delete(id)
            else sessions.set(id, session(id, ms))
          }
          const listings = stores.map((each, i) => ({
            ...each,
            newIds: i === index ? [...new Set(news.map(([id]) => id))] : [],
          }))
          const newIds = history.update(listings)
          expect(history.holdings).toEqual(oneHistory(listings))
          for (const { spec } of stores) {
            const held = [...history.holdings.values()].filter((holding) => holding.spec.ref.id === spec.ref.id)
            expect(history.newestMs(spec.ref.id)).toBe(Math.max(0, ...held.map((holding) => holding.session.updatedMs)))
          }
          if (newIds === null) continue
          upToDate++
          for (const id of ids) if (!newIds.has(id)) expect(history.holdings.get(id)).toBe(before.get(id))
        }
      }),
      { numRuns: cases(500) },
    )
    expect(upToDate).toBeGreaterThan(0)
  })
})
