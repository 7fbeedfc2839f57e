/**
 * Reads and validates all options, from the command line and the environment. Nothing else reads the environment.
 *
 * A command-line option overrides its variable, and a variable overrides the default. All problems are reported at
 * once.
 */
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { DelegraphError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** For code that needs variables of others: where OpenCode keeps its data, which terminal there is. */
export const environment: Environment = process.env

/** How much one request to the server may ask for: see `server/query-limits.ts`. */
export interface QueryLimits {
  /** Levels of nested fields. */
  maxDepth: number
  maxAliases: number
  maxDirectives: number
  maxTokens: number
  /** How many values a query would return if every page were full. */
  maxCost: number
  /** Size of the request body, in bytes. */
  maxBody: number
  /** Of a response as JSON, in bytes. */
  maxResponse: number
  /** How many long queries may wait for their turn. */
  maxWaiting: number
  /** How many matches one pattern may have. */
  maxMatches: number
}

/** Far above what a dashboard or a person asks for: a chain of a hundred children with all their fields passes. */
export const QUERY_LIMITS: QueryLimits = {
  maxDepth: 150,
  maxAliases: 200,
  maxDirectives: 100,
  maxTokens: 5000,
  maxCost: 1_000_000,
  maxBody: 1_000_000,
  maxResponse: 100_000_000,
  maxWaiting: 500,
  maxMatches: 1_000_000,
}

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
const LOG_FORMATS = ['auto', 'pretty', 'json'] as const
type LogFormat = (typeof LOG_FORMATS)[number]

export interface Config {
  /** Given with `--source`; if empty, they are looked for where OpenCode puts them. */
  sources: string[]
  /** A path, or `:memory:`. */
  db: string
  port: number
  host: string
  watch: boolean
  staleAfterMs: number
  /** The robust z-score above which something stands out: see `anomalies`. */
  anomalyThreshold: number
  token: string | null
  /** A file with the token; null if `token` is given. */
  tokenFile: string | null
  /** Whether to open the dashboard in the browser. */
  open: boolean
  /** Reads no sources and writes nothing: answers from the database as it is. */
  readOnly: boolean
  logLevel: LogLevel
  /** `auto`: readable lines on a terminal, JSON elsewhere. */
  logFormat: LogFormat
  limits: QueryLimits
  /** How long one query to the database may wait for its turn, and how long it may take then. */
  queryTimeoutMs: number
  /** How long a query waits while another delegraph process does its first reading. */
  waitMs: number
  /** Environment variables that start with `DELEGRAPH_` but set no option. */
  strayVariables: string[]
}

/** Defaults, written as a user would give them. Those not listed are in `QUERY_LIMITS` and `defaultDatabase`. */
export const DEFAULTS = {
  source: [],
  port: '4000',
  host: '127.0.0.1',
  watch: true,
  staleAfter: '10m',
  /** From Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993). */
  anomalyThreshold: '3.5',
  token: null,
  tokenFile: null,
  open: false,
  readOnly: false,
  logLevel: 'info',
  logFormat: 'auto',
  queryTimeout: '30s',
  wait: '2m',
} as const satisfies GivenOptions

/** The variable of each option. `DELEGRAPH_WATCH=false` is `--no-watch` on the command line. */
const VARIABLES = {
  source: 'DELEGRAPH_SOURCE',
  db: 'DELEGRAPH_DB',
  port: 'DELEGRAPH_PORT',
  host: 'DELEGRAPH_HOST',
  watch: 'DELEGRAPH_WATCH',
  staleAfter: 'DELEGRAPH_STALE_AFTER',
  anomalyThreshold: 'DELEGRAPH_ANOMALY_THRESHOLD',
  token: 'DELEGRAPH_TOKEN',
  tokenFile: 'DELEGRAPH_TOKEN_FILE',
  open: 'DELEGRAPH_OPEN',
  readOnly: 'DELEGRAPH_READ_ONLY',
  logLevel: 'DELEGRAPH_LOG_LEVEL',
  logFormat: 'DELEGRAPH_LOG_FORMAT',
  maxDepth: 'DELEGRAPH_MAX_DEPTH',
  maxAliases: 'DELEGRAPH_MAX_ALIASES',
  maxDirectives: 'DELEGRAPH_MAX_DIRECTIVES',
  maxTokens: 'DELEGRAPH_MAX_TOKENS',
  maxCost: 'DELEGRAPH_MAX_COST',
  maxBody: 'DELEGRAPH_MAX_BODY',
  maxResponse: 'DELEGRAPH_MAX_RESPONSE',
  maxWaiting: 'DELEGRAPH_MAX_WAITING',
  maxMatches: 'DELEGRAPH_MAX_MATCHES',
  queryTimeout: 'DELEGRAPH_QUERY_TIMEOUT',
  wait: 'DELEGRAPH_WAIT',
} as const satisfies Record<string, string>

/** Variables that Kubernetes sets in containers for a service named `delegraph` or `delegraph-…`. */
const OF_KUBERNETES = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/
const KUBERNETES_PORT = /^(tcp|udp|sctp):\/\//

type Name = keyof typeof VARIABLES

/** As the command line gives them, not yet validated. */
export type GivenOptions = Partial<Record<Name, unknown>>

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(ms|s|m|h)$/, 'must be a number with a unit, such as 30s, 10m or 1h')
  .transform((text) => Math.round(Number.parseFloat(text) * (UNITS_MS[text.replace(/[\d.\s]/g, '')] ?? 1)))

/** Longer than there have been agents. The database cannot hold times millions of years ago. */
const SilentFor = Duration.refine((ms) => ms <= 1_000_000 * 3_600_000, 'must be at most 1000000h')

/** Node fires a timer of 2^31 ms or more at once, as it does one of 0 ms. */
const Patience = Duration.refine((ms) => ms >= 1 && ms < 2 ** 31, 'must be between 1ms and 596h')

/** As `Patience`, but 0 is allowed. */
const Wait = Duration.refine((ms) => ms < 2 ** 31, 'must be at most 596h')

const Switch = z.union([
  z.boolean(),
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off'], 'must be true or false'))
    .transform((text) => ['1', 'true', 'yes', 'on'].includes(text)),
])

const Limit = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a whole number above 0')
  .transform(Number)

/** Minimum length of a token, in characters. */
export const TOKEN_LENGTH = 8
/** Characters that a header carries unchanged: others would be sent as other bytes, or not at all. */
export const TOKEN_CHARACTERS = /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/

const Options = z.object({
  source: z.array(z.string().min(1, 'must be a path')),
  db: z
    .string('this user has no home directory: set HOME, or pass a path or :memory:')
    .min(1, 'must be a path or :memory:'),
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a number from 0 to 65535'),
  host: z.string().min(1, 'must be a name or an address'),
  watch: Switch,
  staleAfter: SilentFor,
  anomalyThreshold: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number, such as 3.5')
    .transform(Number)
    .refine((threshold) => threshold > 0, 'must be a number above 0'),
  token: z
    .string()
    .min(TOKEN_LENGTH, `a token must have at least ${TOKEN_LENGTH} characters`)
    .regex(TOKEN_CHARACTERS, 'a token must be one line of plain ASCII characters')
    .nullable(),
  tokenFile: z.string().min(1, 'must be a path').nullable(),
  open: Switch,
  readOnly: Switch,
  logLevel: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`),
  logFormat: z.enum(LOG_FORMATS, `must be one of ${LOG_FORMATS.join(', ')}`),
  limits: z.object({
    maxDepth: Limit,
    maxAliases: Limit,
    maxDirectives: Limit,
    maxTokens: Limit,
    maxCost: Limit,
    maxBody: Limit,
    maxResponse: Limit,
    maxWaiting: Limit,
    maxMatches: Limit,
  }),
  queryTimeout: Patience,
  wait: Wait,
})

export function readConfig(given: GivenOptions, env: Environment = environment, cwd = process.cwd()): Config {
  const { raw, originOf } = gathered(given, env)
  // Limits are given the same way as all other options.
  const parsed = Options.safeParse({ ...raw, limits: raw })
  if (!parsed.success) throw refused(parsed.error.issues.map((issue) => problemOf(issue, raw, originOf)))
  const { source, db, staleAfter, queryTimeout, wait, tokenFile, ...others } = parsed.data
  if (others.token !== null && tokenFile !== null) {
    throw refused([`${originOf('token')} and ${originOf('tokenFile')}: give one of them`])
  }
  const home = homeOf(env)
  // In `--db=~/x`, and in the environment files of services, no shell has expanded the `~`.
  const placed = (path: string) => resolve(cwd, home === '' ? path : path.replace(/^~(?=[/\\]|$)/, () => home))
  return {
    ...others,
    tokenFile: tokenFile === null ? null : placed(tokenFile),
    sources: source.map(placed),
    db: db === ':memory:' ? db : placed(db),
    staleAfterMs: staleAfter,
    queryTimeoutMs: queryTimeout,
    waitMs: wait,
    strayVariables: strayVariables(env),
  }
}

function strayVariables(env: Environment): string[] {
  const known = new Set<string>(Object.values(VARIABLES))
  return Object.keys(env).filter(
    (name) => name.startsWith('DELEGRAPH_') && !known.has(name) && !OF_KUBERNETES.test(name),
  )
}

interface Gathered {
  /** By option name, not yet validated. */
  raw: Record<string, unknown>
  /** The flag or variable that set an option, for error messages. */
  originOf: (name: string) => string
}

function gathered(given: GivenOptions, env: Environment): Gathered {
  const raw: Record<string, unknown> = { ...DEFAULTS, db: defaultDatabase(env) }
  for (const [name, most] of Object.entries(QUERY_LIMITS)) raw[name] = String(most)
  const variables = new Map<string, string>()
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = env[variable]
    if (value === undefined || (name === 'port' && KUBERNETES_PORT.test(value))) continue
    raw[name] = name === 'source' ? value.split(delimiter).filter((path) => path !== '') : value
    variables.set(name, variable)
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    raw[name] = value
    variables.delete(name)
  }
  // If the token is given in both ways, the one on the command line counts.
  if (raw.token !== null && raw.tokenFile !== null) {
    if (given.token !== undefined && given.tokenFile === undefined) raw.tokenFile = null
    if (given.token === undefined && given.tokenFile !== undefined) raw.token = null
  }
  return { raw, originOf: (name) => variables.get(name) ?? flagOf(name) }
}

function problemOf(issue: z.core.$ZodIssue, raw: Gathered['raw'], originOf: Gathered['originOf']): string {
  const [first, within] = issue.path
  const name = String(first === 'limits' ? within : first)
  const value = raw[name]
  const shown = name === 'token' || value === null ? '' : ` (${JSON.stringify(value)})`
  const message = issue.code === 'invalid_union' ? 'must be true or false' : issue.message
  return `${originOf(name)}${shown}: ${message}`
}

const refused = (problems: string[]): DelegraphError =>
  new DelegraphError('BAD_USER_INPUT', problems.join('\n'), { problems })

/** The command-line flag of an option: `maxDepth` is `--max-depth`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Empty if there is none: the user of a service may have none, and `HOME` may be missing or not a path. */
export function homeOf(env: Environment): string {
  const home = env.HOME || env.USERPROFILE || homeBySystem()
  return isAbsolute(home) ? home : ''
}

function homeBySystem(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}

/** `delegraph/delegraph.duckdb` in the platform's directory for application data; null if there is none. */
function defaultDatabase(env: Environment): string | null {
  const home = homeOf(env)
  const base =
    [env.XDG_DATA_HOME ?? ''].find((path) => isAbsolute(path)) ??
    (process.platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : process.platform === 'win32'
        ? env.LOCALAPPDATA || join(home, 'AppData', 'Local')
        : join(home, '.local', 'share'))
  return isAbsolute(base) ? join(base, 'delegraph', 'delegraph.duckdb') : null
}
