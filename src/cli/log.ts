/**
 * The log: JSON for programs, or lines for a person. Written synchronously, so the last lines before an exit are not
 * lost. Other people's texts (prompts, queries, values) are logged at `debug` only.
 */
import type { YogaLogger } from 'graphql-yoga'
import { pino } from 'pino'
import type { LogLevel } from '../config.ts'
import { escapeActing, printable } from './printable.ts'

export interface LogOptions {
  level: LogLevel
  format: 'pretty' | 'json'
}

/** Strings are joined into the message; errors and the fields of objects are logged beside it. */
type Say = (...parts: unknown[]) => void
export type Log = YogaLogger & Record<'debug' | 'info' | 'warn' | 'error', Say>

export function createLog(stream: { write: (text: string) => unknown }, { level, format }: LogOptions): Log {
  const write = (line: string) => void stream.write(format === 'json' ? escapeActing(line) : readable(line))
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  const say =
    (name: 'debug' | 'info' | 'warn' | 'error'): Say =>
    (...parts) => {
      if (!logger.isLevelEnabled(name)) return
      const words: string[] = []
      const fields: Record<string, unknown> = {}
      for (const part of parts) {
        if (part instanceof Error) fields.error = described(part)
        else if (typeof part === 'object' && part !== null) Object.assign(fields, part)
        else words.push(String(part))
      }
      logger[name](fields, words.join(' '))
    }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}

/** Error messages are cut to this many characters: some database errors quote the offending value in full. */
const MESSAGE = 300
const CAUSES = 3

interface Described {
  name: string
  message: string
  stack: string[]
  cause?: Described
}

function described(error: Error, causes = CAUSES): Described {
  const { name, message, stack = '', cause } = error
  const lines = stack.split('\n').map((line) => line.trim())
  return {
    name,
    message: message.length > MESSAGE ? `${message.slice(0, MESSAGE)}…` : message,
    stack: lines.filter((line) => line.startsWith('at ')),
    ...(cause instanceof Error && causes > 0 ? { cause: described(cause, causes - 1) } : {}),
  }
}

function readable(line: string): string {
  const { time, level, message, error, ...fields }: Record<string, unknown> = JSON.parse(line)
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const lines = [[time, level, ...(message === '' ? [] : [message]), ...shown].join(' '), ...linesOf(error)]
  return `${lines.map(printable).join('\n')}\n`
}

function linesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const { name, message, stack, cause }: Partial<Described> = error
  const frames = (stack ?? []).map((frame) => `    ${frame}`)
  return [`  ${name}: ${message}`, ...frames, ...linesOf(cause)]
}
