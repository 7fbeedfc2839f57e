/** Binds values to statements, and decodes the values of results. */
import {
  BIGINT,
  DOUBLE,
  type DuckDBDataChunk,
  DuckDBListValue,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api'
import type { z } from 'zod'
import { createPace } from '../../pace.ts'
import { tooLongFailure } from './failures.ts'
import type { SqlValue } from './statement.ts'

// ---------------------------------------------------------------- in

export function bindAll(prepared: DuckDBPreparedStatement, values: readonly SqlValue[]): void {
  values.forEach((value, i) => {
    if (typeof value === 'string') prepared.bindVarchar(i + 1, value)
    else if (typeof value === 'number') prepared.bindDouble(i + 1, value)
    else if (typeof value === 'boolean') prepared.bindBoolean(i + 1, value)
    else if (value === null) prepared.bindNull(i + 1)
    else prepared.bindList(i + 1, listValue(value), LIST(typeof value[0] === 'number' ? DOUBLE : VARCHAR))
  })
}

// ---------------------------------------------------------------- out

/**
 * Decodes a block of rows that is given by column: `columns[c][row]`. Cells are null, string, number, boolean, or an
 * array or plain object of these; a BIGINT is given as a number, a TIMESTAMP as UTC milliseconds.
 */
export type Decode<T> = (columns: readonly (readonly unknown[])[], rowCount: number) => T[]

/** A decoder for rows of few columns, which parses each row as a tuple. */
export const tuples =
  <T, R>(shape: z.ZodType<T>, toRecord: (row: T) => R): Decode<R> =>
  (columns, rowCount) =>
    Array.from({ length: rowCount }, (_, i) => toRecord(shape.parse(columns.map((column) => column[i]))))

/**
 * Decodes a whole result, yielding to the event loop between chunks.
 *
 * @param maxText the most text in UTF-16 code units; throws LIMIT_EXCEEDED as soon as there is more
 */
export async function decodeAll<T>(
  result: DuckDBMaterializedResult,
  decode: Decode<T>,
  maxText = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const all: T[] = []
  let text = 0
  const columnCount = result.columnCount
  const pace = createPace(1)
  for (let i = 0; i < result.chunkCount; i++) {
    const chunk = result.getChunk(i)
    const columns: unknown[][] = []
    for (let c = 0; c < columnCount; c++) {
      const cells = cellsOf(chunk, c)
      for (const cell of cells) if (typeof cell === 'string') text += cell.length
      if (text > maxText) throw tooLongFailure(maxText)
      columns.push(cells)
    }
    for (const row of decode(columns, chunk.rowCount)) all.push(row)
    if (pace.isDue()) await pace.rest()
  }
  return all
}

function cellsOf(chunk: DuckDBDataChunk, c: number): unknown[] {
  const vector = chunk.getColumnVector(c)
  const cells: unknown[] = new Array(vector.itemCount)
  if (vector.type === BIGINT) {
    for (let i = 0; i < cells.length; i++) cells[i] = numberOrNull(vector.getItem(i))
  } else {
    for (let i = 0; i < cells.length; i++) cells[i] = plain(vector.getItem(i))
  }
  return cells
}

const numberOrNull = (value: DuckDBValue): unknown => (value === null ? null : Number(value))

/** Converts a value of DuckDB's. Integers become numbers, which is exact below 2^53, far above any count here. */
function plain(value: DuckDBValue): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    case 'bigint':
      return Number(value)
    default:
  }
  if (value === null) return null
  if (value instanceof DuckDBTimestampValue) return Number(value.micros) / 1000
  if (value instanceof DuckDBListValue) return value.items.map(plain)
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, plain(item)]))
  }
  throw new TypeError(`a value of a kind that is not read here: ${String(value)}`)
}
