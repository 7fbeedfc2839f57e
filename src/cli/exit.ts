import { DelegraphError } from '../errors.ts'
import { printable } from './printable.ts'

/** Exit codes, as `--help` lists them. */
export const EXIT = {
  done: 0,
  /** The answer has errors, or doctor found trouble. */
  trouble: 1,
  /** An option or an argument is wrong. */
  usage: 2,
  /** The database is locked, the port is taken, … */
  failed: 3,
  /** The answer is incomplete: a first reading, by this or another process, has not finished. */
  partial: 4,
} as const

/** Exit code and message of an error: a `DelegraphError` is shown as its message, anything else with its stack. */
export function failureOf(error: unknown): { code: number; text: string } {
  if (error instanceof DelegraphError) {
    const lines = error.message.split('\n').map(printable)
    return error.code === 'BAD_USER_INPUT'
      ? { code: EXIT.usage, text: ['Wrong options:', ...lines.map((line) => `  ${line}`)].join('\n') }
      : { code: EXIT.failed, text: lines.join('\n') }
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: EXIT.failed, text: `Unexpected: ${stack.split('\n').map(printable).join('\n')}` }
}
