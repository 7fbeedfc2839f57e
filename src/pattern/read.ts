import { DelegraphError } from '../errors.ts'
import { parsePattern } from './parse.ts'
import type { Expression } from './syntax.ts'

/** The pattern that a text is, or an error that says where it is none. */
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
