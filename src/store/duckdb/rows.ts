/**
 * Selects rows and builds records from them, column by column. Only requested columns are selected: numbers and flags
 * as they are, and all short texts of a row (ids, names, lists) as one JSON array, because transferring a text from
 * DuckDB costs more than parsing it.
 */
import { type FailureRecord, noUsage, type ToolCall, TRACE_KINDS, TRACE_STATUSES, type Usage } from '../../records.ts'
import {
  KEY_COLUMNS,
  type SessionRow,
  type ToolStats,
  type TraceColumn,
  type TraceColumns,
  type TraceRow,
} from '../store.ts'
import type { Decode } from './values.ts'

/** The cells of one expression, one per row. */
type Cells = readonly unknown[]

/** How a field of a record is read: the SQL expressions to select, and a function that converts their cells. */
interface Field<V> {
  /** Expressions to put into the JSON array. */
  texts: readonly string[]
  /** Expressions to select as columns of their own. */
  plain: readonly string[]
  read: (texts: readonly Cells[], plain: readonly Cells[]) => V[]
}

type Fields<R> = { readonly [C in keyof R]-?: Field<R[C]> }

/** The values of each field; an empty list if it was not requested. */
type Values<R> = { [C in keyof R]-?: readonly (R[C] | undefined)[] }

/**
 * Creates the record of row i. Each implementation is an object literal, so that all records have the same properties
 * in the same order, requested or not. V8 creates and reads such objects much faster than ones filled property by
 * property: that saves a fifth of the time to answer for a tree of 2,000 traces with every field.
 */
type ToRow<All, R> = (values: Values<All>, i: number) => R

export interface Selection<R> {
  /** The expressions after SELECT. `decode` converts the resulting rows, and ignores any further columns. */
  sql: string
  decode: Decode<R>
  /** The number of columns in `sql`. */
  width: number
}

// ---------------------------------------------------------------- traces

/**
 * @param statusSql returns SQL for the status, which depends on the clock (see filters.ts); called only if requested
 */
export function traceSelection(asked: Iterable<TraceColumn>, statusSql: () => string): Selection<TraceRow> {
  const names = new Set<TraceColumn>([...KEY_COLUMNS, ...asked])
  const fields = traceFields(names.has('status') ? statusSql() : 'NULL')
  return select(fields, [...names], toTraceRow)
}

const toTraceRow: ToRow<TraceColumns, TraceRow> = (values, i) => ({
  id: values.id[i] ?? '',
  kind: values.kind[i],
  agent: values.agent[i],
  description: values.description[i],
  sessionId: values.sessionId[i] ?? null,
  rootSessionId: values.rootSessionId[i] ?? '',
  callerSessionId: values.callerSessionId[i],
  parentId: values.parentId[i] ?? null,
  parentAgent: values.parentAgent[i],
  status: values.status[i],
  error: values.error[i],
  promptInput: values.promptInput[i],
  promptOutput: values.promptOutput[i],
  startedMs: values.startedMs[i],
  endedMs: values.endedMs[i],
  lastActivityMs: values.lastActivityMs[i],
  offsetMs: values.offsetMs[i],
  durationMs: values.durationMs[i],
  waitMs: values.waitMs[i],
  activeMs: values.activeMs[i],
  own: values.own[i],
  total: values.total[i],
  models: values.models[i],
  toolsUsed: values.toolsUsed[i],
  toolCalls: values.toolCalls[i],
  tools: values.tools[i],
  depth: values.depth[i] ?? 0,
  lft: values.lft[i] ?? 0,
  rgt: values.rgt[i] ?? 0,
  ord: values.ord[i],
  childCount: values.childCount[i],
  descendantCount: values.descendantCount[i],
  followBeforeMs: values.followBeforeMs[i],
  followBeforeId: values.followBeforeId[i],
  linkInferred: values.linkInferred[i],
  orphan: values.orphan[i],
  copied: values.copied[i],
  reverted: values.reverted[i],
  background: values.background[i],
  clockSkewed: values.clockSkewed[i],
})

const traceFields = (statusSql: string): Fields<TraceColumns> => ({
  id: text('t.trace_id'),
  kind: oneOf(TRACE_KINDS, 't.kind'),
  agent: text('t.subagent_type'),
  description: textOrNull('t.description'),
  sessionId: textOrNull(`nullif(t.session_id, '')`),
  rootSessionId: text('t.root_session_id'),
  callerSessionId: text('t.caller_session_id'),
  parentId: textOrNull('t.parent_trace_id'),
  parentAgent: textOrNull('t.parent_agent'),
  status: oneOf(TRACE_STATUSES, statusSql),
  error: failure('t.error_name', 't.error_message'),
  promptInput: wideText('t.prompt_input'),
  promptOutput: wideTextOrNull('t.prompt_output'),
  startedMs: moment('t.started_at'),
  endedMs: momentOrNull('t.ended_at'),
  lastActivityMs: moment('t.last_activity_at'),
  offsetMs: number('t.offset_ms'),
  durationMs: numberOrNull('t.duration_ms'),
  waitMs: numberOrNull('t.wait_ms'),
  activeMs: numberOrNull('t.active_ms'),
  own: usage('t.own'),
  total: usage('t.total'),
  models: list('t.models'),
  toolsUsed: list('t.tools_used'),
  toolCalls: { texts: ['t.tool_calls'], plain: [], read: ([cells = []]) => cells.map(toToolCalls) },
  tools: { texts: ['t.tool_stats'], plain: [], read: ([cells = []]) => cells.map(toToolStats) },
  depth: number('t.depth'),
  lft: number('t.lft'),
  rgt: number('t.rgt'),
  ord: number('t.ord'),
  childCount: number('t.child_count'),
  descendantCount: number('(t.rgt - t.lft - 1) // 2'),
  followBeforeMs: momentOrNull('t.follow_before'),
  followBeforeId: textOrNull('t.follow_before_id'),
  linkInferred: flag('t.link_inferred'),
  orphan: flag('t.orphan'),
  copied: flag('t.copied'),
  reverted: flag('t.reverted'),
  background: flag('t.background'),
  clockSkewed: flag('t.clock_skewed'),
})

// ---------------------------------------------------------------- sessions

/** @param statusSql SQL for the status, which depends on the clock (see filters.ts) */
export function sessionSelection(statusSql: string): Selection<SessionRow> {
  const fields = sessionFields(statusSql)
  const names = Object.keys(fields).filter((name): name is keyof SessionRow => name in fields)
  return select(fields, names, toSessionRow)
}

const sessionFields = (statusSql: string): Fields<SessionRow> => ({
  id: text('s.session_id'),
  title: text('s.title'),
  directory: textOrNull('s.directory'),
  project: textOrNull('s.project'),
  version: textOrNull('s.version'),
  sourceId: text('s.source_id'),
  parentId: textOrNull('s.parent_session_id'),
  rootId: text('s.root_session_id'),
  forkedFromId: textOrNull('s.forked_from_id'),
  archivedMs: momentOrNull('s.archived_at'),
  startedMs: moment('s.started_at'),
  lastActivityMs: moment('s.last_activity_at'),
  durationMs: number('s.duration_ms'),
  activeMs: number('s.active_ms'),
  running: flag('s.running'),
  lastStatus: oneOf(TRACE_STATUSES, 's.last_status'),
  status: oneOf(TRACE_STATUSES, statusSql),
  traceCount: number('s.trace_count'),
  delegationCount: number('s.delegation_count'),
  errorCount: number('s.error_count'),
  maxDepth: number('s.max_depth'),
  agents: list('s.agents'),
  models: list('s.models'),
  own: usage('s.own'),
  total: usage('s.total'),
})

const toSessionRow: ToRow<SessionRow, SessionRow> = (values, i) => ({
  id: values.id[i] ?? '',
  title: values.title[i] ?? '',
  directory: values.directory[i] ?? null,
  project: values.project[i] ?? null,
  version: values.version[i] ?? null,
  sourceId: values.sourceId[i] ?? '',
  parentId: values.parentId[i] ?? null,
  rootId: values.rootId[i] ?? '',
  forkedFromId: values.forkedFromId[i] ?? null,
  archivedMs: values.archivedMs[i] ?? null,
  startedMs: values.startedMs[i] ?? 0,
  lastActivityMs: values.lastActivityMs[i] ?? 0,
  durationMs: values.durationMs[i] ?? 0,
  activeMs: values.activeMs[i] ?? 0,
  running: values.running[i] ?? false,
  lastStatus: values.lastStatus[i] ?? 'COMPLETED',
  status: values.status[i] ?? 'COMPLETED',
  traceCount: values.traceCount[i] ?? 0,
  delegationCount: values.delegationCount[i] ?? 0,
  errorCount: values.errorCount[i] ?? 0,
  maxDepth: values.maxDepth[i] ?? 0,
  agents: values.agents[i] ?? [],
  models: values.models[i] ?? [],
  own: values.own[i] ?? noUsage(),
  total: values.total[i] ?? noUsage(),
})

// ---------------------------------------------------------------- selecting

function select<All extends object, R>(
  fields: Fields<All>,
  names: readonly (keyof All)[],
  toRow: ToRow<All, R>,
): Selection<R> {
  const texts: string[] = []
  const plain: string[] = []
  const places = names.map((name) => {
    const place = { name, texts: texts.length, plain: plain.length }
    texts.push(...fields[name].texts)
    plain.push(...fields[name].plain)
    return place
  })
  // First the JSON array, then the plain columns.
  return {
    sql: [`json_array(${texts.join(', ')})::VARCHAR`, ...plain].join(', '),
    width: 1 + plain.length,
    decode(columns, rowCount) {
      if (rowCount === 0) return []
      const textCells = transposed(columns[0] ?? [], texts.length)
      const values = valuesOfNone(fields)
      for (const { name, texts: fromText, plain: fromPlain } of places) {
        const field = fields[name]
        values[name] = field.read(
          textCells.slice(fromText, fromText + field.texts.length),
          columns.slice(1 + fromPlain, 1 + fromPlain + field.plain.length),
        )
      }
      return Array.from({ length: rowCount }, (_, i) => toRow(values, i))
    },
  }
}

/** Empty lists for all fields. */
function valuesOfNone<All extends object>(fields: Fields<All>): Values<All> {
  const values = {} as Values<All>
  for (const name in fields) values[name] = []
  return values
}

function transposed(lines: Cells, width: number): unknown[][] {
  const columns: unknown[][] = Array.from({ length: width }, () => new Array(lines.length))
  for (const [i, line] of lines.entries()) {
    const values: unknown = JSON.parse(toText(line))
    if (!Array.isArray(values)) throw unexpected('an array', values)
    for (const [c, column] of columns.entries()) column[i] = values[c]
  }
  return columns
}

// ---------------------------------------------------------------- fields

function text(sql: string): Field<string> {
  return { texts: [sql], plain: [], read: ([cells = []]) => cells.map(toText) }
}

function textOrNull(sql: string): Field<string | null> {
  return { texts: [sql], plain: [], read: ([cells = []]) => cells.map(toTextOrNull) }
}

/** A text that may be long, selected as a plain column to avoid escaping and parsing it as JSON. */
function wideText(sql: string): Field<string> {
  return { texts: [], plain: [sql], read: (_, [cells = []]) => cells.map(toText) }
}

function wideTextOrNull(sql: string): Field<string | null> {
  return { texts: [], plain: [sql], read: (_, [cells = []]) => cells.map(toTextOrNull) }
}

function oneOf<T extends string>(words: readonly T[], sql: string): Field<T> {
  const known = new Map<unknown, T>(words.map((word) => [word, word]))
  const toWord = (cell: unknown): T => {
    const word = known.get(cell)
    if (word === undefined) throw unexpected(words.join(' or '), cell)
    return word
  }
  return { texts: [sql], plain: [], read: ([cells = []]) => cells.map(toWord) }
}

function list(sql: string): Field<string[]> {
  return { texts: [sql], plain: [], read: ([cells = []]) => cells.map(toTexts) }
}

function number(sql: string): Field<number> {
  return { texts: [], plain: [`(${sql})::DOUBLE`], read: (_, [cells = []]) => cells.map(toNumber) }
}

function numberOrNull(sql: string): Field<number | null> {
  return { texts: [], plain: [`(${sql})::DOUBLE`], read: (_, [cells = []]) => cells.map(toNumberOrNull) }
}

const moment = (sql: string): Field<number> => number(`epoch_ms(${sql})`)
const momentOrNull = (sql: string): Field<number | null> => numberOrNull(`epoch_ms(${sql})`)

function flag(sql: string): Field<boolean> {
  return { texts: [], plain: [sql], read: (_, [cells = []]) => cells.map(toFlag) }
}

function failure(name: string, message: string): Field<FailureRecord | null> {
  return {
    texts: [name, message],
    plain: [],
    read: ([names = [], messages = []]) =>
      names.map((cell, i) => (cell === null ? null : { name: toText(cell), message: toText(messages[i]) })),
  }
}

function usage(prefix: string): Field<Usage> {
  const columns = ['input', 'output', 'reasoning', 'cache_read', 'cache_write', 'cost', 'llm_calls']
  return {
    texts: [],
    plain: columns.map((column) => `${prefix}_${column}::DOUBLE`),
    read: (_, [input = [], output = [], reasoning = [], cacheRead = [], cacheWrite = [], cost = [], llmCalls = []]) =>
      input.map((cell, i) => ({
        input: toNumber(cell),
        output: toNumber(output[i]),
        reasoning: toNumber(reasoning[i]),
        cacheRead: toNumber(cacheRead[i]),
        cacheWrite: toNumber(cacheWrite[i]),
        cost: toNumber(cost[i]),
        llmCalls: toNumber(llmCalls[i]),
      })),
  }
}

// ---------------------------------------------------------------- cells

function toText(cell: unknown): string {
  if (typeof cell !== 'string') throw unexpected('a text', cell)
  return cell
}

const toTextOrNull = (cell: unknown): string | null => (cell === null ? null : toText(cell))

function toNumber(cell: unknown): number {
  if (typeof cell !== 'number') throw unexpected('a number', cell)
  return cell
}

const toNumberOrNull = (cell: unknown): number | null => (cell === null ? null : toNumber(cell))

function toFlag(cell: unknown): boolean {
  if (typeof cell !== 'boolean') throw unexpected('true or false', cell)
  return cell
}

function toArray(cell: unknown): unknown[] {
  if (!Array.isArray(cell)) throw unexpected('a list', cell)
  return cell
}

/** `tools_used` may be NULL, as the original plan does not forbid it. */
const toTexts = (cell: unknown): string[] => (cell === null ? [] : toArray(cell).map(toText))

const toToolCalls = (cell: unknown): ToolCall[] =>
  toArray(cell).map((call) => {
    const { id, tool, status, title, error, startedMs, endedMs, delegation } = toObject(call)
    return {
      id: toText(id),
      tool: toText(tool),
      status: toText(status),
      title: toTextOrNull(title),
      error: toTextOrNull(error),
      startedMs: toNumberOrNull(startedMs),
      endedMs: toNumberOrNull(endedMs),
      delegation: toFlag(delegation),
    }
  })

const toToolStats = (cell: unknown): ToolStats[] =>
  toArray(cell).map((stats) => {
    const { tool, calls, errors, duration_ms } = toObject(stats)
    return {
      tool: toText(tool),
      calls: toNumber(calls),
      errors: toNumber(errors),
      durationMs: toNumber(duration_ms),
    }
  })

function toObject(cell: unknown): Partial<Record<string, unknown>> {
  if (!isObject(cell)) throw unexpected('an object', cell)
  return cell
}

const isObject = (cell: unknown): cell is Partial<Record<string, unknown>> => typeof cell === 'object' && cell !== null

function unexpected(wanted: string, cell: unknown): TypeError {
  return new TypeError(`the database holds ${JSON.stringify(cell)?.slice(0, 80)} where ${wanted} belongs`)
}
