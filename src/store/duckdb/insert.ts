/** Inserts many rows at once: the fastest way from JavaScript into DuckDB that does not block the event loop. */
import {
  BLOB,
  BOOLEAN,
  blobValue,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  DuckDBTableFunction,
} from '@duckdb/node-api'
import type { Cell, InsertColumn } from '../packing/columns.ts'
import { eachCell, lengthOf } from '../packing/rows.ts'
import type { PackedRows } from '../store.ts'
import { bindAll } from './values.ts'

export interface InsertTarget {
  table: string
  columns: readonly InsertColumn[]
}

/** The cells in the order of the target's columns: first those of a packed row, if any, then `cells`. */
export interface InsertRow {
  packed: { rows: PackedRows; row: number } | null
  cells: readonly Cell[]
}

export const plainRow = (cells: readonly Cell[]): InsertRow => ({ packed: null, cells })

/** The most rows, and about the most bytes, to pass to DuckDB at a time: a few milliseconds of work. */
const SLICE = 128
const SLICE_BYTES = 400_000

/** Up to this many rows are inserted one by one, as parameters, which then takes half as long. */
const FEW = 4

/** A connection with its prepared inserts. */
export interface WritingConnection {
  connection: DuckDBConnection
  /** Both maps are keyed by table, and kept as long as the connection, because the plans do not depend on the data. */
  ofOneRow: Map<string, DuckDBPreparedStatement>
  ofMany: Map<string, Insert>
}

export const writingOn = (connection: DuckDBConnection): WritingConnection => ({
  connection,
  ofOneRow: new Map(),
  ofMany: new Map(),
})

export function closeWriting({ connection, ofOneRow, ofMany }: WritingConnection): void {
  for (const prepared of ofOneRow.values()) prepared.destroySync()
  for (const { prepared } of ofMany.values()) prepared.destroySync()
  connection.closeSync()
}

/**
 * Forgets inserts that a rolled-back transaction prepared: a table function belongs to the transaction that registers
 * it, so it must be registered again.
 *
 * @param kept tables whose inserts were prepared before the transaction
 */
export function forgetPrepared({ ofMany }: WritingConnection, kept: ReadonlySet<string>): void {
  for (const [table, { prepared }] of ofMany) {
    if (kept.has(table)) continue
    prepared.destroySync()
    ofMany.delete(table)
  }
}

interface Insert {
  prepared: DuckDBPreparedStatement
  /** Referenced so that it is not garbage collected: DuckDB only gets a handle from the driver. */
  source: DuckDBTableFunction
  rows: readonly InsertRow[]
  next: number
}

/** The types of the table function's columns. Texts are passed as UTF-8 bytes. */
const TYPES = { VARCHAR: BLOB, DOUBLE, BOOLEAN }
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Prepares an INSERT … SELECT from a table function that this code implements. DuckDB requests a slice of rows whenever
 * it has room for one, and does the rest (types, indexes, storage) on its own threads.
 */
async function prepareMany({ connection, ofMany }: WritingConnection, target: InsertTarget): Promise<Insert> {
  const known = ofMany.get(target.table)
  if (known !== undefined) return known
  const { table, columns } = target
  const source = DuckDBTableFunction.create({
    name: `delegraph_incoming_${table}`,
    bindFunction: (info) => {
      for (const { name, type } of columns) info.addResultColumn(name, TYPES[type])
    },
    initFunction: () => {},
    mainFunction: (_, chunk) => {
      const insert = ofMany.get(table)
      const slice = insert === undefined ? [] : nextSlice(insert)
      chunk.rowCount = slice.length
      if (insert === undefined || slice.length === 0) return
      insert.next += slice.length
      fill(chunk, columns, slice)
    },
  })
  connection.registerTableFunction(source)
  const prepared = await connection.prepare(
    `${insertInto(target, ({ name, type }) => (type === 'VARCHAR' ? `decode(n.${name})` : `n.${name}`))} FROM delegraph_incoming_${table}() n`,
  )
  const insert: Insert = { prepared, source, rows: [], next: 0 }
  ofMany.set(table, insert)
  return insert
}

function insertInto({ table, columns }: InsertTarget, cell: (column: InsertColumn, i: number) => string): string {
  const names = columns.map((column) => column.name)
  const values = columns.map((column, i) => column.convert(cell(column, i)))
  return `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')}`
}

function nextSlice({ rows, next }: Insert): readonly InsertRow[] {
  let end = next
  for (let bytes = 0; end < rows.length && end - next < SLICE && bytes < SLICE_BYTES; end++) {
    const { packed, cells } = rows[end] ?? { packed: null, cells: [] }
    if (packed !== null) bytes += lengthOf(packed.rows, packed.row)
    for (const cell of cells) if (typeof cell === 'string') bytes += cell.length
  }
  return rows.slice(next, end)
}

function fill(chunk: DuckDBDataChunk, columns: readonly InsertColumn[], rows: readonly InsertRow[]): void {
  const vectors = columns.map((_, c) => chunk.getColumnVector(c))
  for (const [i, row] of rows.entries()) {
    eachCellOf(row, columns, (cell, column) => {
      const isText = typeof cell === 'string' || cell instanceof Uint8Array
      vectors[column]?.setItem(i, isText ? blobValue(cell) : cell)
    })
  }
  for (const vector of vectors) vector.flush()
}

/** Calls `use` for each cell of a row; texts of packed rows are UTF-8 bytes. */
function eachCellOf(
  { packed, cells }: InsertRow,
  columns: readonly InsertColumn[],
  use: (cell: Cell | Uint8Array, column: number) => void,
): void {
  const first = packed === null ? 0 : eachCell(packed.rows, packed.row, columns, use)
  for (const [c, cell] of cells.entries()) use(cell, first + c)
}

/** Inserts rows in order. The event loop is blocked only for a slice of them at a time. */
export async function insertRows(
  writing: WritingConnection,
  target: InsertTarget,
  rows: readonly InsertRow[],
): Promise<void> {
  if (rows.length <= FEW) {
    for (const row of rows) await insertOne(writing, target, row)
    return
  }
  const insert = await prepareMany(writing, target)
  insert.rows = rows
  insert.next = 0
  try {
    await insert.prepared.run()
  } finally {
    insert.rows = []
  }
}

async function insertOne(
  { connection, ofOneRow }: WritingConnection,
  target: InsertTarget,
  row: InsertRow,
): Promise<void> {
  let prepared = ofOneRow.get(target.table)
  if (prepared === undefined) {
    prepared = await connection.prepare(insertInto(target, ({ type }, i) => `$${i + 1}::${type}`))
    ofOneRow.set(target.table, prepared)
  }
  const cells: Cell[] = []
  eachCellOf(row, target.columns, (cell) => cells.push(cell instanceof Uint8Array ? UTF8.decode(cell) : cell))
  bindAll(prepared, cells)
  await prepared.run()
}
