/**
 * Implements `PatternReader` in SQL: a small query for whether any tree is wide, and one statement for the search,
 * whatever the pattern.
 */
import { z } from 'zod'
import { DelegraphError } from '../../errors.ts'
import { type ChainPlan, type Plan, planPattern } from '../../pattern/plan.ts'
import { readPattern } from '../../pattern/read.ts'
import { EDGE_KINDS } from '../../records.ts'
import type { OrderDirection, PatternMatch, PatternPageArgs, PatternReader } from '../store.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import type { Database } from './database.ts'
import { allOf, type FilterExtensions, sessionConditions, traceStatusSql } from './filters.ts'
import { type MatchKey, type MatchPage, matchesStatement, sessionsStatement } from './pattern-statement.ts'
import { createParameters } from './statement.ts'

export interface PatternLimits {
  /** A pattern with more matches is refused. */
  maxMatches: number
  /**
   * The number of traces from which on a root session is swept instead of joined by hash; it affects only the speed.
   */
  wideFrom: number
}

export const PATTERN_LIMITS: PatternLimits = { maxMatches: 1_000_000, wideFrom: 512 }

/**
 * Of all chains together. The time to plan the statement grows with the square of the steps, and nothing interrupts it:
 * it takes seconds for this many, and minutes for four times as many. From twice as many on, DuckDB may refuse it.
 */
const MAX_STEPS = 64

export function createPatternReader(
  database: Database,
  extensions: FilterExtensions,
  limits: PatternLimits,
): PatternReader {
  /** Most histories have no wide tree; then half of the statement is omitted. */
  async function hasWideTrees(): Promise<boolean> {
    const sql = 'SELECT 1 FROM sessions WHERE is_root AND trace_count >= $1 LIMIT 1'
    const found = await database.select({ sql, values: [limits.wideFrom] }, ([cells = []]) => [...cells])
    return found.length > 0
  }

  return {
    async searchPattern({ pattern, via, filter }, page, rule) {
      const plan = planned(pattern, via ?? null)
      const wanted = page === null ? null : pageOf(page, plan)
      const { bind, values } = createParameters()
      // The filter always applies to root sessions only, regardless of its own `rootsOnly`.
      const conditions = sessionConditions({ ...filter, rootsOnly: true }, rule, bind, extensions)
      const scope = {
        admitted: conditions.length === 1 ? null : allOf(conditions),
        statusSql: () => traceStatusSql(rule, bind),
        wideFrom: (await hasWideTrees()) ? limits.wideFrom : null,
      }
      const sql = matchesStatement(plan, scope, limits.maxMatches, wanted, bind)
      const decode = wanted === null ? decodeTotals : decodeMatches(plan, wanted.direction)
      const rows = await database.select({ sql, values }, decode, { heavy: true })
      const [first] = rows
      if (first === undefined) throw new Error('the totals of a pattern are always a row')
      if (first.totalCount > limits.maxMatches) throw tooBroad(limits.maxMatches)
      const size = wanted?.size ?? 0
      const items = rows.flatMap(({ match }) => (match === null ? [] : [match]))
      return {
        totalCount: first.totalCount,
        sessionCount: first.sessionCount,
        page: {
          items: items.slice(0, size),
          hasNextPage: items.length > size,
          hasPreviousPage: page?.after != null,
        },
      }
    },

    getAgentNames() {
      const sql = 'SELECT DISTINCT subagent_type FROM agent_traces ORDER BY subagent_type'
      return database.select({ sql, values: [] }, ([agents = []]) => z.array(z.string()).parse(agents))
    },
  }
}

/**
 * `SessionFilter.pattern` as a condition on `sessions s`. For a child session, the tree of its root session decides.
 */
export const sessionPattern =
  (limits: PatternLimits): FilterExtensions['sessionPattern'] =>
  (pattern, rule, bind) => {
    const scope = { admitted: null, statusSql: () => traceStatusSql(rule, bind), wideFrom: limits.wideFrom }
    return `s.root_session_id IN (${sessionsStatement(planned(pattern, null), scope, bind)})`
  }

const pageOf = ({ first, after, direction }: PatternPageArgs, plan: Plan): MatchPage => ({
  size: first ?? 0,
  direction,
  after: after == null ? null : readKey(after, plan, direction),
})

function planned(pattern: string, via: Parameters<typeof planPattern>[1]): Plan {
  const plan = planPattern(readPattern(pattern), via)
  const stepsOf = (places: Iterable<number>): number =>
    [...places].reduce((sum, place) => sum + stepCount(plan.chains[place]), 0)
  // A chain that occurs twice is searched once, and gives its matches twice.
  const count = Math.max(stepsOf(plan.chains.keys()), stepsOf(plan.positive))
  if (count > MAX_STEPS) {
    throw new DelegraphError(
      'PATTERN_TOO_BROAD',
      `The pattern's chains have ${count} steps together; at most ${MAX_STEPS} are allowed, and no option raises this limit. Write alternatives for one step as {a, b}.`,
      { limit: 'maxSteps', value: MAX_STEPS, option: null },
    )
  }
  return plan
}

/** Those with a `!` count as well: each is looked for. */
const stepCount = (chain: ChainPlan | undefined): number =>
  chain === undefined
    ? 0
    : chain.steps.length + [chain.notBefore, chain.notAfter].filter((step) => step !== null).length

function tooBroad(limit: number): DelegraphError {
  return new DelegraphError(
    'PATTERN_TOO_BROAD',
    `The pattern has more than ${limit.toLocaleString('en')} matches. Name the agents, add conditions, use > instead of >> or ; instead of ;;, restrict the sessions with \`filter\`, or start delegraph with a higher --max-matches.`,
    { limit: 'maxMatches', value: limit, option: '--max-matches' },
  )
}

// ---------------------------------------------------------------- rows

interface Row {
  totalCount: number
  sessionCount: number
  match: { node: PatternMatch; cursor: string } | null
}

const Bound = z.array(z.object({ s: z.number(), e: z.number(), id: z.string() }))
const Links = z.array(z.object({ kind: z.enum(EDGE_KINDS), distance: z.number(), gap_ms: z.number().nullable() }))
const Totals = z.tuple([z.number(), z.number()])
const MatchRow = z.tuple([z.number(), z.string(), z.number(), Bound, Links])

const decodeTotals = (columns: readonly (readonly unknown[])[], rowCount: number): Row[] =>
  Array.from({ length: rowCount }, (_, i) => ({ ...totalsOf(columns, i), match: null }))

const decodeMatches =
  (plan: Plan, direction: OrderDirection) =>
  (columns: readonly (readonly unknown[])[], rowCount: number): Row[] =>
    Array.from({ length: rowCount }, (_, i) => {
      const cells = columns.slice(2).map((column) => column[i])
      // If the page is empty, there is one row that holds only the totals.
      const match = cells[1] === null ? null : matchOf(MatchRow.parse(cells), plan, direction)
      return { ...totalsOf(columns, i), match }
    })

function totalsOf(columns: readonly (readonly unknown[])[], i: number): Pick<Row, 'totalCount' | 'sessionCount'> {
  const [totalCount, sessionCount] = Totals.parse([columns[0]?.[i], columns[1]?.[i]])
  return { totalCount, sessionCount }
}

function matchOf(
  [startedMs, rootSessionId, chain, bound, links]: z.infer<typeof MatchRow>,
  plan: Plan,
  direction: OrderDirection,
): NonNullable<Row['match']> {
  const place = plan.positive[chain]
  const steps = (place === undefined ? undefined : plan.chains[place]?.steps) ?? []
  const stepOf = (i: number): number => steps[i]?.step ?? i
  const endOf = (e: number): number | null => (Number.isSafeInteger(e) ? e : null)
  const key: MatchKey = { startedMs, rootSessionId, chain, bound: bound.map(({ s, e, id }) => [s, endOf(e), id]) }
  return {
    cursor: cursorOf(key, direction),
    node: {
      rootSessionId,
      sessionStartedMs: startedMs,
      chain,
      bindings: bound.map(({ s, e, id }, i) => ({
        step: stepOf(i),
        alias: steps[i]?.alias ?? null,
        traceId: id,
        startedMs: s,
        endedMs: endOf(e),
      })),
      edges: links.map(({ kind, distance, gap_ms }, i) => ({
        from: stepOf(i),
        to: stepOf(i + 1),
        kind,
        distance,
        gapMs: gap_ms,
      })),
    },
  }
}

// ---------------------------------------------------------------- cursors

/** A cursor is valid only for the direction that it was created for. */
const CURSOR_NAMES: Readonly<Record<OrderDirection, string>> = { ASC: 'pattern', DESC: 'pattern:DESC' }

const Moment = z.number().int()
const Cursor = z.tuple([
  z.string(),
  Moment,
  z.string(),
  z.number().int().nonnegative(),
  z.array(z.tuple([Moment, Moment.nullable(), z.string()])),
])

/** Holds everything that a match is ordered by, so that a page starts right after it even if the match is gone. */
const cursorOf = ({ startedMs, rootSessionId, chain, bound }: MatchKey, direction: OrderDirection): string =>
  encodeCursor([CURSOR_NAMES[direction], startedMs, rootSessionId, chain, bound])

function readKey(cursor: string, plan: Plan, direction: OrderDirection): MatchKey {
  const read = decodeCursor(cursor, Cursor)
  if (read !== null && read[0] === CURSOR_NAMES[direction]) {
    const [, startedMs, rootSessionId, chain, bound] = read
    const place = plan.positive[chain]
    const isBound = place !== undefined && bound.length === plan.chains[place]?.steps.length
    // A session in which the pattern holds without any match is itself a match without bindings.
    if (isBound || (bound.length === 0 && chain === 0)) return { startedMs, rootSessionId, chain, bound }
  }
  throw refusedCursor('after', 'is not a cursor of this pattern and order')
}
