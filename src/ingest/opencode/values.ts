/**
 * How OpenCode's JSON is taken. Only known keys are read, so unknown fields and keys like `__proto__` pass by. A field that
 * is absent is null; one of the wrong type is null and noted; only what makes a record unusable (no role, no status, no
 * text) rejects the record.
 */
import { z } from 'zod'
import { MAX_VALUE_BYTES, type Problem } from '../source.ts'
import { exactly } from './exactly.ts'

/** Fields of the record being read that had a wrong type. Reading is synchronous and one at a time. */
let wrongFields: string[] = []

/** What records are made of. */
export interface Values {
  text: z.ZodType<string>
  /** UTC milliseconds. */
  timeMs: z.ZodType<number>
  count: z.ZodType<number>
  amount: z.ZodType<number>
  flag: z.ZodType<boolean>
  /** A field that may be absent. */
  optional<T extends z.ZodType>(name: string, schema: T): z.ZodType<z.output<T> | null | undefined>
}

/** The last moment whose year has four digits: the API writes no others that it would take back. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
export const isTime = (ms: number): boolean => ms >= 0 && ms <= MAX_TIME_MS
/** More tokens than any call takes; sums of it stay exact. */
const MAX_COUNT = 1e9
/** More than anything costs; sums of it stay far from infinity. */
const MAX_AMOUNT = 1e15

/** As OpenCode writes them: nothing is transformed or caught. `exactly` checks that texts are well-formed, too. */
const EXACT: Values = {
  text: z.string(),
  timeMs: z.int().min(0).max(MAX_TIME_MS),
  count: z.int().min(0).max(MAX_COUNT),
  amount: z.number().min(0).max(MAX_AMOUNT),
  flag: z.boolean(),
  optional: (_name, schema) => schema.nullish(),
}

/** As they may be. What is absent is null; what is something else is null, too, and noted under its name. */
const LENIENT: Values = {
  /** Lone surrogates cannot be written as UTF-8 and would read back differently: they become U+FFFD here, once. */
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

/** A record, taken as it is where it is exactly what OpenCode writes, and read leniently otherwise. */
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
  /** What was wrong with it: the record itself where `value` is null, otherwise single values. */
  problems: string[]
}

export const TOO_LARGE = `larger than ${MAX_VALUE_BYTES / 1024 / 1024} MB`

/** Notes what was wrong, and gives what was right. */
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
    return { value: null, problems: [bytes.length === 0 ? 'empty' : 'not valid JSON, or only a piece of it'] }
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

/** Which field and what was wrong with it; never what it held. */
function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'unusable' : `${issue.path.join('.') || 'the value'}: ${issue.message}`
}

/** OpenCode writes '' where it has nothing to say. */
export const filled = (s: string | null | undefined): string | null =>
  s === undefined || s === null || s === '' ? null : s

/** What `opencode export --sanitize` writes in the place of a text or a path: `[redacted:<what>:<id>]`. */
export const isRedacted = (said: string): boolean => said.startsWith('[redacted:')

/** None where it was taken out: each mark would be a place of its own. */
export function pathOf(path: string | null | undefined): string | null {
  const said = filled(path)
  return said === null || isRedacted(said) ? null : said
}
