/**
 * Maps traces and sessions to the columns of their tables. Cells are passed to DuckDB as plain texts, numbers and
 * flags, which JavaScript writes fast; SQL converts them to the columns' types.
 */
import type { Session, ToolCall, Trace, TraceStatus, Usage } from '../../records.ts'

export type Cell = string | number | boolean | null
export type CellType = 'VARCHAR' | 'DOUBLE' | 'BOOLEAN'

export interface InsertColumn {
  name: string
  /** The type in which a cell is passed to DuckDB. Numbers are DOUBLE. */
  type: CellType
  /** SQL that converts the passed cell to the column's type. */
  convert: (x: string) => string
}

export interface StoredColumn<T> extends InsertColumn {
  of: (row: T) => Cell
}

/** A trace with the values that it takes from its sessions. */
export interface StoredTrace {
  trace: Trace
  project: string | null
}

const same = (x: string): string => x

/** Column definitions, by the column's type in the table. */
export const COLUMN = {
  text: (name: string): InsertColumn => ({ name, type: 'VARCHAR', convert: same }),
  fraction: (name: string): InsertColumn => ({ name, type: 'DOUBLE', convert: same }),
  bigint: (name: string): InsertColumn => ({ name, type: 'DOUBLE', convert: (x) => `${x}::BIGINT` }),
  integer: (name: string): InsertColumn => ({ name, type: 'DOUBLE', convert: (x) => `${x}::INTEGER` }),
  moment: (name: string): InsertColumn => ({ name, type: 'DOUBLE', convert: (x) => `epoch_ms(${x}::BIGINT)` }),
  flag: (name: string): InsertColumn => ({ name, type: 'BOOLEAN', convert: same }),
}

const filled =
  <C extends Cell>(column: (name: string) => InsertColumn) =>
  <T>(name: string, of: (row: T) => C): StoredColumn<T> => ({ ...column(name), of })
const text = filled<string | null>(COLUMN.text)
const fraction = filled<number | null>(COLUMN.fraction)
const bigint = filled<number | null>(COLUMN.bigint)
const integer = filled<number | null>(COLUMN.integer)
const moment = filled<number | null>(COLUMN.moment)
const flag = filled<boolean>(COLUMN.flag)
const json = <T>(name: string, of: (row: T) => unknown, convert: (x: string) => string): StoredColumn<T> => ({
  name,
  type: 'VARCHAR',
  of: (row) => jsonText(of(row)),
  convert,
})
const texts = <T>(name: string, of: (row: T) => readonly string[]): StoredColumn<T> =>
  json(name, of, (x) => `from_json(${x}, '["VARCHAR"]')`)

const usage = <T>(prefix: string, of: (row: T) => Usage): StoredColumn<T>[] => [
  bigint(`${prefix}_input`, (row) => of(row).input),
  bigint(`${prefix}_output`, (row) => of(row).output),
  bigint(`${prefix}_reasoning`, (row) => of(row).reasoning),
  bigint(`${prefix}_cache_read`, (row) => of(row).cacheRead),
  bigint(`${prefix}_cache_write`, (row) => of(row).cacheWrite),
  fraction(`${prefix}_cost`, (row) => of(row).cost),
  bigint(`${prefix}_llm_calls`, (row) => of(row).llmCalls),
]

/** The status words of the original plan. */
const PLAIN_STATUS: Readonly<Record<TraceStatus, string>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  ERROR: 'error',
  ABORTED: 'error',
  INTERRUPTED: 'error',
}

/** All columns of `agent_traces` except `digest` and `created_at`, which is kept when a row is replaced. */
export const TRACE_COLUMNS: readonly StoredColumn<StoredTrace>[] = [
  text('trace_id', ({ trace }) => trace.id),
  text('session_id', ({ trace }) => trace.sessionId ?? ''),
  text('parent_trace_id', ({ trace }) => trace.parentId),
  text('parent_agent', ({ trace }) => trace.parentAgent),
  text('subagent_type', ({ trace }) => trace.agent),
  text('prompt_input', ({ trace }) => trace.promptInput),
  text('prompt_output', ({ trace }) => trace.promptOutput),
  moment('started_at', ({ trace }) => trace.startedMs),
  moment('ended_at', ({ trace }) => trace.endedMs),
  bigint('duration_ms', ({ trace }) => trace.durationMs),
  bigint('tokens_in', ({ trace: { own } }) => own.input + own.cacheRead + own.cacheWrite),
  bigint('tokens_out', ({ trace: { own } }) => own.output + own.reasoning),
  text('status', ({ trace }) => PLAIN_STATUS[trace.status]),
  texts('tools_used', ({ trace }) => trace.toolsUsed),
  text('root_session_id', ({ trace }) => trace.rootSessionId),
  text('kind', ({ trace }) => trace.kind),
  text('caller_session_id', ({ trace }) => trace.callerSessionId),
  text('project', ({ project }) => project),
  text('description', ({ trace }) => trace.description),
  text('status_detail', ({ trace }) => trace.status),
  text('error_name', ({ trace }) => trace.error?.name ?? null),
  text('error_message', ({ trace }) => trace.error?.message ?? null),
  moment('last_activity_at', ({ trace }) => trace.lastActivityMs),
  bigint('offset_ms', ({ trace }) => trace.offsetMs),
  bigint('wait_ms', ({ trace }) => trace.waitMs),
  bigint('active_ms', ({ trace }) => trace.activeMs),
  integer('depth', ({ trace }) => trace.depth),
  integer('lft', ({ trace }) => trace.lft),
  integer('rgt', ({ trace }) => trace.rgt),
  integer('ord', ({ trace }) => trace.ord),
  integer('child_count', ({ trace }) => trace.childCount),
  moment('follow_before', ({ trace }) => trace.followBeforeMs),
  text('follow_before_id', ({ trace }) => trace.followBeforeId),
  texts('models', ({ trace }) => trace.models),
  ...usage<StoredTrace>('own', ({ trace }) => trace.own),
  ...usage<StoredTrace>('total', ({ trace }) => trace.total),
  json(
    'tool_calls',
    ({ trace }) => trace.toolCalls,
    (x) => `${x}::JSON`,
  ),
  json(
    'tool_stats',
    ({ trace }) => toolStats(trace.toolCalls),
    (x) => `from_json(${x}, '[{"tool": "VARCHAR", "calls": "BIGINT", "errors": "BIGINT", "duration_ms": "BIGINT"}]')`,
  ),
  flag('link_inferred', ({ trace }) => trace.linkInferred),
  flag('orphan', ({ trace }) => trace.orphan),
  flag('copied', ({ trace }) => trace.copied),
  flag('reverted', ({ trace }) => trace.reverted),
  flag('background', ({ trace }) => trace.background),
  flag('clock_skewed', ({ trace }) => trace.clockSkewed),
]

/** All columns of `sessions` except `digest`. */
export const SESSION_COLUMNS: readonly StoredColumn<Session>[] = [
  text('session_id', (session) => session.id),
  text('root_session_id', (session) => session.rootId),
  text('parent_session_id', (session) => session.parentId),
  text('forked_from_id', (session) => session.forkedFromId),
  text('source_id', (session) => session.sourceId),
  text('title', (session) => session.title),
  text('directory', (session) => session.directory),
  text('project', (session) => session.project),
  text('version', (session) => session.version),
  moment('started_at', (session) => session.startedMs),
  moment('last_activity_at', (session) => session.lastActivityMs),
  moment('archived_at', (session) => session.archivedMs),
  bigint('duration_ms', (session) => session.durationMs),
  bigint('active_ms', (session) => session.activeMs),
  flag('running', (session) => session.running),
  text('last_status', (session) => session.lastStatus),
  bigint('trace_count', (session) => session.traceCount),
  bigint('delegation_count', (session) => session.delegationCount),
  bigint('error_count', (session) => session.errorCount),
  integer('max_depth', (session) => session.maxDepth),
  texts('agents', (session) => session.agents),
  texts('models', (session) => session.models),
  ...usage<Session>('own', (session) => session.own),
  ...usage<Session>('total', (session) => session.total),
  flag('is_root', (session) => session.id === session.rootId),
]

// ---------------------------------------------------------------- values

interface Stats {
  tool: string
  calls: number
  errors: number
  duration_ms: number
}

/** By tool, in order of first use. */
function toolStats(calls: readonly ToolCall[]): Stats[] {
  const stats = new Map<string, Stats>()
  for (const { tool, status, startedMs, endedMs } of calls) {
    const known = stats.get(tool) ?? { tool, calls: 0, errors: 0, duration_ms: 0 }
    known.calls += 1
    if (status === 'error') known.errors += 1
    if (startedMs !== null && endedMs !== null) known.duration_ms += Math.max(0, endedMs - startedMs)
    stats.set(tool, known)
  }
  return [...stats.values()]
}

/**
 * Serialises a value as JSON. Lone surrogates, which JSON readers reject, become U+FFFD as in all other stored text.
 */
function jsonText(value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes('\\ud') ? json.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, replaceSurrogate) : json
}

/** Replaces an escaped surrogate, which `JSON.stringify` produces only for lone ones; keeps any other escape. */
const replaceSurrogate = (escaped: string): string => (escaped.startsWith('\\ud') ? '\ufffd' : escaped)
