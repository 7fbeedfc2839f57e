import { DelegraphError } from '../errors.ts'
import { parsePattern } from './parse.ts'
import type { Expression } from './syntax.ts'

/** Parses a pattern, or throws PATTERN_SYNTAX with the position of the error, what was expected, and a suggestion. */
export function readPattern(text: string): Expression {
  const result = parsePattern(text)
  if (result.ok) return result.pattern
  const { message, position, expected, suggestion } = result.problem
  throw new DelegraphError('PATTERN_SYNTAX', message, {
    position,
    expected,
    ...(suggestion === null ? {} : { suggestion }),
  })
}
