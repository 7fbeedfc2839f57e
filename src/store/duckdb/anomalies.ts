/** Implements `AnomalyReader` in SQL. The anomalies that are found by measuring are in `anomaly-measures.ts`. */
import { z } from 'zod'
import {
  ANOMALY_KINDS,
  type Anomaly,
  type AnomalyKind,
  type AnomalyReader,
  SMALLEST_SAMPLE,
  type StaleRule,
} from '../store.ts'
import {
  decodeNorms,
  givenNormsSql,
  INHERITED,
  judgedSql,
  LAST,
  MEASURED,
  type Measured,
  measuredSql,
  NORMS,
  type Norm,
  SESSIONS,
  TRACES,
} from './anomaly-measures.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import type { Database } from './database.ts'
import {
  admitsAll,
  allOf,
  type FilterExtensions,
  inList,
  isNoRoot,
  traceConditions,
  traceStatusSql,
} from './filters.ts'
import { remembered } from './remembered.ts'
import { type Bind, createParameters } from './statement.ts'
import { tuples } from './values.ts'

export function createAnomalyReader(database: Database, extensions: FilterExtensions): AnomalyReader {
  /**
   * The norms depend on the whole history, but change only when something is written. With them remembered, a query
   * about some trees does not have to read any others.
   */
  const norms = remembered(database, () =>
    database.select({ sql: NORMS, values: [SMALLEST_SAMPLE] }, decodeNorms, { heavy: true }),
  )
  return {
    async findAnomalies({ filter, kinds: wanted }, page, threshold, rule) {
      const kinds = wanted ?? ANOMALY_KINDS
      const { bind, values } = createParameters()
      const scope = admitsAll(filter ?? {})
        ? EVERYTHING
        : admittedSql(allOf(traceConditions(filter ?? {}, rule, bind, extensions)))
      const normal = kinds.some((kind) => MEASURED.has(kind)) ? await norms() : []
      const size = page.first ?? 0
      const after = page.after == null ? null : readPosition(page.after)
      const sql = pageSql(foundSql(kinds, scope, normal, threshold, rule, bind), size, after, bind)
      const rows = await database.select({ sql, values }, decodePage, { heavy: true })
      const items = rows.flatMap(({ item }) => (item === null ? [] : [item]))
      return {
        totalCount: rows[0]?.totalCount ?? 0,
        page: { items: items.slice(0, size), hasNextPage: items.length > size, hasPreviousPage: after !== null },
      }
    },
    async anomaliesOf(scope, threshold, rule) {
      const keys = [...new Set(scope.ids)].filter((id) => id !== '')
      if (keys.length === 0) return scope.ids.map(() => [])
      const { bind, values } = createParameters()
      const within = scope.kind === 'traces' ? tracesSql(keys, bind) : sessionsSql(keys, bind)
      const sql = `${foundSql(ANOMALY_KINDS, within, await norms(), threshold, rule, bind)}
        SELECT g, ${ROW} FROM found p ORDER BY ${ORDER}`
      const byKey = new Map<string, Anomaly[]>(keys.map((key) => [key, []]))
      for (const { g, anomaly } of await database.select({ sql, values }, decodeGroups, { heavy: true })) {
        byKey.get(g)?.push(anomaly)
      }
      return scope.ids.map((id) => byKey.get(id) ?? [])
    },
  }
}

// ---------------------------------------------------------------- scopes

interface Scope {
  /** A query for the root sessions whose trees are examined; all if omitted. */
  roots?: string
  /** A condition on a call `t`: whether its caller's prompts are to be compared; all are if omitted. */
  callers?: string
  /** Further CTEs, and the SELECT over `flagged f` that adds the group `g` of each anomaly. */
  ctes: string
  found: string
}

const EVERYTHING: Scope = { ctes: '', found: `SELECT '' AS g, f.* FROM flagged f` }

/** The traces that a filter admits, and their root sessions. */
const admittedSql = (where: string): Scope => ({
  ctes: `admitted AS MATERIALIZED (SELECT t.trace_id AS id, t.root_session_id AS root FROM agent_traces t WHERE ${where}),`,
  found: `SELECT '' AS g, f.* FROM flagged f SEMI JOIN (
    SELECT 'trace' AS subject, id FROM admitted UNION ALL SELECT 'session', root FROM admitted) a
    ON a.subject = f.subject AND a.id = f.id`,
})

const tracesSql = (ids: readonly string[], bind: Bind): Scope => ({
  roots: `SELECT t.root_session_id FROM agent_traces t WHERE ${inList('t.trace_id', ids, bind)}`,
  callers: inList('t.parent_trace_id', ids, bind),
  ctes: '',
  found: `SELECT f.id AS g, f.* FROM flagged f WHERE f.subject = 'trace' AND ${inList('f.id', ids, bind)}`,
})

/** For a root session, the session and its whole tree; for a child session, its own traces and all below them. */
const sessionsSql = (ids: readonly string[], bind: Bind): Scope => {
  const id = (column: string): string => inList(column, ids, bind)
  const below = `${id('t.session_id')} AND ${isNoRoot('t.session_id', ids, bind)}`
  return {
    roots: `SELECT s.session_id FROM sessions s WHERE s.is_root AND ${id('s.session_id')}
      UNION ALL SELECT t.root_session_id FROM agent_traces t WHERE ${below}`,
    ctes: `tops AS MATERIALIZED (
    SELECT s.session_id AS g, s.session_id AS root, 0 AS lft, ${LAST} AS rgt FROM sessions s
      WHERE s.is_root AND ${id('s.session_id')}
    UNION ALL
    SELECT t.session_id, t.root_session_id, t.lft, t.rgt FROM agent_traces t
      WHERE ${below}),`,
    found: `SELECT DISTINCT k.g, f.* FROM flagged f JOIN tops k ON f.root = k.root AND f.lft >= k.lft AND f.rgt <= k.rgt`,
  }
}

// ---------------------------------------------------------------- kinds that are not measured

const TRACE = `'trace' AS subject, t.trace_id AS id, t.subagent_type AS agent, t.root_session_id AS root, t.lft, t.rgt,
  epoch_ms(t.started_at) AS started`

const failedSql = (traces: string): string => `
SELECT ${TRACE}, 'FAILED' AS kind, 1::DOUBLE AS value, 1::DOUBLE AS score, NULL AS center, NULL AS mad, NULL AS n,
  concat_ws(': ', nullif(t.error_name, ''), nullif(t.error_message, '')) AS detail
FROM ${traces} t WHERE t.status_detail = 'ERROR' AND NOT t.copied`

const stuckSql = (traces: string, rule: StaleRule, bind: Bind): string => `
SELECT ${TRACE}, 'STUCK', ${bind(rule.nowMs)} - epoch_ms(greatest(t.last_activity_at, r.last_activity_at)), 1, NULL, NULL, NULL, NULL
FROM ${traces} t LEFT JOIN sessions r ON r.session_id = t.root_session_id
WHERE t.status_detail = 'RUNNING' AND NOT t.copied AND ${traceStatusSql(rule, bind)} = 'INTERRUPTED'`

/** The number of leading characters of a prompt that are compared. */
const COMPARED = 10_000
const REPEATS = 3
/** The share of the distinct words of two prompts that both must contain to count as the same prompt. */
const NEARLY = 0.9

const SET_OF_WORDS = `list_sort(list_distinct(string_split(
  trim(regexp_replace(lower(left(t.prompt_input, ${COMPARED})), '[^\\pL\\pN]+', ' ', 'g')), ' ')))`
const SHARED = 'len(list_intersect(words, before))'

/**
 * Finds callers that give an agent nearly the same prompt repeatedly. Linear in the number of calls: prompts with the
 * same set of words are grouped, and each group is compared only with the one before it, by the same caller to the same
 * agent.
 */
const repeatedSql = (traces: string): string => `
SELECT ${TRACE}, 'REPEATED', r.times, r.times, NULL, NULL, NULL, r.called FROM (
  SELECT caller, called, times FROM (
    SELECT caller, called, run, sum(times)::DOUBLE AS times FROM (
      SELECT *, count(*) FILTER (before IS NULL OR ${SHARED} < ${NEARLY} * (len(words) + len(before) - ${SHARED}))
        OVER (PARTITION BY caller, called ORDER BY since, first_id ROWS UNBOUNDED PRECEDING) AS run
      FROM (
        SELECT *, lag(words) OVER (PARTITION BY caller, called ORDER BY since, first_id) AS before
        FROM (
          SELECT t.parent_trace_id AS caller, t.subagent_type AS called, ${SET_OF_WORDS} AS words,
            count(*) AS times, min(t.started_at) AS since, arg_min(t.trace_id, (t.started_at, t.trace_id)) AS first_id
          FROM ${traces} t SEMI JOIN often o ON o.caller = t.parent_trace_id AND o.called = t.subagent_type
          WHERE NOT t.copied GROUP BY 1, 2, 3
        )
      )
    ) GROUP BY caller, called, run
  ) WHERE times >= ${REPEATS}
  QUALIFY row_number() OVER (PARTITION BY caller ORDER BY times DESC, called, run) = 1
) r JOIN ${traces} t ON t.trace_id = r.caller WHERE NOT t.copied`

/** The pairs of caller and agent with enough calls for their prompts to be compared. */
const oftenSql = (traces: string, callers = 'true'): string => `
often AS MATERIALIZED (
  SELECT t.parent_trace_id AS caller, t.subagent_type AS called FROM ${traces} t
  WHERE NOT t.copied AND ${callers} AND t.parent_trace_id IN (SELECT p.trace_id FROM ${traces} p WHERE p.child_count >= ${REPEATS})
  GROUP BY 1, 2 HAVING count(*) >= ${REPEATS}),`

// ---------------------------------------------------------------- the statement

/** The CTEs up to `found`, whose columns are the group `g` and those of an anomaly. */
function foundSql(
  kinds: readonly AnomalyKind[],
  scope: Scope,
  norms: readonly Norm[],
  threshold: number,
  rule: StaleRule,
  bind: Bind,
): string {
  // Bound only if used: DuckDB rejects a parameter that the statement does not use.
  const limit = kinds.some((kind) => MEASURED.has(kind)) ? bind(threshold) : ''
  const has = (...some: AnomalyKind[]): boolean => some.some((kind) => kinds.includes(kind))
  const inside = scope.roots === undefined ? null : insideSql(scope.roots)
  const traces = inside === null ? 'agent_traces' : 'inside'
  const measured = (of: Measured, from: string): string => {
    const measures = of.measures.filter(({ kind }) => kinds.includes(kind))
    if (measures.length === 0) return ''
    return `${givenNormsSql(of, measures, norms, bind)}${measuredSql(of, measures, from, limit)}`
  }
  const ofTraces = measured(TRACES, `${traces} t`)
  const ofSessions = measured(SESSIONS, inside === null ? SESSIONS.from : INSIDE_SESSIONS)
  const judged = has(...INHERITED) ? judgedSql(limit) : ''
  const parts = [
    // An empty first part, to set the names and types of the columns.
    `SELECT '' AS subject, '' AS id, '' AS agent, '' AS root, 0 AS lft, 0 AS rgt, 0::BIGINT AS started, '' AS kind,
      0::DOUBLE AS value, 0::DOUBLE AS score, 0::DOUBLE AS center, 0::DOUBLE AS mad, 0::BIGINT AS n, '' AS detail WHERE false`,
    ...(ofTraces === ''
      ? []
      : [
          `SELECT r.*, NULL FROM trace_raw r ${judged === '' ? '' : 'ANTI JOIN (SELECT * FROM judged WHERE NOT stands) j ON j.kind = r.kind AND j.id = r.id'}`,
        ]),
    ...(ofSessions === '' ? [] : ['SELECT r.*, NULL FROM session_raw r']),
    ...(has('FAILED') ? [failedSql(traces)] : []),
    ...(has('STUCK') ? [stuckSql(traces, rule, bind)] : []),
    ...(has('REPEATED') ? [repeatedSql(traces)] : []),
  ]
  return `WITH RECURSIVE ${inside ?? ''}${ofTraces}${ofSessions}${judged}${has('REPEATED') ? oftenSql(traces, scope.callers) : ''}
flagged AS (${parts.join('\nUNION ALL\n')}),
${scope.ctes}
found AS MATERIALIZED (${scope.found})`
}

/** The traces of the examined trees, with the columns that the detection needs. */
const insideSql = (roots: string): string => `
roots(root) AS MATERIALIZED (${roots}),
inside AS MATERIALIZED (
  SELECT trace_id, session_id, parent_trace_id, subagent_type, root_session_id, lft, rgt, child_count, copied, status_detail,
    error_name, error_message, prompt_input, started_at, last_activity_at, duration_ms, total_cost,
    total_input, total_output, total_reasoning, total_cache_read, total_cache_write
  FROM agent_traces WHERE root_session_id IN (SELECT root FROM roots)),`
const INSIDE_SESSIONS = '(SELECT * FROM sessions WHERE is_root AND session_id IN (SELECT root FROM roots)) s'

const ROW = `p.kind, p.subject, p.id, p.agent, p.score, p.value, exp(p.center), p.mad, p.n::DOUBLE, p.detail, p.started::DOUBLE`
const ORDER = 'p.score DESC, p.started DESC, p.id, p.kind'

function pageSql(found: string, size: number, after: Position | null, bind: Bind): string {
  return `${found},
page AS (SELECT * FROM found p ${after === null ? '' : `WHERE ${comesAfter(after, bind)}`} ORDER BY ${ORDER} LIMIT ${bind(size + 1)}::BIGINT)
SELECT total::DOUBLE, ${ROW} FROM (SELECT count(*) AS total FROM found) LEFT JOIN page p ON true ORDER BY ${ORDER}`
}

// ---------------------------------------------------------------- rows

const Cells = z.tuple([
  z.enum(ANOMALY_KINDS),
  z.enum(['session', 'trace']),
  z.string(),
  z.string().nullable(),
  z.number(),
  z.number(),
  z.number().nullable(),
  z.number().nullable(),
  z.number().nullable(),
  z.string().nullable(),
  z.number(),
])

function toAnomaly([kind, subject, id, agent, score, value, median, mad, n, detail]: z.infer<typeof Cells>): Anomaly {
  // Rounded, because exp(ln(3)) is 3.0000000000000004.
  const baseline =
    median === null || mad === null || n === null
      ? null
      : { median: Number(median.toPrecision(12)), mad, sampleSize: n }
  return { kind, subject: { kind: subject, id }, agent, score, value, baseline, detail }
}

const decodeGroups = tuples(z.tuple([z.string()]).rest(z.unknown()), ([g, ...cells]) => ({
  g,
  anomaly: toAnomaly(Cells.parse(cells)),
}))

/** If the page is empty, there is one row that holds only the total. */
const decodePage = tuples(z.tuple([z.number()]).rest(z.unknown()), ([totalCount, ...cells]) => {
  if (cells[0] === null) return { totalCount, item: null }
  const parsed = Cells.parse(cells)
  const node = toAnomaly(parsed)
  const position = { score: node.score, startedMs: parsed[10], id: node.subject.id, kind: node.kind }
  return { totalCount, item: { node, cursor: cursorOf(position) } }
})

// ---------------------------------------------------------------- cursors

interface Position {
  score: number
  startedMs: number
  id: string
  kind: string
}

const CURSOR_NAME = 'anomaly'
const Cursor = z.tuple([z.literal(CURSOR_NAME), z.number(), z.number(), z.string(), z.string()])

const cursorOf = ({ score, startedMs, id, kind }: Position): string =>
  encodeCursor([CURSOR_NAME, score, startedMs, id, kind])

function readPosition(cursor: string): Position {
  const read = decodeCursor(cursor, Cursor)
  if (read === null) throw refusedCursor('after', 'is not a cursor of anomalies')
  const [, score, startedMs, id, kind] = read
  return { score, startedMs, id, kind }
}

function comesAfter({ score, startedMs, id, kind }: Position, bind: Bind): string {
  const [at, began, of] = [bind(score), bind(startedMs), bind(id)]
  return `p.score < ${at} OR (p.score = ${at} AND (p.started < ${began} OR (p.started = ${began}
    AND (p.id > ${of} OR (p.id = ${of} AND p.kind > ${bind(kind)})))))`
}
