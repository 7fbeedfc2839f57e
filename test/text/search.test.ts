/** Checks which texts are found, in which order and on which page, against a plain search of the same texts. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Forest } from '../../src/records.ts'
import { readTextQuery } from '../../src/search/query.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import type { TextMatch, TextSearch } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { makeForest, START_MS } from '../forest.ts'

const rule = { nowMs: START_MS + 86_400_000, staleAfterMs: 600_000 }

let store: Store
beforeAll(async () => {
  // The histories are small: a second thread would only add waiting.
  store = await openStore({ path: ':memory:', threads: 1 })
})
afterAll(() => store.close())

/** Saves one session whose turns have these prompts, and no other text. */
async function savePrompts(prompts: readonly string[], title = '') {
  const turns = prompts.map((promptInput) => ({
    agent: 'build',
    with: { promptInput, promptOutput: null, description: null },
  }))
  await store.saveTraces({
    forests: [makeForest([{ id: 'one', turns, with: { title } }])],
    stamps: [],
    links: [],
    removedSessionIds: [],
  })
}

/** A store of its own, so that other tests do not find its texts. */
async function storeOf(forest: Forest): Promise<Store> {
  const own = await openStore({ path: ':memory:', threads: 1 })
  onTestFinished(() => own.close())
  await own.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  return own
}

async function search(query: string, more: Partial<TextSearch> = {}): Promise<TextMatch[]> {
  const { page, totalCount } = await store.searchText({ query, ...more }, { first: 500 }, rule)
  expect(totalCount).toBe(page.items.length)
  return page.items.map(({ node }) => node)
}

const marked = ({ snippet, highlights }: TextMatch): string[] =>
  highlights.map(({ start, end }) => snippet.slice(start, end))

describe('what is found', () => {
  const finds: readonly [query: string, text: string, marked: string[]][] = [
    ['verifie', 'La migration est vérifiée.', ['vérifié']],
    ['VÉRIFIÉE', 'la migration est verifiee', ['verifiee']],
    ['verifiee', 'Elle est ve\u0301rifie\u0301e', ['ve\u0301rifie\u0301e']],
    ['oeuvre', 'La mise en œuvre', ['œuvre']],
    ['œuvre', 'LA MISE EN OEUVRE', ['OEUVRE']],
    ["l'étape", 'Décris l’étape suivante', ['l’étape']],
    ['strasse', 'Die Straße', ['Straße']],
    ['src/auth.js', 'Fix src/auth.js, please', ['src/auth.js']],
    ['auth.js', 'Fix src/auth.js, please', ['auth.js']],
    ['user_id', 'SELECT user_id FROM users', ['user_id']],
    ['->', 'tester -> refactoring', ['->']],
    ['"second  test"', 'the second\ntest fails', ['second test']],
    ['"second te"*', 'the second test fails', ['second te']],
    ['conf*', 'Read the configuration', ['conf']],
    ['日本', 'これは日本語です', ['日本']],
    ['a.b*c(', 'see a.b*c( there', ['a.b*c(']],
    ['fix -broken', 'a fix for all', ['fix']],
  ]
  it.each(finds)('%s finds "%s"', async (query, text, expected) => {
    await savePrompts([text])
    const [match] = await search(query)
    expect(match && marked(match)).toEqual(expected)
  })

  it.each(['\u0301', '"\u0301 \u0301"'])('accents alone are no query: %j', async (query) => {
    await savePrompts(['anything'])
    await expect(search(query)).rejects.toThrow('The query is empty')
  })

  it('a part that is accents alone neither restricts nor excludes', async () => {
    await savePrompts(['anything'])
    expect(await search('anything \u0301 -"\u0301"')).toHaveLength(1)
  })

  const misses: readonly [query: string, text: string][] = [
    ['test', 'the latest run'],
    ['"te"', 'the test'],
    ['"second test"', 'the test, second'],
    ['fix -broken', 'fix what is BROKEN'],
    ['tat', 'l’e\u0301tat'],
    ['auth.js', 'authXjs'],
    ['one two', 'only one'],
  ]
  it.each(misses)('%s does not find "%s"', async (query, text) => {
    await savePrompts([text])
    expect(await search(query)).toEqual([])
  })

  it('finds a title once, with the first trace of its session', async () => {
    await savePrompts(['nothing', 'here'], 'Réécriture du module')
    expect(await search('reecriture')).toMatchObject([{ traceId: 'msg_one_1', field: 'TITLE' }])
    expect(await search('reecriture', { fields: ['PROMPT_INPUT', 'DESCRIPTION'] })).toEqual([])
    expect(await search('nothing', { fields: [] })).toEqual([])
  })

  it('finds the title of a child session with what ran there, and not with the copy of its call in a fork', async () => {
    const copy = { copied: true, sessionId: 'ses_one_2', startedMs: START_MS }
    const forest = makeForest([
      { id: 'one', turns: [{ agent: 'build', calls: [{ agent: 'tester' }] }] },
      { id: 'fork', turns: [{ agent: 'build', calls: [{ agent: 'tester', with: copy }] }] },
    ])
    for (const session of forest.sessions) session.title = session.id === 'ses_one_2' ? 'Réécriture' : ''
    const own = await storeOf(forest)
    const found = async (filter: TextSearch['filter']) =>
      (await own.searchText({ query: 'reecriture', filter }, { first: 2 }, rule)).page.items.map(({ node }) => node)
    expect(await found({})).toMatchObject([{ traceId: 'prt_one_2', field: 'TITLE' }])
    expect(await found({ sessionIds: ['ses_fork'] })).toMatchObject([{ traceId: 'prt_fork_2', field: 'TITLE' }])
  })

  it('searches only what the filter admits', async () => {
    await savePrompts(['same words', 'same words'])
    expect(await search('same', { filter: { ids: ['msg_one_2'] } })).toMatchObject([{ traceId: 'msg_one_2' }])
  })
})

describe('the filters', () => {
  it('admit the traces and sessions with a text that matches, or a title', async () => {
    await savePrompts(['ajoute un état', 'rien'], 'Mon titre')
    expect(await store.countTraces({ text: 'etat' }, rule)).toBe(1)
    expect(await store.countTraces({ text: 'titre' }, rule)).toBe(2)
    expect(await store.countTraces({ text: 'etat -ajoute' }, rule)).toBe(0)
    expect(await store.countSessions({ text: 'etat' }, rule)).toBe(1)
    expect(await store.countSessions({ text: 'TITRE' }, rule)).toBe(1)
    expect(await store.countSessions({ text: 'absent' }, rule)).toBe(0)
  })

  it('admit a session for what is below it', async () => {
    const calls = [{ agent: 'tester', with: { promptInput: 'profondément caché' } }]
    await store.saveTraces({
      forests: [makeForest([{ id: 'one', turns: [{ agent: 'build', calls }] }])],
      stamps: [],
      links: [],
      removedSessionIds: [],
    })
    expect(await store.countSessions({ text: 'cache' }, rule)).toBe(1)
    expect(await store.countSessions({ text: 'cache', rootsOnly: false }, rule)).toBe(2)
  })

  it('admit a root session for its own tree, and not for what another tree had it do', async () => {
    const calls = [{ agent: 'tester', with: { sessionId: 'ses_one', promptInput: 'reprise' } }]
    const forest = makeForest([
      { id: 'one', turns: [{ agent: 'build' }] },
      { id: 'two', turns: [{ agent: 'lead', calls }] },
    ])
    const own = await storeOf(forest)
    expect(await own.countSessions({ text: 'reprise', ids: ['ses_two'] }, rule)).toBe(1)
    expect(await own.countSessions({ text: 'reprise', ids: ['ses_one'] }, rule)).toBe(0)
  })
})

describe('queries that ask for nothing', () => {
  it.each(['', '   ', '""', '*', '-this', '-"a b" -c'])('refuses "%s", and says what is accepted', async (query) => {
    await expect(store.searchText({ query }, { first: 1 }, rule)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('at least one part must not be excluded'),
    })
  })

  it('are named as whoever asks calls them', async () => {
    const details = (argument: string) => ({ code: 'BAD_USER_INPUT', details: { argument } })
    await expect(store.searchText({ query: '' }, { first: 1 }, rule)).rejects.toMatchObject(details('query'))
    await expect(store.countTraces({ text: '' }, rule)).rejects.toMatchObject(details('text'))
    await expect(store.countSessions({ text: '' }, rule)).rejects.toMatchObject(details('text'))
  })

  it('refuses what is too long', async () => {
    await expect(search('x'.repeat(1001))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(search(Array.from({ length: 17 }, (_, i) => `w${i}`).join(' '))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })

  it('takes the longest there is', async () => {
    await savePrompts(['e'.repeat(1000)])
    expect(await search('e'.repeat(1000))).toHaveLength(1)
  })
})

// ---------------------------------------------------------------- against a plain search

const WORDS = ['état', 'etat', 'été', 'vérifiée', 'tests', 'test', 'src/auth.js', 'auth', 'user_id']
const texts = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 }).map((words) => words.join(' '))
const asked = ['etat', 'ete', 'verifie', 'test', 'auth', 'user', 'id', '"test"', '"etat"', '"auth"']

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
const occurrences = (text: string, word: string): number =>
  plain(text)
    .split(/[^a-z]+/)
    .filter((each) => (word.startsWith('"') ? `"${each}"` === word : each.startsWith(word))).length

/** Letters with several spellings, with and without accents, and separators of words. */
const LETTERS = ['a', 'E', 'é', 'e\u0301', 's', 'ss', 'ß', 'ſ', 'oe', 'Œ', 'k', '\u212a', 'σ', 'ς', '日', '7', '=', '≠']
const BETWEEN = [' ', ' ', '\n', '\u00a0', "'", '’', '.', '/', '_', '-']
const written = (units: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...units), { minLength: 1, maxLength }).map((parts) => parts.join(''))
const plainLetters = LETTERS.filter((letter) => letter <= '\u007f')

it('finds a word in whatever spelling, in texts of plain ASCII and in others', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(written([...LETTERS, ...BETWEEN], 12), written([...plainLetters, ' ', "'", '.', '_', '='], 12)),
        { minLength: 20, maxLength: 20 },
      ),
      fc.array(written([...LETTERS, "'", '.', '_'], 2), { minLength: 4, maxLength: 4 }),
      async (prompts, queries) => {
        await savePrompts(prompts)
        for (const query of queries) {
          const [term] = readTextQuery(query).wanted
          if (term === undefined) throw new Error('there is one')
          const having = prompts.filter((text) => new RegExp(term.js, 'u').test(text))
          expect(await store.countTraces({ text: query }, rule), JSON.stringify(query)).toBe(having.length)
          expect((await store.searchText({ query }, { first: 1 }, rule)).totalCount, query).toBe(having.length)
        }
      },
    ),
    { numRuns: cases(10) },
  )
})

it('finds a letter in each of its spellings: the micro sign is a mu, the long s an s', async () => {
  await savePrompts(['5 \u00b5s', '5 \u03bcs', '5 ΜS', '5 \u03bc\u017f', '5 ms'])
  for (const query of ['\u00b5s', '\u03bcs', 'Μ\u017f']) expect(await search(query), query).toHaveLength(4)
})

it('counts a whole word as often as it is said, though neighbours share what stands between them', async () => {
  const scoreOf = async (text: string, query = '"test"') => {
    await savePrompts([text, 'something else'.padEnd(Buffer.byteLength(text))])
    return (await search(query)).map(({ score }) => score)
  }
  // Texts of equal length, so that only the number of occurrences can make a difference.
  const twice = await scoreOf('the test was a test')
  expect(await scoreOf('a test test was the')).toEqual(twice)
  expect(await scoreOf('the test tests test')).toEqual(twice)
  expect(await scoreOf('tests test test tes')).toEqual(twice)
  expect(await scoreOf('a té té', '"te"')).toEqual(await scoreOf('té a té', '"te"'))
  expect(await scoreOf('te\u0301 te\u0301 te\u0301s a', '"te"')).toEqual(
    await scoreOf('te\u0301 a te\u0301 s\u0301', '"te"'),
  )
  expect(await scoreOf('so be it so be it', '"so be it"')).toEqual(await scoreOf('so be it.so be it', '"so be it"'))
  expect(await scoreOf('the test was a tes')).not.toEqual(await scoreOf('the test test a te'))
})

it('finds and ranks what a plain reading does, page by page', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(texts, { minLength: 1, maxLength: 12 }),
      fc.uniqueArray(fc.constantFrom(...asked), { minLength: 1, maxLength: 2 }),
      fc.option(fc.constantFrom(...asked), { nil: null }),
      fc.integer({ min: 1, max: 4 }),
      async (prompts, wanted, unwanted, size) => {
        await savePrompts(prompts)
        const bytes = prompts.map((text) => Buffer.byteLength(text))
        const average = bytes.reduce((sum, each) => sum + each, 0) / prompts.length
        const score = (text: string): number =>
          wanted.reduce((sum, word) => {
            const tf = occurrences(text, word)
            const df = prompts.filter((each) => occurrences(each, word) > 0).length
            const length = 1 - 0.75 + (0.75 * Buffer.byteLength(text)) / average
            return sum + (Math.log(1 + (prompts.length - df + 0.5) / (df + 0.5)) * tf * 2.2) / (tf + 1.2 * length)
          }, 0)
        const expected = prompts
          .map((text, i) => ({ id: `msg_one_${i + 1}`, text, score: score(text) }))
          .filter(({ text }) => wanted.every((word) => occurrences(text, word) > 0))
          .filter(({ text }) => unwanted === null || occurrences(text, unwanted) === 0)

        const query = [...wanted, ...(unwanted === null ? [] : [`-${unwanted}`])].join(' ')
        const found: TextMatch[] = []
        let after: string | null = null
        do {
          const { page, totalCount } = await store.searchText({ query }, { first: size, after }, rule)
          expect(totalCount).toBe(expected.length)
          found.push(...page.items.map(({ node }) => node))
          after = page.hasNextPage ? (page.items.at(-1)?.cursor ?? null) : null
        } while (after !== null)

        expect(found.map(({ traceId }) => traceId).sort()).toEqual(expected.map(({ id }) => id).sort())
        const scores = found.map((match) => match.score)
        expect(scores).toEqual([...scores].sort((a, b) => b - a))
        for (const { traceId, score } of found) {
          expect(score).toBeCloseTo(expected.find(({ id }) => id === traceId)?.score ?? Number.NaN, 9)
        }
      },
    ),
    { numRuns: cases(25) },
  )
})
