/**
 * A made-up history of a million traces, written by DuckDB straight into delegraph's tables. It measures how queries
 * scale, so only the shapes of trees and the values matter, not OpenCode's files. The rows are the same each time.
 */
import { DuckDBInstance } from '@duckdb/node-api'

/** The tree of one root session, as nested-set numbers, from which times are derived as well. */
const SHAPE = [
  { place: 0, parent: null, lft: 1, rgt: 18, depth: 0, ord: 0, children: 3 },
  { place: 1, parent: 0, lft: 2, rgt: 9, depth: 1, ord: 0, children: 2 },
  { place: 2, parent: 1, lft: 3, rgt: 6, depth: 2, ord: 0, children: 1 },
  { place: 3, parent: 2, lft: 4, rgt: 5, depth: 3, ord: 0, children: 0 },
  { place: 4, parent: 1, lft: 7, rgt: 8, depth: 2, ord: 1, children: 0 },
  { place: 5, parent: 0, lft: 10, rgt: 11, depth: 1, ord: 1, children: 0 },
  { place: 6, parent: 0, lft: 12, rgt: 17, depth: 1, ord: 2, children: 2 },
  { place: 7, parent: 6, lft: 13, rgt: 14, depth: 2, ord: 0, children: 0 },
  { place: 8, parent: 6, lft: 15, rgt: 16, depth: 2, ord: 1, children: 0 },
  { place: 9, parent: null, lft: 19, rgt: 20, depth: 0, ord: 1, children: 0 },
] as const

/** The number of calls of the widest session that has been seen, all in one turn. */
export const WIDE_CALLS = 7377
export const WIDE_SESSION = 'ses_wide'

const AGENTS = ['coordinateur', 'executeur', 'tester', 'refactoring', 'quality', 'explore', 'general', 'docs']
const WORDS =
  'vérifie la fonction dans src/auth.js puis corrige le test du module user_id and run it again with care after each change to file line error parser token session cache store query index build deploy review merge branch commit'.split(
    ' ',
  )

const list = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(', ')}]`

/** A SQL fraction from 0 to 1 that depends on the row alone. */
const chance = (salt: string, of = 'session, place'): string => `((hash(${of}, '${salt}') % 1000003)::DOUBLE / 1000003)`

const shapeRows = SHAPE.map(
  ({ place, parent, lft, rgt, depth, ord, children }) =>
    `(${place}, ${parent ?? 'NULL'}, ${lft}, ${rgt}, ${depth}, ${ord}, ${children})`,
).join(', ')

/** One row per trace, with its place in its tree; the wide session's rows follow the ordinary ones. */
const places = (sessions: number): string => `
CREATE TEMP TABLE placed AS
SELECT 'ses_' || i AS session, s.*, i FROM range(${sessions}) r(i), (VALUES ${shapeRows})
  AS s(place, parent, lft, rgt, depth, ord, children)
UNION ALL
SELECT '${WIDE_SESSION}', p, CASE WHEN p > 0 THEN 0 END, CASE WHEN p = 0 THEN 1 ELSE 2 * p END,
  CASE WHEN p = 0 THEN ${2 * WIDE_CALLS + 2} ELSE 2 * p + 1 END, least(p, 1), greatest(p - 1, 0),
  CASE WHEN p = 0 THEN ${WIDE_CALLS} ELSE 0 END, ${sessions}
FROM range(${WIDE_CALLS + 1}) w(p)`

/** Seconds per nested-set number, common to all traces of a session. Approximately log-normal. */
const PACE = `exp(1.5 * (${chance('a', 'session')} + ${chance('b', 'session')} + ${chance('c', 'session')} - 1.5))`

/** One trace in 500 costs fifty times as much as it should. */
const FIGURES = `
CREATE TEMP TABLE figures AS
SELECT p.*, CASE WHEN depth = 0 THEN 'msg_' ELSE 'prt_' END || session || '_' || place AS id,
  CASE WHEN depth = 0 THEN ${list(AGENTS)}[(1 + hash(session, place) % 2)::BIGINT] ELSE ${list(AGENTS)}[(1 + hash(session, place, 'agent') % 8)::BIGINT] END AS agent,
  1700000000000 + i * 300000::BIGINT AS base,
  (1700000000000 + i * 300000 + lft * 9000 * ${PACE})::BIGINT AS started,
  (1700000000000 + i * 300000 + rgt * 9000 * ${PACE})::BIGINT AS ended,
  CASE WHEN ${chance('status')} < 0.03 THEN 'ERROR' WHEN ${chance('status')} < 0.04 THEN 'ABORTED' ELSE 'COMPLETED' END AS status,
  0.01 * exp(2 * (${chance('d')} + ${chance('e')} + ${chance('f')} - 1.5)) * CASE WHEN ${chance('dear')} < 0.002 THEN 50 ELSE 1 END AS cost
FROM placed p`

const SPENT = `
CREATE TEMP TABLE spent AS
SELECT a.session, a.place, sum(b.cost) AS total
FROM figures a JOIN figures b ON b.session = a.session AND b.lft >= a.lft AND b.rgt <= a.rgt AND a.session <> '${WIDE_SESSION}'
GROUP BY ALL
UNION ALL
SELECT session, place, CASE WHEN place = 0 THEN sum(cost) OVER () ELSE cost END FROM figures WHERE session = '${WIDE_SESSION}'`

const WAITED = `
CREATE TEMP TABLE waited AS SELECT session, parent AS place, sum(ended - started)::BIGINT AS ms FROM figures WHERE parent IS NOT NULL GROUP BY ALL`

/** Every delegation runs in a session of its own. */
const SESSION_OF = "CASE WHEN f.depth = 0 THEN f.session ELSE f.session || '_' || f.place END"
const CALLER_OF = "CASE WHEN p.id IS NULL OR p.depth = 0 THEN f.session ELSE f.session || '_' || f.parent END"

const words = (salt: string, count: number): string =>
  `array_to_string(list_transform(range(${count}), j -> ${list(WORDS)}[(1 + hash(f.session, f.place, j, '${salt}') % ${WORDS.length})::BIGINT]), ' ')`

/** A phrase for full-text search that occurs in one prompt of 500. */
const RARE = `CASE WHEN hash(f.session, f.place, 'rare') % 500 = 0 THEN ' then write the database migration' ELSE '' END`

const tokens = (cost: string): string => `(${cost} * 200000)::BIGINT`
const usage = (cost: string, calls: string): string =>
  `${tokens(cost)}, ${tokens(`${cost} / 20`)}, 0, 0, 0, ${cost}, ${calls}`

const TRACES = `
INSERT INTO agent_traces
SELECT f.id, ${SESSION_OF}, p.id, p.agent, f.agent, ${words('in', 30)} || ${RARE}, ${words('out', 40)},
  epoch_ms(f.started), epoch_ms(f.ended), f.ended - f.started, ${tokens('f.cost')}, ${tokens('f.cost / 20')},
  CASE f.status WHEN 'COMPLETED' THEN 'completed' ELSE 'error' END, ['bash', 'read'], now()::TIMESTAMP,
  f.session, CASE WHEN f.depth = 0 THEN 'USER_TURN' ELSE 'DELEGATION' END, ${CALLER_OF}, '/home/dev/' || (f.i % 20),
  CASE WHEN f.depth > 0 THEN ${words('description', 4)} END, f.status,
  CASE f.status WHEN 'ERROR' THEN 'UnknownError' END, CASE f.status WHEN 'ERROR' THEN 'It did not work.' END,
  epoch_ms(f.ended), f.started - f.base, coalesce(w.ms, 0), f.ended - f.started - coalesce(w.ms, 0),
  f.depth, f.lft, f.rgt, f.ord, f.children,
  epoch_ms(lead(f.ended) OVER (PARTITION BY f.session, f.parent ORDER BY f.lft)), NULL, ['anthropic/large'],
  ${usage('f.cost', '1')}, ${usage('s.total', 'f.children + 1')},
  '[]'::JSON, [{tool: 'bash', calls: 2::BIGINT, errors: 0::BIGINT, duration_ms: 900::BIGINT}],
  false, false, false, false, false, false, 0
FROM figures f JOIN spent s ON s.session = f.session AND s.place = f.place
LEFT JOIN waited w ON w.session = f.session AND w.place = f.place
LEFT JOIN figures p ON p.session = f.session AND p.place = f.parent
ORDER BY f.i, f.lft`

/** @param of `session_id` for child sessions, `root_session_id` for root sessions */
const sessionsSql = (of: string, parent: string, where: string): string => `
INSERT INTO sessions
SELECT ${of}, first(root_session_id), ${parent}, NULL, 'OPENCODE_SQLITE:/made-up', 'Session ' || ${of}, '/home/dev/app',
  first(project), '1.18.34', min(started_at), max(ended_at), NULL, epoch_ms(max(ended_at)) - epoch_ms(min(started_at)),
  sum(duration_ms) FILTER (session_id = ${of})::BIGINT, false, 'COMPLETED', count(*), count(*) FILTER (kind = 'DELEGATION'),
  count(*) FILTER (status_detail = 'ERROR'), max(depth), list(DISTINCT subagent_type), ['anthropic/large'],
  ${['own_input', 'own_output', 'own_reasoning', 'own_cache_read', 'own_cache_write', 'own_cost', 'own_llm_calls']
    .map((name) => `sum(${name}) FILTER (session_id = ${of})`)
    .join(', ')},
  ${['own_input', 'own_output', 'own_reasoning', 'own_cache_read', 'own_cache_write', 'own_cost', 'own_llm_calls']
    .map((name) => `sum(${name})`)
    .join(', ')}, 0, first(root_session_id) = ${of}
FROM agent_traces WHERE ${where} GROUP BY ${of}`

/** Fills a store whose tables exist, replacing their contents. */
export async function fill(path: string, traces: number): Promise<void> {
  const instance = await DuckDBInstance.create(path, { threads: '2' })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
  for (const table of ['agent_traces', 'sessions', 'session_stamps', 'session_links', 'rejections']) {
    await connection.run(`DELETE FROM ${table}`)
  }
  const sessions = Math.max(1, Math.round((traces - WIDE_CALLS - 1) / SHAPE.length))
  for (const sql of [
    places(sessions),
    FIGURES,
    SPENT,
    WAITED,
    TRACES,
    sessionsSql('root_session_id', 'NULL', 'true'),
    sessionsSql('session_id', 'first(caller_session_id)', 'session_id <> root_session_id'),
    'CHECKPOINT',
  ]) {
    await connection.run(sql)
  }
  connection.closeSync()
  instance.closeSync()
}
