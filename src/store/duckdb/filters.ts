/**
 * What filters and the clock mean in SQL. A filter becomes conditions that hold together, on `agent_traces t` or on
 * `sessions s`; every value is a parameter.
 */
import type { TraceStatus } from '../../records.ts'
import type { NumberRange, SessionFilter, StaleRule, TimeRange, TraceFilter } from '../store.ts'
import { type Bind, momentSql } from './statement.ts'

/** What is answered by more than the columns of the row itself (see `text.ts`, `pattern.ts`): each gives a condition. */
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

/** Root sessions in which something runs, by the files, and that were written to a short while ago: there are few. */
function freshRootsSql(rule: StaleRule, bind: Bind): string {
  return `SELECT r.session_id FROM sessions r
    WHERE r.running AND r.is_root AND r.last_activity_at > ${momentSql(bind, silentSinceMs(rule))}`
}

/** Trees that were last written to then, or before, are stale. */
const silentSinceMs = ({ nowMs, staleAfterMs }: StaleRule): number => Math.floor(nowMs - staleAfterMs)

/** The status of `agent_traces t`: what runs is INTERRUPTED once its whole tree has been silent for too long. */
export function traceStatusSql(rule: StaleRule, bind: Bind): string {
  return `CASE WHEN t.status_detail <> 'RUNNING' THEN t.status_detail
    WHEN t.root_session_id IN (${freshRootsSql(rule, bind)}) OR t.last_activity_at > ${momentSql(bind, silentSinceMs(rule))} THEN 'RUNNING'
    ELSE 'INTERRUPTED' END`
}

/**
 * The status of `sessions s`.
 * @param areRoots whether all of them are: the whole tree of a root session is silent when its own row says so
 */
export function sessionStatusSql(rule: StaleRule, bind: Bind, areRoots: boolean): string {
  const rootIsFresh = areRoots ? '' : `s.root_session_id IN (${freshRootsSql(rule, bind)}) OR`
  return `CASE WHEN s.running AND (${rootIsFresh} s.last_activity_at > ${momentSql(bind, silentSinceMs(rule))}) THEN 'RUNNING'
    WHEN s.last_status = 'RUNNING' THEN 'INTERRUPTED' ELSE s.last_status END`
}

/** A statement takes no parameter that it does not use: where nothing is compared the clock is not bound either. */
const sessionStatusIn = (status: readonly TraceStatus[], rule: StaleRule, bind: Bind, areRoots: boolean): string =>
  status.length === 0 ? 'false' : inList(sessionStatusSql(rule, bind, areRoots), status, bind)

/** That a trace ran in the session that it names: a fork's copy of a call names the session that the original opened. */
export const ranThere = (trace: string): string => `NOT (${trace}.copied AND ${trace}.kind = 'DELEGATION')`

/**
 * That a column names none of these sessions that is a root: its tree is what is stored as its tree, also where a call from
 * another one resumed it.
 */
export const isNoRoot = (column: string, ids: readonly string[], bind: Bind): string =>
  `${column} NOT IN (SELECT r.session_id FROM sessions r WHERE r.is_root AND ${inList('r.session_id', ids, bind)})`

/** Whether a filter leaves only root sessions, as it does unless it says otherwise. */
export const isRootsOnly = ({ rootsOnly }: SessionFilter): boolean => rootsOnly ?? true

/** What does not depend on the clock is compared without it, and then binds no parameter for it. */
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
    // An empty session_id is stored for a trace that ran in none.
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
  // Not by how many there are in its tree: the runs of a child session are delegations themselves.
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

/** To stand after WHERE. */
export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'true' : conditions.map((condition) => `(${condition})`).join(' AND ')

// ---------------------------------------------------------------- conditions

/** One key is compared: that is what an index is looked up with. */
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
