/**
 * Pages by keyset: a cursor is the sort value and the id of a row, so a page begins exactly after it, whatever has come
 * or gone since. Rows without a value come last in both directions; among equals the id decides, ascending.
 */
import { z } from 'zod'
import type { OrderDirection, Page, PageArgs, SessionOrder, TraceOrder } from '../store.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import { SESSION_TOKENS, TOTAL_TOKENS } from './filters.ts'
import { type Bind, momentSql } from './statement.ts'

export interface SortKey {
  /** What a cursor is good for: the list and its order. */
  name: string
  /** To sort and compare by. */
  sql: string
  /** The same as a number, to be kept in a cursor exactly. */
  valueSql: string
  idSql: string
  direction: OrderDirection
  /** A cursor's value, to compare `sql` with. */
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

/** No value of a list is larger, and no column could be compared with one that is. */
const Value = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER)
const Cursor = z.tuple([z.string(), Value.nullable(), z.string()])

export const cursorOf = (name: string, value: number | null, id: string): string => encodeCursor([name, value, id])

export function readCursor(cursor: string, name: string, argument: 'after' | 'before'): Position {
  const read = decodeCursor(cursor, Cursor)
  if (read === null) throw refusedCursor(argument, 'is not a cursor')
  const [of, value, id] = read
  if (of !== name) throw refusedCursor(argument, 'is a cursor of another list or order')
  return { value, id }
}

// ---------------------------------------------------------------- the part of a statement

export interface PageSql {
  /** Conditions for WHERE. */
  conditions: string[]
  /** From ORDER BY on. */
  tail: string
  /** The same without its limit. */
  order: string
}

/** How a list is ordered, as conditions on a row: that it comes after a position, or before it. */
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
  // One more than asked for says whether there is more.
  const limit = size == null ? '' : ` LIMIT ${bind(size + 1)}::BIGINT`
  const order = `ORDER BY ${page.last != null ? line.order.backward : line.order.forward}`
  return { conditions, tail: `${order}${limit}`, order }
}

/** The rows in the order asked for, without the one too many. */
export function pageOf<T>(rows: { node: T; cursor: string }[], page: PageArgs): Page<T> {
  const size = page.first ?? page.last
  const isMore = size != null && rows.length > size
  const items = isMore ? rows.slice(0, size) : rows
  const isBackward = page.last != null
  return {
    items: isBackward ? items.reverse() : items,
    // A cursor given is of a row beyond the page.
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
