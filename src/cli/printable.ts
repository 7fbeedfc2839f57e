/** Control characters and bidirectional marks: what a terminal acts on instead of showing it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Makes foreign text (a title, a path, an error message) safe to print, as a single line. */
export function printable(text: string): string {
  return text.replace(ACTING, (character) => {
    if (character === '\n' || character === '\t' || character === '\r') return ' '
    return escaped(character)
  })
}

/** The same for JSON: these characters become JSON escapes, line feeds and all else stay. */
export function escapeActing(json: string): string {
  return json.replace(ACTING, (character) => (character === '\n' ? character : escaped(character)))
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
