/** Control characters, and the marks that turn the direction of writing: what a terminal acts on instead of showing it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** A text of somebody else's (a title, a path, a message of a file's) as one line that a terminal only shows. */
export function printable(text: string): string {
  return text.replace(ACTING, (character) => {
    if (character === '\n' || character === '\t' || character === '\r') return ' '
    return escaped(character)
  })
}

/** The same for JSON: its own escapes in the place of those characters, and all else as it is. */
export function escapeActing(json: string): string {
  return json.replace(ACTING, (character) => (character === '\n' ? character : escaped(character)))
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
