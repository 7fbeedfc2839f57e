/** The store's access to the database: queries run concurrently, transactions one after another. */
import type { DuckDBConnection, DuckDBInstance, DuckDBMaterializedResult } from '@duckdb/node-api'
import { DelegraphError } from '../../errors.ts'
import { closedFailure, isInterrupted, statementFailure, stoppedFailure } from './failures.ts'
import {
  closeWriting,
  forgetPrepared,
  type InsertRow,
  type InsertTarget,
  insertRows,
  type WritingConnection,
  writingOn,
} from './insert.ts'
import { connect, connected, type Means } from './instance.ts'
import { createReaders, interrupted, type ReaderOptions, type Readers } from './readers.ts'
import type { SqlValue, Statement } from './statement.ts'
import { bindAll, type Decode, decodeAll } from './values.ts'

export interface Database extends Pick<Readers, 'select' | 'onStatement'> {
  /** Runs transactions one after another. An error in `work` rolls the transaction back. */
  transaction<T>(work: (writer: Writer) => Promise<T>): Promise<T>
  /** While true, DuckDB is limited to one thread and less memory. */
  giveWay(isGivingWay: boolean): Promise<void>
  /** Moves the WAL into the file, so that closing has little left to do. Best effort. */
  checkpoint(): Promise<void>
  /** Rejects all queries from now on, including those that run or wait. */
  stopReading(): void
  /** Rejects all transactions from now on, and rolls back a running one. Resolves when nothing is being written. */
  stopWriting(): Promise<void>
  /** Changes before and after each commit. A result that was computed under another version may be outdated. */
  version(): number
  close(): Promise<void>
}

export interface Writer {
  run(sql: string, values?: readonly SqlValue[]): Promise<void>
  select<T>(statement: Statement, decode: Decode<T>): Promise<T[]>
  /** Inserts rows in order. The event loop is blocked only for a slice of them at a time. */
  insert(target: InsertTarget, rows: readonly InsertRow[]): Promise<void>
}

export interface DatabaseOptions extends ReaderOptions {
  readOnly: boolean
  meansOf: (isGivingWay: boolean) => Means
  /** Called before each transaction. */
  beforeWriting: () => void
  /** Called when nothing is written any longer, while the file is still locked by this process. */
  beforeClosing: () => void
}

export function createDatabase(instance: DuckDBInstance, options: DatabaseOptions): Database {
  /** The data's version, odd while a transaction is being committed. See `Reader` for why plans depend on it. */
  let epoch = 0
  const readers = createReaders(instance, options, () => epoch)

  let isClosed = false
  let closing: Promise<void> | null = null
  let isWritingStopped = false
  /**
   * The writer's connection while its statements may be interrupted: within a transaction, but not during its commit.
   */
  let interruptible: DuckDBConnection | null = null
  let writing: Promise<WritingConnection> | null = null
  let lastWrite: Promise<unknown> = Promise.resolve()
  let lastCheckpoint: Promise<void> = Promise.resolve()
  let lastSetting: Promise<void> = Promise.resolve()

  async function transaction<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    mayWrite()
    if (isClosed) throw closedFailure(options.path)
    if (options.readOnly) {
      throw new DelegraphError('STORE_LOCKED', `${options.path} was opened read-only.`, { path: options.path })
    }
    const result = lastWrite.then(() => runTransaction(work))
    lastWrite = result.catch(() => {})
    return result
  }

  async function runTransaction<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    mayWrite()
    try {
      options.beforeWriting()
      writing ??= connect(instance).then(writingOn)
      const writer = await writing.catch((error: unknown) => {
        // The next transaction tries to connect again.
        writing = null
        throw error
      })
      const { connection, ofMany } = writer
      const prepared = new Set(ofMany.keys())
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
        // May fail, since after a failed COMMIT there is nothing left to roll back.
        await connection.run('ROLLBACK').catch(() => {})
        forgetPrepared(writer, prepared)
        throw error
      }
    } catch (error) {
      throw isWritingStopped && isInterrupted(error)
        ? stoppedFailure(options.path)
        : statementFailure(error, options.path)
    }
  }

  /**
   * Checkpoints run one after another: DuckDB refuses a second one at the same time. A running one is awaited before
   * the file is closed, since it would go on writing.
   */
  function checkpointNext(): Promise<void> {
    lastCheckpoint = lastCheckpoint.then(() => checkpoint(instance))
    return lastCheckpoint
  }

  function mayWrite(): void {
    if (isWritingStopped) throw stoppedFailure(options.path)
  }

  async function close(): Promise<void> {
    const written = lastWrite
    isClosed = true
    await Promise.all([written, readers.refuse(closedFailure), lastSetting])
    const writer = await writing?.catch(() => null)
    if (writer) closeWriting(writer)
    if (!options.readOnly) await checkpointNext()
    readers.close()
    try {
      options.beforeClosing()
    } finally {
      instance.closeSync()
    }
  }

  return {
    select: readers.select,
    onStatement: readers.onStatement,
    transaction,
    giveWay(isGivingWay) {
      const { threads, memory } = options.meansOf(isGivingWay)
      // Memory comes last: if more than the limit is in use, DuckDB keeps the old limit and the statement fails.
      const sql = `SET threads = ${threads}${memory === null ? '' : `; SET memory_limit = '${memory}'`}`
      const setting = lastSetting.then(async () => {
        if (!isClosed) await connected(instance, (connection) => connection.run(sql))
      })
      lastSetting = setting.catch(() => {})
      return setting
    },
    async checkpoint() {
      await lastWrite
      if (!isClosed && !options.readOnly) await checkpointNext()
    },
    stopReading() {
      void readers.refuse(stoppedFailure)
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

/** Best effort: data that is not checkpointed remains in the WAL, and is read from there at the next start. */
async function checkpoint(instance: DuckDBInstance): Promise<void> {
  // An error, such as a full disk or a damaged block, does not prevent closing.
  await connected(instance, (connection) => connection.run('CHECKPOINT')).catch(() => {})
}

/** @param mayGoOn throws if writing has been stopped */
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
      await insertRows(writing, target, rows)
    },
  }
}
