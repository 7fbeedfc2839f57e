/**
 * Connections and statements. Readers share a few connections, since one connection runs one statement at a time; what
 * is heavy may not take the last of them, so that a short question never waits for a long one. There is one writer.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBInstance,
  DuckDBListValue,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  DuckDBStructValue,
  DuckDBTableFunction,
  DuckDBTimestampValue,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api'
import { DelegraphError } from '../../errors.ts'
import { createPace } from '../../pace.ts'
import { isInterrupted, statementFailure } from './failures.ts'
import { connect, connected } from './instance.ts'
import type { SqlValue, Statement } from './statement.ts'

export interface QueryOptions {
  /** It may take long: never more than `HEAVY_READERS` of these run at a time. */
  heavy?: boolean
  /** Instead of the database's own limit. */
  timeoutMs?: number
}

/**
 * Makes values of a block of rows, given by column: `columns[c][row]`. Cells are null, string, number, boolean, or an
 * array or plain object of these; a BIGINT is a number, a TIMESTAMP UTC milliseconds.
 */
export type Decode<T> = (columns: readonly (readonly unknown[])[], rowCount: number) => T[]

export interface Database {
  select<T>(statement: Statement, decode: Decode<T>, options?: QueryOptions): Promise<T[]>
  /** One after the other; what `work` throws rolls everything back. */
  transaction<T>(work: (writer: Writer) => Promise<T>): Promise<T>
  /** Calls `listener` for each statement that a reader runs, until the function returned is called. */
  onStatement(listener: (sql: string) => void): () => void
  /** Brings what is in the log into the file, so that closing has little left to do. Best effort. */
  checkpoint(): Promise<void>
  /** Answers no more: what is asked, and what waits for its turn, rejects. */
  stopReading(): void
  /** Writes no more: a transaction that is under way is rolled back, and rejects. Resolves when nothing is written. */
  stopWriting(): Promise<void>
  /** Another one after each commit, and while one is made: what was worked out under an earlier one may be of other data. */
  version(): number
  close(): Promise<void>
}

export interface Writer {
  run(sql: string, values?: readonly SqlValue[]): Promise<void>
  select<T>(statement: Statement, decode: Decode<T>): Promise<T[]>
  /** Inserts rows, in their order. The event loop is held for a slice of them at a time. */
  insert(target: InsertTarget, rows: readonly InsertRow[]): Promise<void>
}

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

export interface DatabaseOptions {
  /** For messages. */
  path: string
  /** How long a question may wait for its turn, and how long it may take then. */
  timeoutMs: number
  /** Characters that one answer may hold. */
  maxText: number
  /** Heavy questions that may wait. */
  maxWaiting: number
  readOnly: boolean
  /** Called before each transaction. */
  beforeWriting: () => void
  /** Called when nothing is written any more, while the file is still ours. */
  beforeClosing: () => void
}

const READERS = 3
const HEAVY_READERS = 2

/** Statements that a connection keeps prepared. */
const PREPARED = 64

/** Rows, and characters of their texts, that are handed over at a time: a few milliseconds of work. */
const SLICE = 128
const SLICE_LENGTH = 200_000

export function createDatabase(instance: DuckDBInstance, options: DatabaseOptions): Database {
  const listeners = new Set<(sql: string) => void>()
  const free: Reader[] = []
  const busy = new Set<Reader>()
  const waiting: { heavy: boolean; take: (reader: Reader) => void; fail: (error: unknown) => void }[] = []
  let opened = 0
  let heavyRunning = 0
  let isClosed = false
  let closing: Promise<void> | null = null
  let isReadingStopped = false
  let isWritingStopped = false
  /** The writer's connection while its statements may be interrupted: within a transaction, but not at its end. */
  let interruptible: DuckDBConnection | null = null

  /** Odd while a transaction is being committed. A plan is made for the data it was prepared with: see `Reader`. */
  let epoch = 0

  let writing: Promise<WritingConnection> | null = null
  let lastWrite: Promise<unknown> = Promise.resolve()

  // ---------------------------------------------------------------- readers

  async function acquire(heavy: boolean, timeoutMs: number): Promise<Reader> {
    mayRead()
    if (!heavy || heavyRunning < HEAVY_READERS) {
      const reader = free.pop()
      if (reader !== undefined) return occupy(reader, heavy)
      if (opened < READERS) {
        opened += 1
        // It counts from now on, or too many would be opened at once.
        if (heavy) heavyRunning += 1
        try {
          const fresh = await openReader(instance)
          if (heavy) heavyRunning -= 1
          return occupy(fresh, heavy)
        } catch (error) {
          opened -= 1
          if (heavy) heavyRunning -= 1
          throw error
        }
      }
    }
    if (heavy && waiting.filter((each) => each.heavy).length >= options.maxWaiting) throw crowded(options.maxWaiting)
    return new Promise((resolve, reject) => {
      const entry = {
        heavy,
        take: (reader: Reader) => {
          clearTimeout(timer)
          resolve(reader)
        },
        fail: (error: unknown) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(late(timeoutMs, 'waited for its turn for'))
      }, timeoutMs)
      waiting.push(entry)
    })
  }

  function occupy(reader: Reader, heavy: boolean): Reader {
    busy.add(reader)
    reader.heavy = heavy
    if (heavy) heavyRunning += 1
    return reader
  }

  function release(reader: Reader): void {
    busy.delete(reader)
    if (reader.heavy) heavyRunning -= 1
    const next = waiting.findIndex(({ heavy }) => !heavy || heavyRunning < HEAVY_READERS)
    const [found] = next < 0 ? [] : waiting.splice(next, 1)
    if (found === undefined) free.push(reader)
    else found.take(occupy(reader, found.heavy))
  }

  async function select<T>(statement: Statement, decode: Decode<T>, query: QueryOptions = {}): Promise<T[]> {
    const timeoutMs = query.timeoutMs ?? options.timeoutMs
    const reader = await acquire(query.heavy ?? false, timeoutMs)
    try {
      // The end may have come while the connection was opened.
      mayRead()
      for (const listener of listeners) listener(statement.sql)
      const result = await execute(reader, statement, timeoutMs)
      return await decodeAll(result, decode, options.maxText)
    } catch (error) {
      mayRead()
      throw statementFailure(error, options.path)
    } finally {
      release(reader)
    }
  }

  function mayRead(): void {
    if (isReadingStopped) throw stoppedFailure(options.path)
    if (isClosed) throw closedFailure(options.path)
  }

  async function execute(reader: Reader, statement: Statement, timeoutMs: number): Promise<DuckDBMaterializedResult> {
    const prepared = await prepare(reader, statement.sql)
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reader.connection.interrupt()
    }, timeoutMs)
    try {
      bindAll(prepared, statement.values)
      return await prepared.run()
    } catch (error) {
      if (!isLate || !isInterrupted(error)) throw error
      throw late(timeoutMs, 'took longer than', error)
    } finally {
      clearTimeout(timer)
      if (reader.prepared.get(statement.sql) !== prepared) prepared.destroySync()
    }
  }

  async function prepare(reader: Reader, sql: string): Promise<DuckDBPreparedStatement> {
    if (reader.epoch !== epoch) {
      forget(reader)
      reader.epoch = epoch
    }
    const known = reader.prepared.get(sql)
    if (known !== undefined) {
      reader.prepared.delete(sql)
      reader.prepared.set(sql, known)
      return known
    }
    const before = epoch
    const prepared = await reader.connection.prepare(sql)
    if (before !== epoch) {
      // Something was committed meanwhile: the plan may be made for data that is no more.
      prepared.destroySync()
      return prepare(reader, sql)
    }
    if (epoch % 2 === 0) {
      reader.prepared.set(sql, prepared)
      const [oldest] = reader.prepared.keys()
      if (reader.prepared.size > PREPARED && oldest !== undefined) {
        reader.prepared.get(oldest)?.destroySync()
        reader.prepared.delete(oldest)
      }
    }
    return prepared
  }

  // ---------------------------------------------------------------- the writer

  async function transaction<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    mayWrite()
    if (isClosed) throw closedFailure(options.path)
    if (options.readOnly) {
      throw new DelegraphError('STORE_LOCKED', `${options.path} was opened to be read only.`, { path: options.path })
    }
    const result = lastWrite.then(() => runTransaction(work))
    lastWrite = result.catch(() => {})
    return result
  }

  async function runTransaction<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    mayWrite()
    try {
      options.beforeWriting()
      writing ??= connect(instance).then((connection) => ({ connection, inserts: new Map() }))
      const writer = await writing
      const { connection } = writer
      await connection.run('BEGIN TRANSACTION')
      try {
        interruptible = connection
        const result = await work(createWriter(writer, mayWrite))
        mayWrite()
        interruptible = null
        epoch += 1
        try {
          await connection.run('COMMIT')
        } finally {
          epoch += 1
        }
        return result
      } catch (error) {
        interruptible = null
        // After a failed COMMIT there is nothing left to roll back.
        await connection.run('ROLLBACK').catch(() => {})
        throw error
      }
    } catch (error) {
      throw isWritingStopped && isInterrupted(error)
        ? stoppedFailure(options.path)
        : statementFailure(error, options.path)
    }
  }

  function mayWrite(): void {
    if (isWritingStopped) throw stoppedFailure(options.path)
  }

  // ---------------------------------------------------------------- the end

  async function stopReaders(): Promise<void> {
    for (const { fail } of waiting.splice(0)) {
      fail(isReadingStopped ? stoppedFailure(options.path) : closedFailure(options.path))
    }
    await interrupted(() => [...busy].map(({ connection }) => connection))
  }

  async function close(): Promise<void> {
    if (isClosed) return
    const written = lastWrite
    isClosed = true
    await Promise.all([written, stopReaders()])
    const writer = await writing?.catch(() => null)
    for (const { prepared } of writer?.inserts.values() ?? []) prepared.destroySync()
    writer?.connection.closeSync()
    if (!options.readOnly) await checkpoint(instance)
    for (const reader of free.splice(0)) {
      forget(reader)
      reader.connection.closeSync()
    }
    options.beforeClosing()
    instance.closeSync()
  }

  return {
    select,
    transaction,
    onStatement(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async checkpoint() {
      await lastWrite
      if (!isClosed && !options.readOnly) await checkpoint(instance)
    },
    stopReading() {
      isReadingStopped = true
      void stopReaders()
    },
    async stopWriting() {
      isWritingStopped = true
      await interrupted(() => (interruptible === null ? [] : [interruptible]))
      await lastWrite
    },
    version: () => epoch,
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** Interrupts until nothing runs any more: an interruption between two statements is one of neither. */
async function interrupted(running: () => readonly DuckDBConnection[]): Promise<void> {
  for (let connections = running(); connections.length > 0; connections = running()) {
    for (const connection of connections) connection.interrupt()
    await new Promise((resume) => setTimeout(resume, 5))
  }
}

// ---------------------------------------------------------------- a reader

/**
 * DuckDB plans with the statistics of the moment: a plan for a table without a row that RUNS answers "none" even when
 * there is one later. So prepared statements are kept from one commit to the next, and no longer.
 */
interface Reader {
  connection: DuckDBConnection
  heavy: boolean
  epoch: number
  /** The least recently used first. */
  prepared: Map<string, DuckDBPreparedStatement>
}

async function openReader(instance: DuckDBInstance): Promise<Reader> {
  return { connection: await connect(instance), heavy: false, epoch: 0, prepared: new Map() }
}

/** Best effort: what is not checkpointed is in the write-ahead log, and read from there at the next start. */
async function checkpoint(instance: DuckDBInstance): Promise<void> {
  // A full disk, a damaged block: closing goes on.
  await connected(instance, (connection) => connection.run('CHECKPOINT')).catch(() => {})
}

function forget(reader: Reader): void {
  for (const prepared of reader.prepared.values()) prepared.destroySync()
  reader.prepared.clear()
}

// ---------------------------------------------------------------- limits

function late(timeoutMs: number, what: string, cause?: unknown): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `The question ${what} ${timeoutMs / 1000} seconds and was stopped. Ask for less at once, narrow it by date, session or agent, or start delegraph with --query-timeout and a longer time.`,
    { limit: 'queryTimeout', value: timeoutMs, option: '--query-timeout' },
    { cause },
  )
}

function crowded(maxWaiting: number): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `There are ${maxWaiting} long questions already that wait for their turn. Ask again in a moment, ask fewer at once, or start delegraph with --max-waiting and a higher number.`,
    { limit: 'maxWaiting', value: maxWaiting, option: '--max-waiting' },
  )
}

function tooLong(maxText: number): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `The answer would be longer than ${maxText} bytes. Ask for less at once: fewer rows, or previews instead of whole prompts; or start delegraph with --max-response and a higher number.`,
    { limit: 'maxResponse', value: maxText, option: '--max-response' },
  )
}

function stoppedFailure(path: string): DelegraphError {
  return new DelegraphError('STORE_UNAVAILABLE', 'delegraph is being stopped. Ask again when it runs again.', { path })
}

function closedFailure(path: string): DelegraphError {
  return new DelegraphError('STORE_UNAVAILABLE', `${path} has been closed.`, { path })
}

// ---------------------------------------------------------------- values in

function bindAll(prepared: DuckDBPreparedStatement, values: readonly SqlValue[]): void {
  values.forEach((value, i) => {
    if (typeof value === 'string') prepared.bindVarchar(i + 1, value)
    else if (typeof value === 'number') prepared.bindDouble(i + 1, value)
    else if (typeof value === 'boolean') prepared.bindBoolean(i + 1, value)
    else if (value === null) prepared.bindNull(i + 1)
    else prepared.bindList(i + 1, listValue(value), LIST(typeof value[0] === 'number' ? DOUBLE : VARCHAR))
  })
}

/** What a connection needs again and again to write. */
interface WritingConnection {
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

/** @param mayGoOn throws when nothing more may be written */
function createWriter(writing: WritingConnection, mayGoOn: () => void): Writer {
  const { connection } = writing
  const execute = async ({ sql, values }: Statement): Promise<DuckDBMaterializedResult> => {
    mayGoOn()
    if (values.length === 0) return connection.run(sql)
    const prepared = await connection.prepare(sql)
    try {
      bindAll(prepared, values)
      return await prepared.run()
    } finally {
      prepared.destroySync()
    }
  }
  return {
    async run(sql, values = []) {
      await execute({ sql, values })
    },
    async select(statement, decode) {
      return decodeAll(await execute(statement), decode)
    },
    async insert(target, rows) {
      if (rows.length === 0) return
      mayGoOn()
      const insert = await prepareInsert(writing, target)
      insert.rows = rows
      insert.next = 0
      try {
        await insert.prepared.run()
      } finally {
        insert.rows = []
      }
    },
  }
}

// ---------------------------------------------------------------- values out

/** @param maxText where more text comes than that, it is given up before all of it is made */
async function decodeAll<T>(
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
      if (text > maxText) throw tooLong(maxText)
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

/** Within 2^53 a number is exact; what is counted here stays far below. */
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
