/**
 * Translates filters, and statuses that depend on the clock, into SQL. A filter becomes a list of conditions on
 * `agent_traces t` or `sessions s`, all of which must hold; every value is a parameter.
 */
import type { TraceStatus } from '../../records.ts'
import type { NumberRange, SessionFilter, StaleRule, TimeRange, TraceFilter } from '../store.ts'
import { type Bind, momentSql } from './statement.ts'

/** Conditions that need more than the columns of the row itself (see `text.ts` and `pattern.ts`). */
export interface FilterExtensions {
  traceText: (text: string, bind: Bind) => string
  sessionText: (text: string, bind: Bind) => string
  sessionPattern: (pattern: string, rule: StaleRule, bind: Bind) => string
}

export const TOTAL_TOKENS =
  '(t.total_input + t.total_output + t.total_reasoning + t.total_cache_read + t.total_cache_write)'
export const SESSION_TOKENS =
  '(s.total_input + s.total_output + s.total_reasoning + s.total_cache_read + s.total_cache_write)'

// ---------------------------------------------------------------- status

/** The root sessions that run according to the files and had recent activity. There are only a few. */
function freshRootsSql(rule: StaleRule, bind: Bind): string {
  return `SELECT r.session_id FROM sessions r
    WHERE r.running AND r.is_root AND r.last_activity_at > ${momentSql(bind, silentSinceMs(rule))}`
}

/** A tree whose last activity was at this time or before is stale. */
const silentSinceMs = ({ nowMs, staleAfterMs }: StaleRule): number => Math.floor(nowMs - staleAfterMs)

/**
 * The status of `agent_traces t`: a running trace is INTERRUPTED if its whole tree has had no activity for too long.
 */
export function traceStatusSql(rule: StaleRule, bind: Bind): string {
  return `CASE WHEN t.status_detail <> 'RUNNING' THEN t.status_detail
    WHEN t.root_session_id IN (${freshRootsSql(rule, bind)}) OR t.last_activity_at > ${momentSql(bind, silentSinceMs(rule))} THEN 'RUNNING'
    ELSE 'INTERRUPTED' END`
}

/**
 * The status of `sessions s`.
 * @param areRoots whether all of them are root sessions, whose own row holds the last activity of their whole tree
 */
export function sessionStatusSql(rule: StaleRule, bind: Bind, areRoots: boolean): string {
  const rootIsFresh = areRoots ? '' : `s.root_session_id IN (${freshRootsSql(rule, bind)}) OR`
  return `CASE WHEN s.running AND (${rootIsFresh} s.last_activity_at > ${momentSql(bind, silentSinceMs(rule))}) THEN 'RUNNING'
    WHEN s.last_status = 'RUNNING' THEN 'INTERRUPTED' ELSE s.last_status END`
}

/** An empty list binds no clock, because DuckDB rejects a parameter that the statement does not use. */
const sessionStatusIn = (status: readonly TraceStatus[], rule: StaleRule, bind: Bind, areRoots: boolean): string =>
  status.length === 0 ? 'false' : inList(sessionStatusSql(rule, bind, areRoots), status, bind)

/** Whether a trace ran in its `session_id`: a fork's copy of a call names the session that the original opened. */
export const ranThere = (trace: string): string => `NOT (${trace}.copied AND ${trace}.kind = 'DELEGATION')`

/**
 * The condition that a column is not the id of a root session among `ids`. The tree of a root session consists of the
 * rows with its `root_session_id`, even if a call from another tree resumed the session.
 */
export const isNoRoot = (column: string, ids: readonly string[], bind: Bind): string =>
  `${column} NOT IN (SELECT r.session_id FROM sessions r WHERE r.is_root AND ${inList('r.session_id', ids, bind)})`

/** Whether a filter admits only root sessions, which is the default. */
export const isRootsOnly = ({ rootsOnly }: SessionFilter): boolean => rootsOnly ?? true

/** Compares the stored status, and binds no clock, unless the result depends on whether a trace is stale. */
function statusIn(stored: string, decided: () => string, status: readonly TraceStatus[], bind: Bind): string {
  const dependsOnClock = status.includes('RUNNING') !== status.includes('INTERRUPTED')
  return inList(dependsOnClock ? decided() : stored, status, bind)
}

// ---------------------------------------------------------------- filters

export function traceConditions(
  filter: TraceFilter,
  rule: StaleRule,
  bind: Bind,
  extensions: FilterExtensions,
): string[] {
  const conditions: string[] = []
  const { ids, sessionIds, kind, agents, parentAgents, models, tools, status, project, text } = filter
  if (ids != null) conditions.push(inList('t.trace_id', ids, bind))
  if (sessionIds != null) {
    // The empty session_id is stored for traces without a session.
    const named = sessionIds.filter((id) => id !== '')
    const ran = `${inList('t.session_id', named, bind)} AND ${ranThere('t')}`
    conditions.push(`(${ran} OR ${inList('t.root_session_id', named, bind)})`)
  }
  if (kind != null) conditions.push(`t.kind = ${bind(kind)}`)
  if (agents != null) conditions.push(inList('t.subagent_type', agents, bind))
  if (parentAgents != null) conditions.push(inList('t.parent_agent', parentAgents, bind))
  if (models != null) conditions.push(overlaps('t.models', models, bind))
  if (tools != null) conditions.push(overlaps('t.tools_used', tools, bind))
  if (status != null) conditions.push(statusIn('t.status_detail', () => traceStatusSql(rule, bind), status, bind))
  if (project != null) conditions.push(`t.project = ${bind(project)}`)
  conditions.push(
    ...timeRange('t.started_at', filter.startedAt, bind),
    ...numberRange('t.duration_ms', filter.durationMs, bind),
    ...numberRange('t.total_cost', filter.cost, bind),
    ...numberRange(TOTAL_TOKENS, filter.tokens, bind),
    ...numberRange('t.depth', filter.depth, bind),
  )
  if (text != null) conditions.push(extensions.traceText(text, bind))
  return conditions
}

export function sessionConditions(
  filter: SessionFilter,
  rule: StaleRule,
  bind: Bind,
  extensions: FilterExtensions,
): string[] {
  const conditions: string[] = []
  const { ids, agents, models, status, project, directory, hasDelegations, text, pattern } = filter
  if (isRootsOnly(filter)) conditions.push('s.is_root')
  if (ids != null) conditions.push(inList('s.session_id', ids, bind))
  if (agents != null) conditions.push(overlaps('s.agents', agents, bind))
  if (models != null) conditions.push(overlaps('s.models', models, bind))
  if (status != null) conditions.push(sessionStatusIn(status, rule, bind, isRootsOnly(filter)))
  if (project != null) conditions.push(`s.project = ${bind(project)}`)
  if (directory != null) conditions.push(`s.directory = ${bind(directory)}`)
  // Not delegation_count, because the traces of a child session are themselves delegations.
  if (hasDelegations != null) conditions.push(`s.max_depth ${hasDelegations ? '>' : '='} 0`)
  conditions.push(
    ...timeRange('s.started_at', filter.startedAt, bind),
    ...timeRange('s.last_activity_at', filter.lastActivityAt, bind),
    ...numberRange('s.duration_ms', filter.durationMs, bind),
    ...numberRange('s.total_cost', filter.cost, bind),
    ...numberRange(SESSION_TOKENS, filter.tokens, bind),
  )
  if (text != null) conditions.push(extensions.sessionText(text, bind))
  if (pattern != null) conditions.push(extensions.sessionPattern(pattern, rule, bind))
  return conditions
}

/** Whether a filter restricts nothing. */
export const admitsAll = (filter: TraceFilter): boolean => Object.values(filter).every((condition) => condition == null)

/** Joins conditions for a WHERE clause. */
export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'true' : conditions.map((condition) => `(${condition})`).join(' AND ')

// ---------------------------------------------------------------- conditions

/** A single value is compared with `=`, for which DuckDB uses an index. */
export function inList(column: string, values: readonly string[], bind: Bind): string {
  const [first] = values
  if (first === undefined) return 'false'
  if (values.length === 1) return `${column} = ${bind(first)}`
  return `${column} IN (SELECT unnest(${bind(values)}::VARCHAR[]))`
}

const overlaps = (column: string, values: readonly string[], bind: Bind): string =>
  values.length === 0 ? 'false' : `list_has_any(${column}, ${bind(values)}::VARCHAR[])`

function timeRange(column: string, range: TimeRange | null | undefined, bind: Bind): string[] {
  const conditions: string[] = []
  // Stored times are whole milliseconds.
  if (range?.fromMs != null) conditions.push(`${column} >= ${momentSql(bind, Math.ceil(range.fromMs))}`)
  if (range?.toMs != null) conditions.push(`${column} < ${momentSql(bind, Math.ceil(range.toMs))}`)
  return conditions
}

function numberRange(column: string, range: NumberRange | null | undefined, bind: Bind): string[] {
  const conditions: string[] = []
  if (range?.min != null) conditions.push(`${column} >= ${bind(range.min)}`)
  if (range?.max != null) conditions.push(`${column} <= ${bind(range.max)}`)
  return conditions
}
