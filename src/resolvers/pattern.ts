/** Pattern searches: matches with their time span and usage, and warnings that explain missing matches. */

import { DelegraphError } from '../errors.ts'
import { foldCase } from '../letters.ts'
import { globMatches } from '../pattern/glob.ts'
import { nearest } from '../pattern/nearest.ts'
import { parsePattern } from '../pattern/parse.ts'
import { agentNames, atAnyDistance } from '../pattern/plan.ts'
import { canonical } from '../pattern/print.ts'
import { readPattern } from '../pattern/read.ts'
import type { Expression, Name, PatternProblem } from '../pattern/syntax.ts'
import { addUsage, noUsage, type Usage } from '../records.ts'
import type {
  Page,
  PatternMatch,
  PatternPage,
  PatternPageArgs,
  PatternQuery,
  TraceColumn,
  TraceRow,
} from '../store/store.ts'
import type { Context } from './context.ts'
import { present } from './existing.ts'
import { once } from './once.ts'
import { listPage } from './page-args.ts'

// ---------------------------------------------------------------- searching

export interface PatternSearch {
  page: () => Promise<Page<PatternMatch>>
  counts: () => Promise<Omit<PatternPage, 'page'>>
  warnings: () => Promise<string[]>
}

/**
 * @param wantsPage whether the one search returns the page with the counts, or the counts alone. With a cursor it
 * always returns the page, so that an invalid cursor is an error.
 */
export function searchPattern(
  { store, rule }: Pick<Context, 'store' | 'rule'>,
  query: PatternQuery,
  { direction, ...given }: PatternPageArgs,
  wantsPage: boolean,
): PatternSearch {
  // Parsed here so that an invalid pattern is an error even if only `__typename` is selected.
  const pattern = readPattern(query.pattern)
  const page = listPage(given)
  const isPaged = wantsPage || page.after != null
  // At least one match is read, to know whether there are more.
  const find = once(() =>
    store.searchPattern(query, isPaged ? { ...page, direction, first: page.first || 1 } : null, rule),
  )
  return {
    async page() {
      const found = (await find()).page
      return page.first === 0 ? { ...found, items: [], hasNextPage: found.items.length > 0 } : found
    },
    counts: find,
    async warnings() {
      const { totalCount } = await find()
      const count = (looser: string) => countOf(() => store.searchPattern({ ...query, pattern: looser }, null, rule))
      return [...(await agentWarnings(pattern, store)), ...(await distanceWarnings(pattern, totalCount, count))]
    },
  }
}

// ---------------------------------------------------------------- validating

export interface Validation {
  valid: boolean
  canonical: string | null
  error: PatternProblem | null
  warnings: () => Promise<string[]>
}

export function validatePattern({ store, rule }: Pick<Context, 'store' | 'rule'>, text: string): Validation {
  const result = parsePattern(text)
  if (!result.ok) return { valid: false, canonical: null, error: result.problem, warnings: async () => [] }
  const { pattern } = result
  return {
    valid: true,
    canonical: canonical(pattern),
    error: null,
    async warnings() {
      const count = (one: string) => countOf(() => store.searchPattern({ pattern: one }, null, rule))
      const found = atAnyDistance(pattern) === null ? null : await count(canonical(pattern))
      return [...(await agentWarnings(pattern, store)), ...(await distanceWarnings(pattern, found, count))]
    },
  }
}

// ---------------------------------------------------------------- warnings

async function agentWarnings(pattern: Expression, store: Context['store']): Promise<string[]> {
  const names = agentNames(pattern).filter(({ text, glob }) => !(glob && /^\*+$/.test(text)))
  if (names.length === 0) return []
  const agents = await store.getAgentNames()
  return names.flatMap((name) => (agents.some((agent) => fits(name, agent)) ? [] : [unknownAgent(name, agents)]))
}

function unknownAgent({ text, glob }: Name, agents: readonly string[]): string {
  if (glob) return `No trace has an agent that matches \`${text}\`.`
  const meant = nearest(text, agents)
  return `No trace has the agent "${text}".${meant === null ? '' : ` Did you mean "${meant}"?`}`
}

function fits({ text, glob }: Name, agent: string): boolean {
  const wanted = foldCase(text)
  return glob ? globMatches(wanted, foldCase(agent)) : foldCase(agent) === wanted
}

/**
 * Warns if the pattern has no match but would have some at any distance.
 *
 * @param found number of matches; null if the pattern has no direct relation, or too many matches to count
 */
async function distanceWarnings(
  pattern: Expression,
  found: number | null,
  count: (pattern: string) => Promise<number | null>,
): Promise<string[]> {
  const looser = atAnyDistance(pattern)
  if (found !== 0 || looser === null) return []
  const text = canonical(looser)
  const others = await count(text)
  if (others === 0) return []
  const many = others === null ? 'very many matches' : others === 1 ? '1 match' : `${others} matches`
  return [`There is no match, but \`${text}\`, which is the same at any distance, has ${many}.`]
}

/** The number of matches; null if the pattern is too broad to count them. */
async function countOf(search: () => Promise<PatternPage>): Promise<number | null> {
  try {
    return (await search()).totalCount
  } catch (error) {
    if (error instanceof DelegraphError && error.code === 'PATTERN_TOO_BROAD') return null
    throw error
  }
}

// ---------------------------------------------------------------- span and usage of a match

const SPAN: ReadonlySet<TraceColumn> = new Set(['startedMs', 'endedMs', 'lastActivityMs'])
const TOTALS: ReadonlySet<TraceColumn> = new Set(['total'])

export interface MatchSpan {
  startedMs: number
  /** Null while any of its traces has not ended. */
  endedMs: number | null
  durationMs: number
}

/** From the first start to the last end of the bound traces; if the match binds none, the span of its root session. */
export async function spanOf(match: PatternMatch, { loaders }: Pick<Context, 'loaders'>): Promise<MatchSpan> {
  if (match.bindings.length === 0) {
    const session = present(await loaders.session.load(match.rootSessionId), match.rootSessionId)
    const { startedMs, lastActivityMs, durationMs, running } = session
    return { startedMs, endedMs: running ? null : lastActivityMs, durationMs }
  }
  const startedMs = Math.min(...match.bindings.map((binding) => binding.startedMs))
  const ends = match.bindings.map((binding) => binding.endedMs)
  const lastMs = (values: readonly number[]): number => Math.max(startedMs, ...values)
  if (ends.every((end) => end !== null)) {
    const endedMs = lastMs(ends)
    return { startedMs, endedMs, durationMs: endedMs - startedMs }
  }
  // A trace that has not ended counts until its last activity.
  const rows = await boundRows(match, SPAN, { loaders })
  const until = lastMs(rows.map((row) => row.endedMs ?? row.lastActivityMs ?? startedMs))
  return { startedMs, endedMs: null, durationMs: until - startedMs }
}

/**
 * The usage of the bound traces and their descendants, each counted once; if the match binds none, that of its root
 * session.
 */
export async function totalOf(match: PatternMatch, { loaders }: Pick<Context, 'loaders'>): Promise<Usage> {
  if (match.bindings.length === 0) {
    return present(await loaders.session.load(match.rootSessionId), match.rootSessionId).total
  }
  const rows = await boundRows(match, TOTALS, { loaders })
  const sum = noUsage()
  for (const row of rows) {
    const isCounted = rows.some((above) => above.lft < row.lft && row.rgt < above.rgt)
    if (!isCounted && row.total !== undefined) addUsage(sum, row.total)
  }
  return sum
}

async function boundRows(
  match: PatternMatch,
  columns: ReadonlySet<TraceColumn>,
  { loaders }: Pick<Context, 'loaders'>,
): Promise<TraceRow[]> {
  const loader = loaders.trace(columns)
  return Promise.all(match.bindings.map(async ({ traceId }) => present(await loader.load(traceId), traceId)))
}
