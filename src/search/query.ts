/**
 * What a person types to search texts: words, "phrases", prefix*, -excluded. A text matches when it has every part and
 * none of the excluded ones.
 *
 * A word is found wherever a word begins with it, so `verifie` finds "vérifiée" and `prefix*` says no more than `prefix`;
 * in quotes the last word is whole, unless a star follows. What is in between is taken as it is: `src/auth.js`, `user_id`.
 */
import { DelegraphError } from '../errors.ts'
import { fold, MARKS, patternOf } from './fold.ts'

export interface TextQuery {
  wanted: Term[]
  excluded: Term[]
}

export interface Term {
  /** For RE2, which looks neither behind nor ahead: a match may begin with the character before and end with the one after. */
  sql: string
  /**
   * For RE2, to count a term whose last word is whole: every match of `begun` that is none of `longer`. What follows is left
   * to the next match, which may begin with it; a group that says where a word goes on would take five times as long. Null
   * where every match of `sql` counts.
   */
  whole: { begun: string; longer: string } | null
  /** For JavaScript, with flag `u`: a match is the term alone. */
  js: string
}

export const MAX_QUERY_LENGTH = 1000
export const MAX_TERMS = 16

const ACCEPTED =
  'A query consists of words (tests auth), "phrases in quotes", prefixes (config*) and -excluded words; at least one part must not be excluded.'

/** @param argument what the API calls the text, for whoever is told that it is wrong */
export function readTextQuery(text: string, argument = 'query'): TextQuery {
  const refused = (message: string) => new DelegraphError('BAD_USER_INPUT', message, { argument })
  if (text.length > MAX_QUERY_LENGTH) {
    throw refused(`The query has ${text.length} characters; at most ${MAX_QUERY_LENGTH} are allowed.`)
  }
  const query: TextQuery = { wanted: [], excluded: [] }
  const seen = new Set<string>()
  for (const { excluded, content, whole } of split(text)) {
    const term = termOf(content, whole)
    const key = `${excluded} ${term.sql}`
    if (seen.has(key)) continue
    seen.add(key)
    query[excluded ? 'excluded' : 'wanted'].push(term)
  }
  if (query.wanted.length === 0) {
    const what = query.excluded.length === 0 ? 'The query is empty.' : 'The query only excludes words.'
    throw refused(`${what} ${ACCEPTED}`)
  }
  if (seen.size > MAX_TERMS) {
    throw refused(`The query has ${seen.size} parts; at most ${MAX_TERMS} are allowed.`)
  }
  return query
}

interface Part {
  excluded: boolean
  /** Folded; accents that stand alone leave nothing of it, and then it is no part. */
  content: string
  /** Its last word must end where the part does. */
  whole: boolean
}

/** A minus excludes only before a word or a quote: `->` and `--force` are searched for as they are. */
const PART = /(?:(-)(?=["\p{L}\p{N}]))?(?:"([^"]*)(?:"(\*?)|$)|(\S+))/gu

function split(text: string): Part[] {
  const parts: Part[] = []
  for (const [, minus, phrase, star, word] of text.matchAll(PART)) {
    const content = fold(phrase ?? word?.replace(/\*+$/u, '') ?? '').trim()
    if (content === '') continue
    parts.push({ excluded: minus !== undefined, content, whole: phrase !== undefined && star !== '*' })
  }
  return parts
}

// ---------------------------------------------------------------- where words begin and end

const IN_WORD = '\\p{L}\\p{N}\\p{M}'
/** A letter that no pattern of `patternOf` takes as the accent of the one before: RE2 must not give one back for it. */
const GOES_ON = `[\\p{L}\\p{N}]|[^\\P{M}${MARKS}]`
const isInWord = (letter: string | undefined): boolean =>
  letter !== undefined &&
  /[\p{L}\p{N}]/u.test(letter) &&
  // Scripts that put no space between words: a word may begin anywhere.
  !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u.test(letter)

function termOf(folded: string, whole: boolean): Term {
  const letters = [...folded]
  const body = patternOf(folded)
  const begins = isInWord(letters[0])
  const ends = whole && isInWord(letters.at(-1))
  const first = begins ? `(?:^|[^${IN_WORD}])` : ''
  return {
    sql: `${first}${body}${ends ? `(?:$|[^${IN_WORD}])` : ''}`,
    whole: ends ? { begun: `${first}${body}`, longer: `${first}${body}(?:${GOES_ON})` } : null,
    js: `${begins ? `(?<![${IN_WORD}])` : ''}${body}${ends ? `(?![${IN_WORD}])` : ''}`,
  }
}
