/** Many rows at once into a table: the fastest way from JavaScript into DuckDB that does not hold the event loop. */
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

/** In the order of the target's columns: first those of a packed row, if there is one, then those given here. */
export interface InsertRow {
  packed: { rows: PackedRows; row: number } | null
  cells: readonly Cell[]
}

export const plainRow = (cells: readonly Cell[]): InsertRow => ({ packed: null, cells })

/** Rows, and bytes of them, that are handed over at a time: a few milliseconds of work. */
const SLICE = 128
const SLICE_BYTES = 400_000

/** So many rows are handed over one by one, as parameters: then that takes half as long. */
const FEW = 4

/** What a connection needs again and again to write. */
export interface WritingConnection {
  connection: DuckDBConnection
  /** By table. Both are kept as long as the connection: their plans depend on no data. */
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
 * A table function is part of the transaction in which it was made: when that is rolled back, it is made anew.
 *
 * @param kept tables whose inserts were prepared before
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
  /** Held on to, since the driver hands no more than a handle of it to DuckDB. */
  source: DuckDBTableFunction
  rows: readonly InsertRow[]
  next: number
}

/** Texts are handed over as the bytes that they are in UTF-8. */
const TYPES = { VARCHAR: BLOB, DOUBLE, BOOLEAN }
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * INSERT … SELECT from a table function whose rows come from here: DuckDB asks for a slice when it has room for one, and
 * does all the rest (types, indexes, storage) on its own threads.
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

/** Texts of packed rows are bytes. */
function eachCellOf(
  { packed, cells }: InsertRow,
  columns: readonly InsertColumn[],
  use: (cell: Cell | Uint8Array, column: number) => void,
): void {
  const first = packed === null ? 0 : eachCell(packed.rows, packed.row, columns, use)
  for (const [c, cell] of cells.entries()) use(cell, first + c)
}

/** In their order. The event loop is held for a slice of them at a time. */
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
