/**
 * Parses the query language of text search: words, "phrases", prefix*, -excluded. A text matches if it contains every
 * part and none of the excluded ones.
 *
 * A word matches at the start of any word, so `verifie` finds "vérifiée", and `prefix*` means the same as `prefix`. In
 * quotes, the last word must match as a whole unless a star follows the quotes. Punctuation within a part is literal:
 * `src/auth.js`, `user_id`.
 */
import { DelegraphError } from '../errors.ts'
import { fold, MARKS, patternOf } from './fold.ts'

export interface TextQuery {
  wanted: Term[]
  excluded: Term[]
}

export interface Term {
  /** For RE2, which lacks lookaround: a match may include the characters right before and after the term. */
  sql: string
  /**
   * For RE2, to count occurrences of a term whose last word must be whole: the matches of `begun` minus those of
   * `longer`. Matches of `sql` would consume the following character, with which the next match may begin; a capturing
   * group for the continuation of the word would take five times as long. Null if counting the matches of `sql` is
   * right.
   */
  whole: { begun: string; longer: string } | null
  /** For JavaScript, with the flag `u`: a match is exactly the term. */
  js: string
}

export const MAX_QUERY_LENGTH = 1000
export const MAX_TERMS = 16

const ACCEPTED =
  'A query consists of words (tests auth), "phrases in quotes", prefixes (config*) and -excluded words; at least one part must not be excluded.'

/**
 * Throws BAD_USER_INPUT if the query is too long, has too many parts, or has no part to search for.
 *
 * @param argument the API's name of the text, for the error
 */
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
  /** The folded text; never empty. */
  content: string
  /** Whether its last word must match as a whole. */
  whole: boolean
}

/** A minus excludes only directly before a word or a quote; `->` and `--force` are searched for literally. */
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
/**
 * The next character of a longer word. Excludes the accents that `patternOf` consumes, or else RE2 would backtrack and
 * take an accent of the term itself for one.
 */
const GOES_ON = `[\\p{L}\\p{N}]|[^\\P{M}${MARKS}]`
const isInWord = (letter: string | undefined): boolean =>
  letter !== undefined &&
  /[\p{L}\p{N}]/u.test(letter) &&
  // In scripts without spaces between words, a word may begin anywhere.
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
