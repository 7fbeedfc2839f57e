/**
 * Measured anomalies in SQL: robust z-scores of the logarithm, 0.6745 · (ln x − median) / MAD. Traces are compared with
 * those of their agent, root sessions with all others. A trace above an outlier is judged by what remains of its value
 * without that outlier. This is done bottom up, and only for the few traces that are outliers at all.
 */
import { z } from 'zod'
import { ANOMALY_KINDS, type AnomalyKind, SMALLEST_SAMPLE } from '../store.ts'
import { SAMPLED } from './analytics.ts'
import { SESSION_TOKENS, TOTAL_TOKENS } from './filters.ts'
import { type Bind, rowsSql } from './statement.ts'
import { tuples } from './values.ts'

// ---------------------------------------------------------------- measures

/** The largest possible nested-set number, which is an INTEGER. */
export const LAST = 2_147_483_647

/** Kinds whose value in a trace is part of the value of its ancestors. */
export const INHERITED = ['SLOW', 'COSTLY', 'TOKEN_HEAVY'] as const satisfies AnomalyKind[]

interface Measure {
  kind: AnomalyKind
  value: string
  /** Smaller values are never anomalies, whatever the norm is. */
  least?: number
}

export interface Measured {
  name: 'trace' | 'session'
  /** The table and its alias, when all rows are examined. */
  from: string
  group: string
  sampled: string
  subject: string
  measures: readonly Measure[]
}

export const TRACES: Measured = {
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

export const SESSIONS: Measured = {
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

export const MEASURED = new Set([...TRACES.measures, ...SESSIONS.measures].map(({ kind }) => kind))

// ---------------------------------------------------------------- norms

/** The norm of one measure in one group. `center` and `mad` are the median and the MAD of the natural logarithm. */
export interface Norm {
  subject: Measured['name']
  group: string
  kind: AnomalyKind
  center: number
  mad: number
  sampleSize: number
}

/** Zero has no logarithm, so it is in no sample and never an anomaly. */
const log = (value: string): string => `CASE WHEN ${value} > 0 THEN ln(${value}) END`

/** If values hardly differ, any deviation would be an anomaly, so the MAD is at least that of a deviation by 5 %. */
const SPREAD = (mad: string): string => `greatest(${mad}, ln(1.05))`
const scoreSql = (value: string, center: string, mad: string): string =>
  `0.6745 * (${log(value)} - ${center}) / ${SPREAD(mad)}`

const eachOf =
  (measures: readonly Measure[]) =>
  (sql: (measure: Measure, i: number) => string, separator = ', '): string =>
    measures.map(sql).join(separator)

/** Computes the norms in two passes: for each group `grp` and measure i the center `c`, sample size `n` and MAD `d`. */
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

/**
 * The same table, from norms that were computed before. A group whose sample is too small has no norm, and hence no
 * anomalies.
 */
export function givenNormsSql(
  { name }: Measured,
  measures: readonly Measure[],
  norms: readonly Norm[],
  bind: Bind,
): string {
  const own = norms.filter((norm) => norm.subject === name)
  const given = rowsSql(bind, {
    grp: ['VARCHAR', own.map((norm) => norm.group)],
    kind: ['VARCHAR', own.map((norm) => norm.kind)],
    c: ['DOUBLE', own.map((norm) => norm.center)],
    n: ['BIGINT', own.map((norm) => norm.sampleSize)],
    d: ['DOUBLE', own.map((norm) => norm.mad)],
  })
  const each = eachOf(measures)
  return `
${name}_norms AS MATERIALIZED (
  SELECT grp, ${each(({ kind }, i) => ['c', 'n', 'd'].map((x) => `any_value(${x}) FILTER (kind = '${kind}') AS ${x}${i}`).join(', '))}
  FROM (${given}) GROUP BY grp),`
}

/** Selects the norms of all groups and measures. $1: the smallest sample size. */
export const NORMS = `WITH ${[TRACES, SESSIONS].map(normsSql).join('')}
all_norms AS (${[TRACES, SESSIONS]
  .flatMap(({ name, measures }) =>
    measures.map(
      ({ kind }, i) =>
        `SELECT '${name}' AS subject, grp, '${kind}' AS kind, c${i} AS c, d${i} AS d, n${i} AS n FROM ${name}_norms`,
    ),
  )
  .join('\nUNION ALL ')})
SELECT * FROM all_norms WHERE n >= $1`

export const decodeNorms = tuples(
  z.tuple([z.enum(['trace', 'session']), z.string(), z.enum(ANOMALY_KINDS), z.number(), z.number(), z.number()]),
  ([subject, group, kind, center, mad, sampleSize]): Norm => ({ subject, group, kind, center, mad, sampleSize }),
)

// ---------------------------------------------------------------- outliers

/** The values of each measure whose score exceeds the threshold. */
export function measuredSql(
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
 * `level` is the number of ancestors that are outliers by the same measure, and `above` is the nearest of them.
 * `judged` goes up from the deepest level: a trace that remains an outlier is subtracted from the one above it as a
 * whole; of one that does not, only what was subtracted from it is passed on. Durations are subtracted as the union of
 * their intervals, since an ancestor waits only once for traces that ran at the same time.
 */
export const judgedSql = (threshold: string): string => `
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
