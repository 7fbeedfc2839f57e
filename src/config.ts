/**
 * The options, from the command line and from the environment, checked once. The only reader of the environment.
 *
 * An option counts before its variable, a variable before the default. All that is wrong is reported together.
 */
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { z } from 'zod'
import { DelegraphError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** For those who need variables that are not ours: where OpenCode keeps its data, which terminal there is. */
export const environment: Environment = process.env

export interface Config {
  /** Given with `--source`; empty: they are looked for where OpenCode puts them. */
  sources: string[]
  /** A path, or `:memory:`. */
  db: string
  port: number
  host: string
  watch: boolean
  staleAfterMs: number
  token: string | null
  /** Opens the browser. */
  open: boolean
  /** Reads no sources and writes nothing: answers from what the database has. */
  readOnly: boolean
}

const PORT = 4000
const STALE_AFTER = '10m'

/** Each option with its variable; `watch` is `--no-watch` on the command line, `DELEGRAPH_WATCH=false` here. */
const VARIABLES = {
  source: 'DELEGRAPH_SOURCE',
  db: 'DELEGRAPH_DB',
  port: 'DELEGRAPH_PORT',
  host: 'DELEGRAPH_HOST',
  watch: 'DELEGRAPH_WATCH',
  staleAfter: 'DELEGRAPH_STALE_AFTER',
  token: 'DELEGRAPH_TOKEN',
  open: 'DELEGRAPH_OPEN',
  readOnly: 'DELEGRAPH_READ_ONLY',
} as const satisfies Record<string, string>

type Name = keyof typeof VARIABLES

/** As the command line gives them: not checked yet. */
export type GivenOptions = Partial<Record<Name, unknown>>

const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(ms|s|m|h)$/, 'write a number and its unit, such as 30s, 10m or 1h')
  .transform((text) => {
    const unit = text.replace(/[\d.\s]/g, '')
    return Math.round(
      Number.parseFloat(text) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : unit === 's' ? 1000 : 1),
    )
  })

const Switch = z.union([
  z.boolean(),
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off'], 'write true or false'))
    .transform((text) => ['1', 'true', 'yes', 'on'].includes(text)),
])

const Options = z.object({
  source: z.array(z.string().min(1, 'a path is missing')),
  db: z.string().min(1, 'write a path, or :memory:'),
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'write a number from 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'write a number from 0 to 65535'),
  host: z.string().min(1, 'write a name or an address'),
  watch: Switch,
  staleAfter: Duration,
  token: z.string().min(8, 'a token has at least 8 characters').nullable(),
  open: Switch,
  readOnly: Switch,
})

export function readConfig(given: GivenOptions, env: Environment = environment, cwd = process.cwd()): Config {
  const raw: Record<string, unknown> = { db: defaultDatabase(env), host: '127.0.0.1', port: String(PORT) }
  Object.assign(raw, { source: [], watch: true, staleAfter: STALE_AFTER, token: null, open: false, readOnly: false })
  const origin = new Map<string, string>()
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = env[variable]
    if (value === undefined) continue
    raw[name] = name === 'source' ? value.split(delimiter).filter((path) => path !== '') : value
    origin.set(name, variable)
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    raw[name] = value
    origin.set(name, flagOf(name))
  }
  const parsed = Options.safeParse(raw)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0])
      const value = raw[name]
      const shown = name === 'token' ? '' : ` (${JSON.stringify(value)})`
      const message = issue.code === 'invalid_union' ? 'write true or false' : issue.message
      return `${origin.get(name) ?? flagOf(name)}${shown}: ${message}`
    })
    throw new DelegraphError('BAD_USER_INPUT', problems.join('\n'), { problems })
  }
  const { source, db, staleAfter, ...rest } = parsed.data
  return {
    ...rest,
    sources: source.map((path) => resolve(cwd, path)),
    db: db === ':memory:' ? db : resolve(cwd, db),
    staleAfterMs: staleAfter,
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

export function homeOf(env: Environment): string {
  return env.HOME || env.USERPROFILE || homedir()
}

/** `delegraph/delegraph.duckdb` where the platform keeps an application's data. */
function defaultDatabase(env: Environment): string {
  const home = homeOf(env)
  const base =
    env.XDG_DATA_HOME ||
    (process.platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : process.platform === 'win32'
        ? env.LOCALAPPDATA || join(home, 'AppData', 'Local')
        : join(home, '.local', 'share'))
  return join(base, 'delegraph', 'delegraph.duckdb')
}
