/**
 * Letters in one case: what is equal here is equal to RE2 under `(?i)` and to JavaScript under the flags `iu`, by Unicode's
 * simple folding. Both cases are needed: the last sigma of a word has a lower case of its own, and so have others.
 */
export function foldCase(text: string): string {
  let folded = ''
  for (const letter of text) folded += ALONE.has(letter) ? letter : single(lower, single(upper, letter))
  return folded
}

/** Turkish: its capital is another letter's, too. */
const ALONE: ReadonlySet<string> = new Set(['ı'])

const upper = (letter: string): string => letter.toUpperCase()
const lower = (letter: string): string => letter.toLowerCase()

/** Itself where it would be more than one letter: `ß` is no `SS` here. */
function single(to: (letter: string) => string, letter: string): string {
  const made = to(letter)
  return made.length === String.fromCodePoint(made.codePointAt(0) ?? 0).length ? made : letter
}

/** As a regular expression, of RE2 or of JavaScript, that finds nothing but this text. */
export const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
