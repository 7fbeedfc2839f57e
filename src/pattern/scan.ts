/**
 * Splits text into tokens, in one pass from left to right. Scanning never throws: invalid input becomes a token of kind
 * `problem`.
 */

export type Token =
  | { kind: 'word'; text: string; start: number; end: number }
  | { kind: 'symbol'; text: string; start: number; end: number }
  | { kind: 'end'; text: string; start: number; end: number }
  /** `value` is the text between the quotes, with escapes resolved. */
  | { kind: 'string'; text: string; value: string; start: number; end: number }
  | {
      kind: 'problem'
      text: string
      start: number
      end: number
      message: string
      expected: string[]
      suggestion: string | null
    }

/** Counts the steps of a scan or parse, so that a test can verify that they are linear in the text. */
export interface Meter {
  steps: number
}

/** Longest first, because the first symbol that matches is taken. */
const SYMBOLS = [
  '->>',
  '->',
  '→',
  '>>',
  '>=',
  '<=',
  '!=',
  ';;',
  '>',
  '<',
  ';',
  '=',
  '~',
  '!',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
]

/** Characters that people type by mistake, with the symbol or keyword to suggest instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  '|': 'OR',
  '&': 'AND',
  '⇒': '->',
  '⟶': '->',
  '➔': '->',
  '➜': '->',
  '»': '>>',
  '≠': '!=',
  '≥': '>=',
  '≤': '<=',
  '“': '"',
  '”': '"',
  '«': '"',
  '‘': '"',
  '’': '"',
  '`': '"',
  '+': ';',
}

const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_./@*-]/u
const SPACE = /\s/
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\' }

export function scan(text: string, meter: Meter = { steps: 0 }): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    meter.steps++
    const c = characterAt(text, at)
    if (SPACE.test(c) || c === '\uFEFF') at += c.length
    else if (c === '#') at = endOfLine(text, at, meter)
    else {
      const token =
        c === '"' || c === "'"
          ? scanString(text, at, meter)
          : isWordCharacter(text, at)
            ? scanWord(text, at, meter)
            : scanSymbol(text, at)
      tokens.push(unlessTooLong(token))
      at = token.end
    }
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  return tokens
}

/**
 * The longest name or text. Each becomes a regular expression in the database, whose engine (RE2) rejects long ones.
 */
const MAX_LENGTH = 10_000

function unlessTooLong(token: Token): Token {
  const length = token.kind === 'string' ? token.value.length : token.kind === 'word' ? token.text.length : 0
  if (length <= MAX_LENGTH) return token
  const [most, found] = [MAX_LENGTH, length].map((count) => count.toLocaleString('en'))
  const message = `A name or a text has at most ${most} characters; this one has ${found}.`
  return { ...token, kind: 'problem', message, expected: [], suggestion: null }
}

/** Whether the text can be written as a WORD, without quotes. */
export function isWord(text: string): boolean {
  if (text === '') return false
  for (const c of text) if (!WORD_CHARACTER.test(c)) return false
  return true
}

/** The code point at `at`, which may be two code units long. */
const characterAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0)

/** A `-` directly before `>` belongs to the operator. */
const isWordCharacter = (text: string, at: number): boolean =>
  WORD_CHARACTER.test(characterAt(text, at)) && !(text[at] === '-' && text[at + 1] === '>')

function endOfLine(text: string, start: number, meter: Meter): number {
  let at = start
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') {
    at++
    meter.steps++
  }
  return at
}

function scanWord(text: string, start: number, meter: Meter): Token {
  let end = start
  while (end < text.length && isWordCharacter(text, end)) {
    end += characterAt(text, end).length
    meter.steps++
  }
  return { kind: 'word', text: text.slice(start, end), start, end }
}

function scanSymbol(text: string, start: number): Token {
  const symbol = SYMBOLS.find((s) => text.startsWith(s, start))
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, start, end: start + symbol.length }
  const c = characterAt(text, start)
  return {
    kind: 'problem',
    text: c,
    start,
    end: start + c.length,
    message: `${describeCharacter(c)} has no meaning in a pattern; write a name that contains it in quotes.`,
    expected: [],
    suggestion:
      INSTEAD[c] ??
      (/^\p{Sc}/u.test(c) ? (/^[0-9]+(\.[0-9]+)?/.exec(text.slice(start + 1, start + 16))?.[0] ?? null) : null),
  }
}

function scanString(text: string, start: number, meter: Meter): Token {
  const quote = text[start] ?? ''
  let value = ''
  let at = start + 1
  while (at < text.length) {
    meter.steps++
    const c = text[at] ?? ''
    if (c === quote) return { kind: 'string', text: text.slice(start, at + 1), value, start, end: at + 1 }
    if (c !== '\\') {
      value += c
      at++
      continue
    }
    const code = text[at + 1] ?? ''
    const hex = code === 'u' ? /^[0-9a-fA-F]{4}$/.exec(text.slice(at + 2, at + 6))?.[0] : undefined
    const plain = ESCAPES[code]
    if (hex !== undefined) {
      value += String.fromCharCode(Number.parseInt(hex, 16))
      at += 6
    } else if (plain !== undefined) {
      value += plain
      at += 2
    } else if (at + 1 >= text.length) at++
    else {
      return {
        kind: 'problem',
        text: `\\${characterAt(text, at + 1)}`,
        start: at,
        end: text.length,
        message:
          code === 'u'
            ? 'Four hexadecimal digits must follow \\u.'
            : `\\${characterAt(text, at + 1)} is not an escape sequence; write a backslash itself twice.`,
        expected: ['\\"', "\\'", '\\\\', '\\n', '\\r', '\\t', '\\u0000'],
        suggestion: code === 'u' ? null : `\\\\${characterAt(text, at + 1)}`,
      }
    }
  }
  return {
    kind: 'problem',
    text: quote,
    start,
    end: text.length,
    message: 'This string is not closed.',
    expected: [quote],
    suggestion: null,
  }
}

function describeCharacter(c: string): string {
  const code = c.codePointAt(0) ?? 0
  const visible = /^[\p{P}\p{S}]$/u.test(c)
  return visible ? `\`${c}\`` : `The character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
