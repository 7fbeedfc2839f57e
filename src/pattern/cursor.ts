/** The parser's position in its tokens, how it reports a syntax error, and helpers to word the messages. */
import type { Meter, Token } from './scan.ts'
import type { Keyword, Name, PatternProblem } from './syntax.ts'

/** Thrown to leave the recursive descent; `parsePattern` catches it. */
export class Refusal extends Error {
  readonly problem: PatternProblem

  constructor(problem: PatternProblem) {
    super(problem.message)
    this.problem = problem
  }
}

export function refuse(
  at: { start: number },
  message: string,
  expected: readonly string[] = [],
  suggestion: string | null = null,
): never {
  throw new Refusal({ message, position: at.start, expected: [...expected], suggestion })
}

export class Cursor {
  private at = 0
  private readonly tokens: readonly Token[]
  private readonly meter: Meter

  constructor(tokens: readonly Token[], meter: Meter) {
    this.tokens = tokens
    this.meter = meter
  }

  /** The token `ahead` positions from here; the `end` token beyond the last one. */
  peek(ahead = 0): Token {
    this.meter.steps++
    const token = this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]
    if (token === undefined) throw new Error('a scan ends with an end')
    return token
  }

  next(): Token {
    const token = this.peek()
    this.at++
    return token
  }

  symbol(text: string): Token | null {
    const token = this.peek()
    return token.kind === 'symbol' && token.text === text ? this.next() : null
  }

  isKeyword(keyword: Keyword): boolean {
    const token = this.peek()
    return token.kind === 'word' && token.text.toLowerCase() === keyword
  }
}

export const isSymbol = (token: Token, text: string): boolean => token.kind === 'symbol' && token.text === text

export const nameOf = (word: Token): Name => ({ text: word.text, glob: word.text.includes('*') })

// ---------------------------------------------------------------- words for messages

export function refuseProblem(token: Token & { kind: 'problem' }, expected: readonly string[]): never {
  return refuse(token, token.message, token.expected.length > 0 ? token.expected : expected, token.suggestion)
}

const MAX_SHOWN = 40

export function shown(text: string): string {
  const line = [...text.slice(0, 2 * MAX_SHOWN)].map((c) => (/[\p{Cc}\p{Cs}]/u.test(c) ? ' ' : c))
  return `\`${line.slice(0, MAX_SHOWN).join('')}${line.length > MAX_SHOWN || text.length > 2 * MAX_SHOWN ? '…' : ''}\``
}

export const quoted = (token: Token): string => (token.kind === 'end' ? 'the end' : shown(token.text))

export const listed = (words: readonly string[]): string =>
  words.length < 2
    ? words.map((w) => `\`${w}\``).join('')
    : `${words
        .slice(0, -1)
        .map((w) => `\`${w}\``)
        .join(', ')} or \`${words[words.length - 1]}\``
