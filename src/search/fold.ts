/**
 * Ignores case and accents by means of regular expressions that work the same in DuckDB's RE2 and in JavaScript (flag
 * `u`). So the stored text is searched as it is, and what is highlighted is exactly what was found.
 */
import { foldCase, literal } from '../letters.ts'

/** The combining diacritical marks, which follow their letter in decomposed text. */
export const MARKS = '\u0300-\u036f'
const ACCENTS = new RegExp(`[${MARKS}]`, 'gu')

/** Ligatures and the letters that each is equivalent to, so that `œuvre` and `oeuvre` find each other. */
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

/** Removes accent and case from one code point. */
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

/** Returns a regular expression that finds a folded text in any case and with any accents. */
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

/** All code points that fold to this letter, starting with the letter itself. */
function spellingsOf(letter: string): string {
  spellings ??= allSpellings()
  return spellings.get(letter) ?? letter
}

/** The last code point with a case: Adlam is the last Unicode block with two cases. */
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
