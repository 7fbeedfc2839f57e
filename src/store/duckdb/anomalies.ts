/**
 * What stands out, in SQL. Measured kinds are robust z-scores of the logarithm: 0.6745 · (ln x − median) / MAD, of
 * traces among those of their agent, of root sessions among all. What is above something that stands out itself is
 * judged by what is left of it without that: from the bottom up, over the few that stand out at all.
 */
import { z } from 'zod'
import {
  ANOMALY_KINDS,
  type Anomaly,
  type AnomalyKind,
  type AnomalyReader,
  SMALLEST_SAMPLE,
  type StaleRule,
} from '../store.ts'
import { SAMPLED } from './analytics.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import type { Database } from './database.ts'
import {
  admitsAll,
  allOf,
  type FilterExtensions,
  inList,
  SESSION_TOKENS,
  TOTAL_TOKENS,
  traceConditions,
  traceStatusSql,
} from './filters.ts'
import { remembered } from './remembered.ts'
import { type Bind, createParameters } from './statement.ts'
import { tuples } from './values.ts'

export function createAnomalyReader(database: Database, extensions: FilterExtensions): AnomalyReader {
  /** What is normal changes only with the history; without it, nothing outside of a tree bears on what stands out in it. */
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

// ---------------------------------------------------------------- what is asked about

interface Scope {
  /** The trees that are looked at, as a query for their root sessions; otherwise all. */
  roots?: string
  /** The callers of what `t` is whose prompts are worth comparing, as a condition; otherwise all. */
  callers?: string
  /** CTEs, and what to select from `flagged f` with a group `g` for each. */
  ctes: string
  found: string
}

const EVERYTHING: Scope = { ctes: '', found: `SELECT '' AS g, f.* FROM flagged f` }

/** Traces that a filter admits, and the sessions in whose trees they are. */
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

/** Of a root session itself and all of its tree; of another what ran in it, with all below. */
const sessionsSql = (ids: readonly string[], bind: Bind): Scope => {
  const id = (column: string): string => inList(column, ids, bind)
  return {
    roots: `SELECT s.session_id FROM sessions s WHERE s.is_root AND ${id('s.session_id')}
      UNION ALL SELECT t.root_session_id FROM agent_traces t WHERE ${id('t.session_id')}`,
    ctes: `tops AS MATERIALIZED (
    SELECT s.session_id AS g, s.session_id AS root, 0 AS lft, ${LAST} AS rgt FROM sessions s
      WHERE s.is_root AND ${id('s.session_id')}
    UNION ALL
    SELECT t.session_id, t.root_session_id, t.lft, t.rgt FROM agent_traces t
      WHERE t.session_id <> t.root_session_id AND ${id('t.session_id')}),`,
    found: `SELECT DISTINCT k.g, f.* FROM flagged f JOIN tops k ON f.root = k.root AND f.lft >= k.lft AND f.rgt <= k.rgt`,
  }
}

/** No nested-set number is larger: they are INTEGER. */
const LAST = 2_147_483_647

// ---------------------------------------------------------------- measured kinds

/** That make what is above stand out, too. */
const INHERITED = ['SLOW', 'COSTLY', 'TOKEN_HEAVY'] as const satisfies AnomalyKind[]

interface Measure {
  kind: AnomalyKind
  value: string
  /** Smaller ones never stand out, whatever is usual. */
  least?: number
}

interface Measured {
  name: 'trace' | 'session'
  /** Table and alias, where all are looked at. */
  from: string
  group: string
  sampled: string
  subject: string
  measures: readonly Measure[]
}

const TRACES: Measured = {
  name: 'trace',
  from: 'agent_traces t',
  group: 't.subagent_type',
  sampled: SAMPLED,
  subject: `'trace' AS subject, t.trace_id AS id, t.subagent_type AS agent, t.root_session_id AS root, t.lft, t.rgt,
    epoch_ms(t.started_at) AS started, t.copied AS ignored`,
  measures: [
    { kind: 'SLOW', value: 't.duration_ms' },
    { kind: 'COSTLY', value: 't.total_cost' },
    { kind: 'TOKEN_HEAVY', value: TOTAL_TOKENS },
    { kind: 'WIDE', value: 't.child_count', least: 10 },
  ],
}

const SESSIONS: Measured = {
  name: 'session',
  from: '(SELECT * FROM sessions WHERE is_root) s',
  group: `''`,
  sampled: 'NOT s.running',
  subject: `'session' AS subject, s.session_id AS id, NULL AS agent, s.session_id AS root, 0 AS lft, ${LAST} AS rgt,
    epoch_ms(s.started_at) AS started, false AS ignored`,
  measures: [
    { kind: 'SLOW', value: 's.active_ms' },
    { kind: 'COSTLY', value: 's.total_cost' },
    { kind: 'TOKEN_HEAVY', value: SESSION_TOKENS },
    { kind: 'DEEP', value: 's.max_depth', least: 5 },
  ],
}

const MEASURED = new Set([...TRACES.measures, ...SESSIONS.measures].map(({ kind }) => kind))

/** What is normal of one measure in one group. */
interface Norm {
  subject: Measured['name']
  group: string
  kind: AnomalyKind
  center: number
  mad: number
  sampleSize: number
}

/** Zero has no logarithm: such a value is in no sample, and never stands out. */
const log = (value: string): string => `CASE WHEN ${value} > 0 THEN ln(${value}) END`

/** Of values that hardly differ any other would stand out: the MAD counts as that of a twentieth at least. */
const SPREAD = (mad: string): string => `greatest(${mad}, ln(1.05))`
const scoreSql = (value: string, center: string, mad: string): string =>
  `0.6745 * (${log(value)} - ${center}) / ${SPREAD(mad)}`

const eachOf =
  (measures: readonly Measure[]) =>
  (sql: (measure: Measure, i: number) => string, separator = ', '): string =>
    measures.map(sql).join(separator)

/** What is normal, in two passes: for each group `grp`, of each measure its center, size of sample, and MAD. */
function normsSql({ name, from, group, sampled, measures }: Measured): string {
  const each = eachOf(measures)
  return `
${name}_centers AS MATERIALIZED (
  SELECT ${group} AS grp, ${each(({ value }, i) => `median(${log(value)}) AS c${i}, count(${log(value)}) AS n${i}`)}
  FROM ${from} WHERE ${sampled} GROUP BY 1),
${name}_norms AS MATERIALIZED (
  SELECT c.grp, ${each(({ value }, i) => `any_value(c.c${i}) AS c${i}, any_value(c.n${i}) AS n${i}, median(abs(${log(value)} - c.c${i})) AS d${i}`)}
  FROM ${from} JOIN ${name}_centers c ON c.grp = ${group} WHERE ${sampled} GROUP BY c.grp),`
}

/** The same as it was found: only what can make something stand out is known. */
function givenNormsSql({ name }: Measured, measures: readonly Measure[], norms: readonly Norm[], bind: Bind): string {
  const own = norms.filter((norm) => norm.subject === name)
  const list = (values: readonly string[] | readonly number[], type: string, as: string): string =>
    `unnest(${bind(values)}::${type}[]) AS ${as}`
  const given = [
    list(
      own.map((norm) => norm.group),
      'VARCHAR',
      'grp',
    ),
    list(
      own.map((norm) => norm.kind),
      'VARCHAR',
      'kind',
    ),
    list(
      own.map((norm) => norm.center),
      'DOUBLE',
      'c',
    ),
    list(
      own.map((norm) => norm.sampleSize),
      'BIGINT',
      'n',
    ),
    list(
      own.map((norm) => norm.mad),
      'DOUBLE',
      'd',
    ),
  ]
  const each = eachOf(measures)
  return `
${name}_norms AS MATERIALIZED (
  SELECT grp, ${each(({ kind }, i) => ['c', 'n', 'd'].map((x) => `any_value(${x}) FILTER (kind = '${kind}') AS ${x}${i}`).join(', '))}
  FROM (SELECT ${given.join(', ')}) GROUP BY grp),`
}

/** By what is normal, what is not. */
function measuredSql(
  { name, group, subject }: Measured,
  measures: readonly Measure[],
  from: string,
  threshold: string,
): string {
  const each = eachOf(measures)
  return `
${name}_scores AS (
  SELECT ${subject}, c.*, ${each(
    ({ value, least }, i) => `${value} AS v${i},
    CASE WHEN c.n${i} >= ${SMALLEST_SAMPLE}${least === undefined ? '' : ` AND ${value} >= ${least}`} THEN ${scoreSql(value, `c.c${i}`, `c.d${i}`)} END AS s${i}`,
  )}
  FROM ${from} JOIN ${name}_norms c ON c.grp = ${group}),
${name}_raw AS MATERIALIZED (
  SELECT r.subject, r.id, r.agent, r.root, r.lft, r.rgt, r.started, r.m.kind, r.m.value, r.m.score, r.m.center, r.m.mad, r.m.n
  FROM (
    SELECT c.*, unnest([${each(
      ({ kind }, i) =>
        `{kind: '${kind}', value: c.v${i}::DOUBLE, score: c.s${i}, center: c.c${i}, mad: c.d${i}, n: c.n${i}}`,
    )}]) AS m
    FROM ${name}_scores c WHERE NOT c.ignored AND (${each((_, i) => `c.s${i} > ${threshold}`, ' OR ')})
  ) r WHERE r.m.score > ${threshold}),`
}

/**
 * `level` counts the traces above that stand out by the same measure, `above` is the nearest of them. `judged` goes from
 * the lowest level up: what stands out is taken away from what is above it, whole; what does not hands on what is below.
 * Times are taken away as the union of the intervals, since what ran at the same time was waited for once.
 */
const judgedSql = (threshold: string): string => `
nested AS MATERIALIZED (
  SELECT c.kind, c.id, c.root, c.lft, c.value, c.center, c.mad, c.started, max(p.lft) AS above, count(p.lft) AS level
  FROM trace_raw c LEFT JOIN (SELECT * FROM trace_raw WHERE rgt > lft + 1) p
    ON p.kind = c.kind AND p.root = c.root AND p.lft < c.lft AND p.rgt > c.rgt
  WHERE c.kind IN (${INHERITED.map((kind) => `'${kind}'`).join(', ')}) GROUP BY ALL),
judged AS (
  SELECT kind, id, root, above, level, true AS stands, value AS taken,
    [{s: started::DOUBLE, e: started + value}] AS spans
  FROM nested WHERE level = (SELECT max(level) FROM nested)
  UNION ALL
  SELECT kind, id, root, above, level, stands, CASE WHEN stands THEN value ELSE below END,
    CASE WHEN stands THEN [{s: started::DOUBLE, e: started + value}] ELSE spans END
  FROM (
    SELECT *, below IS NULL OR coalesce(${scoreSql('(value - below)', 'center', 'mad')}, 0) > ${threshold} AS stands
    FROM (
      SELECT a.*, b.spans, CASE WHEN a.kind = 'SLOW' THEN list_reduce(list_sort(b.spans),
          (x, y) -> {s: x.s + greatest(0, least(y.e, a.started + a.value) - greatest(y.s, x.e)),
            e: greatest(x.e, least(y.e, a.started + a.value))},
          {s: 0::DOUBLE, e: a.started::DOUBLE}).s ELSE b.taken END AS below
      FROM nested a JOIN (SELECT level FROM judged LIMIT 1) l ON a.level = l.level - 1
      LEFT JOIN (
        SELECT kind, root, above, sum(taken) AS taken, flatten(list(spans)) AS spans FROM judged GROUP BY kind, root, above
      ) b ON b.kind = a.kind AND b.root = a.root AND b.above = a.lft
    )
  )
),`

// ---------------------------------------------------------------- the others

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

/** So much of a prompt is compared. */
const COMPARED = 10_000
const REPEATS = 3
/** Of the words of both, that are in both. */
const NEARLY = 0.9

const SET_OF_WORDS = `list_sort(list_distinct(string_split(
  trim(regexp_replace(lower(left(t.prompt_input, ${COMPARED})), '[^\\pL\\pN]+', ' ', 'g')), ' ')))`
const SHARED = 'len(list_intersect(words, before))'

/** Linear in the calls of a caller: equal ones are grouped, and those of a kind compared with the one before. */
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

/** Whose prompts are worth reading. */
const oftenSql = (traces: string, callers = 'true'): string => `
often AS MATERIALIZED (
  SELECT t.parent_trace_id AS caller, t.subagent_type AS called FROM ${traces} t
  WHERE NOT t.copied AND ${callers} AND t.parent_trace_id IN (SELECT p.trace_id FROM ${traces} p WHERE p.child_count >= ${REPEATS})
  GROUP BY 1, 2 HAVING count(*) >= ${REPEATS}),`

// ---------------------------------------------------------------- the statement

/** CTEs up to `found`: a group, and the columns of an anomaly. */
function foundSql(
  kinds: readonly AnomalyKind[],
  scope: Scope,
  norms: readonly Norm[],
  threshold: number,
  rule: StaleRule,
  bind: Bind,
): string {
  // A parameter that the statement does not use would be refused.
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
    // What is judged stands there by itself; the columns' names and types are those of the first part.
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

/** The trees of root sessions, as far as anything here looks at them. */
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

// ---------------------------------------------------------------- what is normal

/** Of every group and measure. $1: the smallest sample. */
const NORMS = `WITH ${[TRACES, SESSIONS].map(normsSql).join('')}
all_norms AS (${[TRACES, SESSIONS]
  .flatMap(({ name, measures }) =>
    measures.map(
      ({ kind }, i) =>
        `SELECT '${name}' AS subject, grp, '${kind}' AS kind, c${i} AS c, d${i} AS d, n${i} AS n FROM ${name}_norms`,
    ),
  )
  .join('\nUNION ALL ')})
SELECT * FROM all_norms WHERE n >= $1`

const decodeNorms = tuples(
  z.tuple([z.enum(['trace', 'session']), z.string(), z.enum(ANOMALY_KINDS), z.number(), z.number(), z.number()]),
  ([subject, group, kind, center, mad, sampleSize]): Norm => ({ subject, group, kind, center, mad, sampleSize }),
)

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
  // Back from its logarithm 3 is 3.0000000000000004.
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

/** Where nothing is found, the total stands alone. */
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
  if (read === null) throw refusedCursor('after', 'is no cursor of anomalies')
  const [, score, startedMs, id, kind] = read
  return { score, startedMs, id, kind }
}

function comesAfter({ score, startedMs, id, kind }: Position, bind: Bind): string {
  const [at, began, of] = [bind(score), bind(startedMs), bind(id)]
  return `p.score < ${at} OR (p.score = ${at} AND (p.started < ${began} OR (p.started = ${began}
    AND (p.id > ${of} OR (p.id = ${of} AND p.kind > ${bind(kind)})))))`
}
