import type { YogaLogger } from 'graphql-yoga'
import { printable } from './printable.ts'

/** Lines for a person; what happens in between (`debug`) is not said. */
export function createLog(stream: { write: (text: string) => unknown }): YogaLogger {
  const line =
    (level: string) =>
    (...parts: unknown[]) => {
      const text = parts.map((part) => (part instanceof Error ? (part.stack ?? part.message) : String(part))).join(' ')
      const lines = text.split('\n').map(printable)
      stream.write(`${new Date().toISOString()} ${level} ${lines.join('\n')}\n`)
    }
  return { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') }
}
