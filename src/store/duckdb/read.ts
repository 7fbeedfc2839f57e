/** Implements `TraceReader` in SQL. Each method is one statement, unless `store.ts` says two. */
import { z } from 'zod'
import { SOURCE_KINDS } from '../../records.ts'
import type { SessionRow, StaleRule, TraceColumn, TraceReader, TraceRow } from '../store.ts'
import type { Database } from './database.ts'
import {
  allOf,
  type FilterExtensions,
  inList,
  isRootsOnly,
  sessionConditions,
  sessionStatusSql,
  traceConditions,
  traceStatusSql,
} from './filters.ts'
import { cursorOf, pageOf, pageSql, type SortKey, sessionSortKey, sortedLine, traceSortKey } from './pages.ts'
import { type Selection, sessionSelection, traceSelection } from './rows.ts'
import { type Bind, createParameters, rowsSql } from './statement.ts'
import { createTreePages } from './tree-pages.ts'
import { type Decode, tuples } from './values.ts'

type TraceKey = Pick<TraceRow, 'id' | 'rootSessionId' | 'lft' | 'rgt'>

export function createReader(database: Database, extensions: FilterExtensions): TraceReader {
  // ---------------------------------------------------------------- traces

  /** Selects traces; `rest` is the SQL after `FROM agent_traces t`. */
  async function traces(
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
    rest: (bind: Bind) => string,
  ): Promise<TraceRow[]> {
    const { bind, values } = createParameters()
    const selection = traceSelection(columns, () => traceStatusSql(rule, bind))
    const sql = `SELECT ${selection.sql} FROM agent_traces t ${rest(bind)}`
    return database.select({ sql, values }, selection.decode)
  }

  /** Returns for each key the traces whose `column` equals it. */
  async function tracesByKey(
    keys: readonly string[],
    column: string,
    keyOf: (row: TraceRow) => string | null | undefined,
    order: string,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]> {
    if (keys.length === 0) return []
    const rows = await traces(columns, rule, (bind) => `WHERE ${inList(column, unique(keys), bind)} ORDER BY ${order}`)
    return grouped(keys, rows, keyOf)
  }

  /** Returns for each key the traces of its tree that satisfy `isRelated`, a condition on the key's nested-set numbers. */
  async function relatives(
    of: readonly TraceKey[],
    isRelated: (lft: string, rgt: string) => string,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]> {
    if (of.length === 0) return []
    const { bind, values } = createParameters()
    const selection = traceSelection(columns, () => traceStatusSql(rule, bind))
    const [only] = of
    if (of.length === 1 && only !== undefined) {
      const related = isRelated(`${bind(only.lft)}::INTEGER`, `${bind(only.rgt)}::INTEGER`)
      const sql = `SELECT ${selection.sql} FROM agent_traces t
        WHERE t.root_session_id = ${bind(only.rootSessionId)} AND ${related} ORDER BY t.lft`
      return [await database.select({ sql, values }, selection.decode)]
    }
    const keys = rowsSql(bind, {
      place: ['INTEGER', [...of.keys()]],
      root: ['VARCHAR', of.map((key) => key.rootSessionId)],
      lft: ['INTEGER', of.map((key) => key.lft)],
      rgt: ['INTEGER', of.map((key) => key.rgt)],
    })
    const sql = `SELECT ${selection.sql}, k.place FROM agent_traces t
      JOIN (${keys}) k ON t.root_session_id = k.root AND ${isRelated('k.lft', 'k.rgt')} ORDER BY t.lft`
    const found = await database.select({ sql, values }, withNumber(selection))
    const answers: TraceRow[][] = of.map(() => [])
    for (const { row, extra } of found) answers[extra ?? -1]?.push(row)
    return answers
  }

  // ---------------------------------------------------------------- sessions

  async function sessions(rule: StaleRule, rest: (bind: Bind) => string): Promise<SessionRow[]> {
    const { bind, values } = createParameters()
    const selection = sessionSelection(sessionStatusSql(rule, bind, false))
    const sql = `SELECT ${selection.sql} FROM sessions s ${rest(bind)}`
    return database.select({ sql, values }, selection.decode)
  }

  const getTracesBySession: TraceReader['getTracesBySession'] = async (sessionIds, columns, rule) => {
    // The empty session_id is stored for traces without a session, so it is not a key.
    const keys = sessionIds.filter((id) => id !== '')
    // Traces that started at the same time are in tree order, because ids wrap and do not sort by time.
    const order = 't.started_at, t.root_session_id, t.lft'
    const found = await tracesByKey(keys, 't.session_id', (row) => row.sessionId, order, columns, rule)
    const ofSession = new Map(keys.map((id, i) => [id, found[i] ?? []]))
    return sessionIds.map((id) => ofSession.get(id) ?? [])
  }

  const getTraceDetails: TraceReader['getTraceDetails'] = async (ids, columns, rule) => {
    const rows = await tracesByKey(ids, 't.trace_id', (row) => row.id, 't.trace_id', columns, rule)
    return rows.map(([row]) => row ?? null)
  }

  // ---------------------------------------------------------------- pages

  async function count(from: string, conditions: (bind: Bind) => string[]): Promise<number> {
    const { bind, values } = createParameters()
    const sql = `SELECT count(*) FROM ${from} WHERE ${allOf(conditions(bind))}`
    const [counted] = await database.select({ sql, values }, numbers)
    return counted ?? 0
  }

  return {
    getTracesBySession,

    getTraceTree(rootSessionIds, columns, rule) {
      return tracesByKey(rootSessionIds, 't.root_session_id', (row) => row.rootSessionId, 't.lft', columns, rule)
    },

    getTracesByDateRange(range, columns, rule) {
      return traces(
        columns,
        rule,
        (bind) =>
          `WHERE ${allOf(traceConditions({ startedAt: range }, rule, bind, extensions))} ORDER BY t.started_at, t.trace_id`,
      )
    },

    getTracesByAgent(agents, columns, rule) {
      const withAgent = new Set<TraceColumn>([...columns, 'agent'])
      return tracesByKey(agents, 't.subagent_type', (row) => row.agent, 't.started_at, t.trace_id', withAgent, rule)
    },

    getTraceDetails,

    async getSessionsWithTraces(limit, columns, rule) {
      const found = await sessions(
        rule,
        (bind) => `WHERE s.trace_count > 0 ORDER BY s.started_at DESC, s.session_id LIMIT ${bind(limit)}::BIGINT`,
      )
      const ids = found.map((session) => session.id)
      const rows = await getTracesBySession(ids, columns, rule)
      return found.map((session, i) => ({
        session,
        rootTraces: (rows[i] ?? []).filter((row) => row.depth === 0),
      }))
    },

    async pageTraces(filter, order, page, columns, rule) {
      const { bind, values } = createParameters()
      const key = traceSortKey(order)
      const { conditions, tail } = pageSql(page, key.name, sortedLine(key), bind)
      const selection = traceSelection(columns, () => traceStatusSql(rule, bind))
      const where = allOf([...traceConditions(filter, rule, bind, extensions), ...conditions])
      const sql = `SELECT ${selection.sql}, ${key.valueSql} FROM agent_traces t WHERE ${where} ${tail}`
      const found = await database.select({ sql, values }, withNumber(selection))
      return pageOf(found.map(sortedItem(key)), page)
    },

    countTraces(filter, rule) {
      return count('agent_traces t', (bind) => traceConditions(filter, rule, bind, extensions))
    },

    async pageSessions(filter, sorting, page, rule) {
      const { bind, values } = createParameters()
      const key = sessionSortKey(sorting)
      const { conditions, tail, order } = pageSql(page, key.name, sortedLine(key), bind)
      const selection = sessionSelection(sessionStatusSql(rule, bind, isRootsOnly(filter)))
      const where = allOf([...sessionConditions(filter, rule, bind, extensions), ...conditions])
      // The subquery reads only the columns for filters and order; all others are read only for the page's rows.
      const sql = `SELECT ${selection.sql}, ${key.valueSql} FROM sessions s
        WHERE s.rowid IN (SELECT s.rowid FROM sessions s WHERE ${where} ${tail}) ${order}`
      const found = await database.select({ sql, values }, withNumber(selection))
      return pageOf(found.map(sortedItem(key)), page)
    },

    countSessions(filter, rule) {
      return count('sessions s', (bind) => sessionConditions(filter, rule, bind, extensions))
    },

    ...createTreePages(database, extensions, getTraceDetails),

    // ---------------------------------------------------------------- by key

    async getSessions(ids, rule) {
      if (ids.length === 0) return []
      const found = await sessions(rule, (bind) => `WHERE ${inList('s.session_id', unique(ids), bind)}`)
      return grouped(ids, found, (row) => row.id).map(([row]) => row ?? null)
    },

    async getChildSessions(parentIds, rule) {
      if (parentIds.length === 0) return []
      const found = await sessions(
        rule,
        (bind) => `WHERE ${inList('s.parent_session_id', unique(parentIds), bind)} ORDER BY s.started_at, s.session_id`,
      )
      return grouped(parentIds, found, (row) => row.parentId)
    },

    getChildren(parentIds, columns, rule) {
      // In tree order, which is by start; ids wrap, so as text they do not tell which of two traces is the earlier.
      return tracesByKey(parentIds, 't.parent_trace_id', (row) => row.parentId, 't.lft', columns, rule)
    },

    getAncestors(of, columns, rule) {
      return relatives(of, (lft, rgt) => `t.lft < ${lft} AND t.rgt > ${rgt}`, columns, rule)
    },

    getDescendants(of, columns, rule) {
      return relatives(of, (lft, rgt) => `t.lft > ${lft} AND t.rgt < ${rgt}`, columns, rule)
    },

    getSources() {
      return database.select({ sql: SOURCES, values: [] }, decodeSources)
    },

    async countAll() {
      const [counted] = await database.select({ sql: COUNT_ALL, values: [] }, decodeCounts)
      return counted ?? { sessions: 0, traces: 0 }
    },
  }
}

// ---------------------------------------------------------------- small tables

const SOURCES = 'SELECT source_id, kind, path FROM sources ORDER BY source_id'
const decodeSources = tuples(z.tuple([z.string(), z.enum(SOURCE_KINDS), z.string()]), ([id, kind, path]) => ({
  id,
  kind,
  path,
}))

const COUNT_ALL = 'SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM agent_traces)'
const decodeCounts = tuples(z.tuple([z.number(), z.number()]), ([sessions, traces]) => ({ sessions, traces }))

// ---------------------------------------------------------------- results

const unique = (keys: readonly string[]): string[] => [...new Set(keys)]

/** Groups rows by key: one list per key, in the order of the keys. */
function grouped<T>(keys: readonly string[], rows: readonly T[], keyOf: (row: T) => string | null | undefined): T[][] {
  const groups = new Map<string, T[]>(keys.map((key) => [key, []]))
  for (const row of rows) groups.get(keyOf(row) ?? '')?.push(row)
  return keys.map((key) => groups.get(key) ?? [])
}

/** Decodes rows together with the number that the statement selects after their columns. */
function withNumber<R>(selection: Selection<R>): Decode<{ row: R; extra: number | null }> {
  return (columns, rowCount) => {
    const extras = columns[selection.width] ?? []
    return selection.decode(columns, rowCount).map((row, i) => {
      const extra = extras[i]
      return { row, extra: typeof extra === 'number' ? extra : null }
    })
  }
}

const numbers: Decode<number> = ([cells = []]) => cells.map(Number)

const sortedItem =
  (key: SortKey) =>
  <R extends { id: string }>({ row, extra }: { row: R; extra: number | null }) => ({
    node: row,
    cursor: cursorOf(key.name, extra, row.id),
  })
