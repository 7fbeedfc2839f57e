/** Many rows at once into a table: the fastest way from JavaScript into DuckDB that does not hold the event loop. */
import {
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  DuckDBTableFunction,
  VARCHAR,
} from '@duckdb/node-api'

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

/** What a connection needs again and again to write. */
export interface WritingConnection {
  connection: DuckDBConnection
  inserts: Map<string, Insert>
}

interface Insert {
  /** Kept for ever: its plan looks at no data. */
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
async function prepareInsert({ connection, inserts }: WritingConnection, target: InsertTarget): Promise<Insert> {
  const known = inserts.get(target.table)
  if (known !== undefined) return known
  const { table, columns } = target
  const source = DuckDBTableFunction.create({
    name: `delegraph_incoming_${table}`,
    bindFunction: (info) => {
      for (const { name, type } of columns) info.addResultColumn(name, TYPES[type])
    },
    initFunction: () => {},
    mainFunction: (_, chunk) => {
      const insert = inserts.get(table)
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
  const names = columns.map((column) => column.name).join(', ')
  const values = columns.map(({ name, convert }) => convert(`n.${name}`)).join(', ')
  const prepared = await connection.prepare(
    `INSERT INTO ${table} (${names}) SELECT ${values} FROM delegraph_incoming_${table}() n`,
  )
  const insert: Insert = { prepared, source, rows: [], next: 0 }
  inserts.set(table, insert)
  return insert
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
  const insert = await prepareInsert(writing, target)
  insert.rows = rows
  insert.next = 0
  try {
    await insert.prepared.run()
  } finally {
    insert.rows = []
  }
}
