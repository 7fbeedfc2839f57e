/**
 * Keyset pagination: a cursor holds the sort value and the id of a row, so that a page starts exactly after it even if
 * rows were added or removed since. Rows without a value come last in both directions; equal values are ordered by
 * ascending id.
 */
import { z } from 'zod'
import type { OrderDirection, Page, PageArgs, SessionOrder, TraceOrder } from '../store.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import { SESSION_TOKENS, TOTAL_TOKENS } from './filters.ts'
import { type Bind, momentSql } from './statement.ts'

export interface SortKey {
  /** Identifies the list and its order, the only ones for which a cursor is valid. */
  name: string
  /** The expression to sort and compare by. */
  sql: string
  /** The same value as a number, which a cursor holds exactly. */
  valueSql: string
  idSql: string
  direction: OrderDirection
  /** Returns SQL for a cursor's value, to compare with `sql`. */
  bindValue: (bind: Bind, value: number) => string
}

type Measure = Pick<SortKey, 'sql' | 'valueSql' | 'bindValue'>

const moment = (sql: string): Measure => ({ sql, valueSql: `epoch_ms(${sql})::DOUBLE`, bindValue: momentSql })
const whole = (sql: string): Measure => ({
  sql,
  valueSql: `(${sql})::DOUBLE`,
  bindValue: (bind, value) => `${bind(value)}::BIGINT`,
})
const fraction = (sql: string): Measure => ({ sql, valueSql: sql, bindValue: (bind, value) => bind(value) })

const TRACE_MEASURES: Readonly<Record<TraceOrder['field'], Measure>> = {
  STARTED_AT: moment('t.started_at'),
  DURATION: whole('t.duration_ms'),
  ACTIVE: whole('t.active_ms'),
  WAIT: whole('t.wait_ms'),
  COST: fraction('t.total_cost'),
  TOKENS: whole(TOTAL_TOKENS),
  DEPTH: whole('t.depth'),
}

const SESSION_MEASURES: Readonly<Record<SessionOrder['field'], Measure>> = {
  STARTED_AT: moment('s.started_at'),
  LAST_ACTIVITY_AT: moment('s.last_activity_at'),
  DURATION: whole('s.duration_ms'),
  COST: fraction('s.total_cost'),
  TOKENS: whole(SESSION_TOKENS),
  TRACES: whole('s.trace_count'),
}

export const traceSortKey = ({ field, direction }: TraceOrder): SortKey => ({
  name: `traces:${field}:${direction}`,
  idSql: 't.trace_id',
  direction,
  ...TRACE_MEASURES[field],
})

export const sessionSortKey = ({ field, direction }: SessionOrder): SortKey => ({
  name: `sessions:${field}:${direction}`,
  idSql: 's.session_id',
  direction,
  ...SESSION_MEASURES[field],
})

// ---------------------------------------------------------------- cursors

interface Position {
  value: number | null
  id: string
}

/** The range of all sort values; a value beyond it could not be compared with a column. */
const Value = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER)
const Cursor = z.tuple([z.string(), Value.nullable(), z.string()])

export const cursorOf = (name: string, value: number | null, id: string): string => encodeCursor([name, value, id])

export function readCursor(cursor: string, name: string, argument: 'after' | 'before'): Position {
  const read = decodeCursor(cursor, Cursor)
  if (read === null) throw refusedCursor(argument, 'is not a cursor')
  const [of, value, id] = read
  if (of !== name) throw refusedCursor(argument, 'is a cursor from a different list or order')
  return { value, id }
}

// ---------------------------------------------------------------- SQL of a page

export interface PageSql {
  /** Conditions for WHERE. */
  conditions: string[]
  /** ORDER BY and LIMIT. */
  tail: string
  /** ORDER BY alone. */
  order: string
}

/** The order of a list: conditions that a row comes after or before a position, and the ORDER BY terms. */
export interface Line {
  after: (bind: Bind, position: Position) => string
  before: (bind: Bind, position: Position) => string
  order: { forward: string; backward: string }
}

export function pageSql(page: PageArgs, name: string, line: Line, bind: Bind): PageSql {
  const conditions: string[] = []
  if (page.after != null) conditions.push(line.after(bind, readCursor(page.after, name, 'after')))
  if (page.before != null) conditions.push(line.before(bind, readCursor(page.before, name, 'before')))
  const size = page.first ?? page.last
  // One row more than requested, to know whether there are more.
  const limit = size == null ? '' : ` LIMIT ${bind(size + 1)}::BIGINT`
  const order = `ORDER BY ${page.last != null ? line.order.backward : line.order.forward}`
  return { conditions, tail: `${order}${limit}`, order }
}

/** Makes a page of the selected rows: drops the extra row, and reverses a backward page. */
export function pageOf<T>(rows: { node: T; cursor: string }[], page: PageArgs): Page<T> {
  const size = page.first ?? page.last
  const isMore = size != null && rows.length > size
  const items = isMore ? rows.slice(0, size) : rows
  const isBackward = page.last != null
  return {
    items: isBackward ? items.reverse() : items,
    // If a cursor was given, its row lies beyond the page.
    hasNextPage: isBackward ? page.before != null : isMore || page.before != null,
    hasPreviousPage: isBackward ? isMore || page.after != null : page.after != null,
  }
}

export function sortedLine({ sql, idSql, direction, bindValue }: SortKey): Line {
  const [later, earlier] = direction === 'ASC' ? ['>', '<'] : ['<', '>']
  const opposite = direction === 'ASC' ? 'DESC' : 'ASC'
  return {
    after(bind, { value, id }) {
      if (value === null) return `${sql} IS NULL AND ${idSql} > ${bind(id)}`
      const at = bindValue(bind, value)
      return `${sql} ${later} ${at} OR (${sql} = ${at} AND ${idSql} > ${bind(id)}) OR ${sql} IS NULL`
    },
    before(bind, { value, id }) {
      if (value === null) return `${sql} IS NOT NULL OR ${idSql} < ${bind(id)}`
      const at = bindValue(bind, value)
      return `${sql} ${earlier} ${at} OR (${sql} = ${at} AND ${idSql} < ${bind(id)})`
    },
    order: {
      forward: `${sql} ${direction} NULLS LAST, ${idSql}`,
      backward: `${sql} ${opposite} NULLS FIRST, ${idSql} DESC`,
    },
  }
}
