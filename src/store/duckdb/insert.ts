/** Many rows at once into a table: the fastest way from JavaScript into DuckDB that does not hold the event loop. */
import {
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  DuckDBTableFunction,
  VARCHAR,
} from '@duckdb/node-api'
import { bindAll } from './values.ts'

export type Cell = string | number | boolean | null

export interface InsertTarget {
  table: string
  columns: readonly InsertColumn[]
}

export interface InsertColumn {
  name: string
  /** What is handed over. Numbers are DOUBLE. */
  type: 'VARCHAR' | 'DOUBLE' | 'BOOLEAN'
  /** From what is handed over to the column's own type. */
  convert: (x: string) => string
}

/** In the order of the target's columns. */
export type InsertRow = readonly Cell[]

/** Rows, and characters of their texts, that are handed over at a time: a few milliseconds of work. */
const SLICE = 128
const SLICE_LENGTH = 200_000

/** So many rows are handed over one by one, as parameters: then that takes half as long. */
const FEW = 4

/** What a connection needs again and again to write. */
export interface WritingConnection {
  connection: DuckDBConnection
  /** Kept for ever, as the others are: their plans look at no data. */
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

interface Insert {
  prepared: DuckDBPreparedStatement
  source: DuckDBTableFunction
  rows: readonly InsertRow[]
  next: number
}

const TYPES = { VARCHAR, DOUBLE, BOOLEAN }

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
      for (let c = 0; c < columns.length; c++) {
        chunk.setColumnValues(
          c,
          slice.map((row) => row[c] ?? null),
        )
      }
    },
  })
  connection.registerTableFunction(source)
  const prepared = await connection.prepare(
    `${insertInto(target, ({ name }) => `n.${name}`)} FROM delegraph_incoming_${table}() n`,
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
  for (let length = 0; end < rows.length && end - next < SLICE && length < SLICE_LENGTH; end++) {
    for (const cell of rows[end] ?? []) if (typeof cell === 'string') length += cell.length
  }
  return rows.slice(next, end)
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
  bindAll(prepared, row)
  await prepared.run()
}
