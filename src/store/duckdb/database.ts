/** The database as the store sees it: questions side by side, and one transaction after the other. */
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
  /** One after the other; what `work` throws rolls everything back. */
  transaction<T>(work: (writer: Writer) => Promise<T>): Promise<T>
  /** From now on it takes little, or again as much as at first. */
  giveWay(isGivingWay: boolean): Promise<void>
  /** Brings what is in the log into the file, so that closing has little left to do. Best effort. */
  checkpoint(): Promise<void>
  /** Answers no more: what is asked, and what waits for its turn, rejects. */
  stopReading(): void
  /** Writes no more: a transaction that is under way is rolled back, and rejects. Resolves when nothing is written. */
  stopWriting(): Promise<void>
  /** Changes before and after each commit: what was worked out under another version may be of other data. */
  version(): number
  close(): Promise<void>
}

export interface Writer {
  run(sql: string, values?: readonly SqlValue[]): Promise<void>
  select<T>(statement: Statement, decode: Decode<T>): Promise<T[]>
  /** Inserts rows, in their order. The event loop is held for a slice of them at a time. */
  insert(target: InsertTarget, rows: readonly InsertRow[]): Promise<void>
}

export interface DatabaseOptions extends ReaderOptions {
  readOnly: boolean
  meansOf: (isGivingWay: boolean) => Means
  /** Called before each transaction. */
  beforeWriting: () => void
  /** Called when nothing is written any more, while the file is still ours. */
  beforeClosing: () => void
}

export function createDatabase(instance: DuckDBInstance, options: DatabaseOptions): Database {
  /** Odd while a transaction is being committed. A plan is made for the data it was prepared with: see `Reader`. */
  let epoch = 0
  const readers = createReaders(instance, options, () => epoch)

  let isClosed = false
  let closing: Promise<void> | null = null
  let isWritingStopped = false
  /** The writer's connection while its statements may be interrupted: within a transaction, but not at its end. */
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
        // The next one tries anew.
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
        // After a failed COMMIT there is nothing left to roll back.
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

  /** One after the other: DuckDB refuses a second one, and a file that is closed during one is written to all the same. */
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
      // Memory comes last: where what is in use is more than that, it stays as it is, and this rejects.
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

/** Best effort: what is not checkpointed is in the write-ahead log, and read from there at the next start. */
async function checkpoint(instance: DuckDBInstance): Promise<void> {
  // A full disk, a damaged block: closing goes on.
  await connected(instance, (connection) => connection.run('CHECKPOINT')).catch(() => {})
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
      await insertRows(writing, target, rows)
    },
  }
}
