/**
 * Rules for reading OpenCode's JSON. Only known keys are read, so unknown fields and keys like `__proto__` are ignored.
 * An absent field becomes null; one of the wrong type becomes null and is noted; only what makes a record unusable (no
 * role, no status, no text) rejects the record.
 */
import { z } from 'zod'
import { MAX_VALUE_BYTES, type Problem } from '../source.ts'
import { exactly } from './exactly.ts'

/** Fields of the current record that had a wrong type. A module variable will do, since reading is synchronous. */
let wrongFields: string[] = []

/** The kinds of values that records are made of. */
export interface Values {
  text: z.ZodType<string>
  /** UTC milliseconds. */
  timeMs: z.ZodType<number>
  count: z.ZodType<number>
  amount: z.ZodType<number>
  flag: z.ZodType<boolean>
  /** A field that may be absent; `name` is the one under which a wrong type is noted. */
  optional<T extends z.ZodType>(name: string, schema: T): z.ZodType<z.output<T> | null | undefined>
}

/** The last moment with a four-digit year: the API could not read back any later one that it writes. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
export const isTime = (ms: number): boolean => ms >= 0 && ms <= MAX_TIME_MS
/** More tokens than any call takes, yet sums stay exact. */
const MAX_COUNT = 1e9
/** More than anything costs, yet sums stay far from infinity. */
const MAX_AMOUNT = 1e15

/**
 * Values as OpenCode writes them, with nothing transformed or caught. `exactly` also checks that texts are well-formed.
 */
const EXACT: Values = {
  text: z.string(),
  timeMs: z.int().min(0).max(MAX_TIME_MS),
  count: z.int().min(0).max(MAX_COUNT),
  amount: z.number().min(0).max(MAX_AMOUNT),
  flag: z.boolean(),
  optional: (_name, schema) => schema.nullish(),
}

/**
 * Values as they may occur. An absent one becomes null; one of another type becomes null, too, and is noted by name.
 */
const LENIENT: Values = {
  /** Lone surrogates cannot be written as UTF-8 and would read back differently, so they become U+FFFD here, once. */
  text: z.string().transform((s) => s.toWellFormed()),
  timeMs: z.number().min(0).max(MAX_TIME_MS).transform(Math.trunc),
  count: z.number().min(0).max(MAX_COUNT).transform(Math.trunc),
  amount: z.number().min(0).max(MAX_AMOUNT),
  flag: z.boolean(),
  optional: (name, schema) =>
    schema.nullish().catch(() => {
      wrongFields.push(name)
      return null
    }),
}

/** Takes a record as it is if it is exactly what OpenCode writes, and parses it leniently otherwise. */
interface Model<T> {
  isExact: (json: unknown) => json is T
  lenient: z.ZodType<T>
}
export const model = <T>(of: (values: Values) => z.ZodType<T>): Model<T> => ({
  isExact: exactly(of(EXACT)),
  lenient: of(LENIENT),
})

// ---------------------------------------------------------------- reading

export interface Parsed<T> {
  value: T | null
  /** What was wrong: with the record itself if `value` is null, otherwise with single fields. */
  problems: string[]
}

export const largerThan = (maxBytes: number): string => `larger than ${maxBytes / 1024 / 1024} MB`
export const TOO_LARGE = largerThan(MAX_VALUE_BYTES)

/** Adds the problems to `problems`, and returns the value. */
export function noted<T>(parsed: Parsed<T>, path: string, problems: Problem[]): T | null {
  for (const reason of parsed.problems) problems.push({ path, reason })
  return parsed.value
}

/** The error of JSON.parse is left out on purpose: it quotes what it could not read. */
export function parseJson<T>(bytes: Buffer, use: (json: unknown) => Parsed<T>): Parsed<T> {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { value: null, problems: [bytes.length === 0 ? 'empty' : 'invalid or truncated JSON'] }
  }
  return use(json)
}

export function parse<V, T>(model: Model<V>, json: unknown, use: (value: V) => T | null): Parsed<T> {
  if (model.isExact(json)) return { value: use(json), problems: [] }
  wrongFields = []
  const result = model.lenient.safeParse(json)
  if (!result.success) return { value: null, problems: [reasonOf(result.error)] }
  return { value: use(result.data), problems: wrongFields.map((name) => `${name} has a wrong type or is out of range`) }
}

/** Names the field and what was wrong with it, never its content. */
function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'unusable' : `${issue.path.join('.') || 'the value'}: ${issue.message}`
}

/** OpenCode writes '' where it has nothing to say. */
export const filled = (s: string | null | undefined): string | null =>
  s === undefined || s === null || s === '' ? null : s

/** Whether `opencode export --sanitize` replaced a text or a path, by `[redacted:<what>:<id>]`. */
export const isRedacted = (said: string): boolean => said.startsWith('[redacted:')

/** Null if the path was redacted: each placeholder would count as a directory of its own. */
export function pathOf(path: string | null | undefined): string | null {
  const said = filled(path)
  return said === null || isRedacted(said) ? null : said
}
