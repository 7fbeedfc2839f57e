/**
 * Letters without case and accents, as regular expressions that DuckDB's RE2 and JavaScript (flag `u`) read alike: what
 * is found and what is highlighted can't differ, and the text is searched as it is stored.
 */
import { foldCase, literal } from '../letters.ts'

/** Accents that follow their letter where a text is not composed: the combining diacritical marks. */
export const MARKS = '\u0300-\u036f'
const ACCENTS = new RegExp(`[${MARKS}]`, 'gu')

/** One word that stands for two letters each, in any spelling: œuvre, oeuvre. */
const LIGATURES: ReadonlyMap<string, string> = new Map([
  ['œ', 'oe'],
  ['æ', 'ae'],
  ['ß', 'ss'],
])
const EXPANDED: ReadonlyMap<string, string> = new Map([
  ['oe', 'œŒ'],
  ['ae', 'æǽǣÆǼǢ'],
  ['ss', 'ßẞ'],
])

const SPACE = '[\\s\u00a0\u2000-\u200a\u202f]'
const APOSTROPHES = "['’ʼ]"

/** One code point without accent and case. */
function foldLetter(letter: string): string {
  const bare = letter.normalize('NFD').replace(ACCENTS, '').normalize('NFC')
  return foldCase(bare === '' ? letter : bare)
}

export function fold(text: string): string {
  let folded = ''
  for (const letter of text.normalize('NFD').replace(ACCENTS, '').normalize('NFC')) {
    const lower = foldLetter(letter)
    folded += LIGATURES.get(lower) ?? lower
  }
  return folded
}

/** A pattern that finds a folded text in any case and with any accents. */
export function patternOf(folded: string): string {
  const letters = [...folded]
  let pattern = ''
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] ?? ''
    const ligature = EXPANDED.get(letter + (letters[i + 1] ?? ''))
    if (ligature !== undefined) {
      pattern += `(?:${letterPattern(letter)}${letterPattern(letters[i + 1] ?? '')}|[${ligature}][${MARKS}]*)`
      i += 1
    } else if (/\s/u.test(letter)) {
      while (/\s/u.test(letters[i + 1] ?? '')) i += 1
      pattern += `${SPACE}+`
    } else pattern += letterPattern(letter)
  }
  return pattern
}

function letterPattern(letter: string): string {
  if (letter === "'" || letter === '’') return APOSTROPHES
  const spellings = spellingsOf(letter)
  const one = spellings === letter ? literal(letter) : `[${spellings}]`
  return `${one}[${MARKS}]*`
}

let spellings: Map<string, string> | undefined

/** Every code point that folds to this letter, itself first. */
function spellingsOf(letter: string): string {
  spellings ??= allSpellings()
  return spellings.get(letter) ?? letter
}

/** The last block with letters of two cases is Adlam's. */
const LAST_CASED = 0x1e943

function allSpellings(): Map<string, string> {
  const found = new Map<string, string>()
  for (let code = 0x21; code <= LAST_CASED; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const letter = String.fromCodePoint(code)
    const folded = foldLetter(letter)
    if (folded !== letter) found.set(folded, (found.get(folded) ?? folded) + letter)
  }
  return found
}
