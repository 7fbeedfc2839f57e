/**
 * Folds case as Unicode's simple folding does: two texts that fold to the same text also match each other in RE2 under
 * `(?i)` and in JavaScript under the flags `iu`. Each letter is converted to upper case and then to lower case, since
 * some letters, such as the final sigma, have a lower-case form of their own.
 */
export function foldCase(text: string): string {
  let folded = ''
  for (const letter of text) folded += ALONE.has(letter) ? letter : single(lower, single(upper, letter))
  return folded
}

/** The Turkish dotless i keeps its form: its capital is also that of `i`. */
const ALONE: ReadonlySet<string> = new Set(['ı'])

const upper = (letter: string): string => letter.toUpperCase()
const lower = (letter: string): string => letter.toLowerCase()

/** Keeps the letter if its conversion is more than one code point: `ß` does not become `SS` here. */
function single(to: (letter: string) => string, letter: string): string {
  const made = to(letter)
  return made.length === String.fromCodePoint(made.codePointAt(0) ?? 0).length ? made : letter
}

/** Escapes a text so that, as a regular expression of RE2 or JavaScript, it matches exactly that text. */
export const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
