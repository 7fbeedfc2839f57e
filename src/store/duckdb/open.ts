/**
 * Opens the store, in a file or in memory. A failure has a code that the caller can act on: STORE_LOCKED, STORE_NEWER,
 * STORE_CORRUPT (see `moveAside`), STORE_UNAVAILABLE, or BAD_USER_INPUT for a file that is not delegraph's.
 */
import { resolve } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { DelegraphError } from '../../errors.ts'
import { removeLeftScratch } from '../../scratch.ts'
import type { AnalyticsReader, AnomalyReader, PatternReader, TextReader, TraceReader, TraceWriter } from '../store.ts'
import { createAnalyticsReader } from './analytics.ts'
import { createAnomalyReader } from './anomalies.ts'
import { createDatabase, type Database } from './database.ts'
import { behindLink, type FileOptions, keepPrivate, openFile, removeEmpty } from './file.ts'
import type { FilterExtensions } from './filters.ts'
import { MEMORY, meansOf, openInstance } from './instance.ts'
import { MEMORY_MIGRATIONS, prepareTables } from './migrations.ts'
import { createPatternReader, PATTERN_LIMITS, type PatternLimits, sessionPattern } from './pattern.ts'
import { createReader } from './read.ts'
import { TABLES } from './tables.ts'
import { createTextReader, sessionText, traceText } from './text.ts'
import { createTraceWriter } from './write.ts'

export { MIGRATIONS } from './migrations.ts'

export interface StoreOptions extends FileOptions {
  /** The path of a file, or `:memory:`. */
  path: string
  /** How long a query may wait for a connection, and then how long it may run. */
  queryTimeoutMs?: number
  /** The most text that the result of one query may hold, in UTF-16 code units. */
  maxText?: number
  /** The most heavy queries that may wait for a connection. */
  maxWaiting?: number
  patterns?: Partial<PatternLimits>
}

export interface Store extends TraceReader, PatternReader, AnalyticsReader, AnomalyReader, TextReader, TraceWriter {
  /** When the file was copied because another process writes to it; null if the file itself is open. */
  copiedAtMs: number | null
  /** For callers with SQL of their own. */
  database: Database
  /** Calls `listener` for each query's statement. Returns a function that stops this. */
  onStatement(listener: (sql: string) => void): () => void
  /** Reads every value once, as DuckDB detects damage only where it reads. Rejects with STORE_CORRUPT if damaged. */
  verify(): Promise<void>
  /** Moves the WAL into the file, so that closing has little left to do. */
  checkpoint(): Promise<void>
  /** Rejects all queries from now on, with an error that says that delegraph is shutting down. */
  stopReading(): void
  /** Rejects all writes from now on, and rolls back a running transaction. */
  stopWriting(): Promise<void>
  /** Aborts running queries, waits for running writes, and closes the file. */
  close(): Promise<void>
}

const QUERY_TIMEOUT_MS = 30_000
/** Reading every value of a million traces takes less than a minute. */
const VERIFY_TIMEOUT_MS = 600_000

export async function openStore(options: StoreOptions): Promise<Store> {
  const path = options.path === MEMORY ? MEMORY : behindLink(resolve(options.path))
  const readOnly = options.readOnly ?? false
  removeLeftScratch()
  const file = path === MEMORY ? null : await openFile(path, options)
  const instance = file?.instance ?? (await openMemory(options))
  const database = createDatabase(instance, {
    path,
    timeoutMs: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    maxText: options.maxText ?? Number.POSITIVE_INFINITY,
    maxWaiting: options.maxWaiting ?? Number.POSITIVE_INFINITY,
    readOnly,
    meansOf: (isGivingWay) => meansOf(path, options, isGivingWay),
    beforeWriting: () => {
      if (file !== null) keepPrivate(`${path}.wal`)
    },
    beforeClosing: () => {
      if (file !== null && !readOnly) removeEmpty(`${path}.wal`)
    },
  })
  const patterns: PatternLimits = { ...PATTERN_LIMITS, ...options.patterns }
  const extensions: FilterExtensions = { traceText, sessionText, sessionPattern: sessionPattern(patterns) }
  return {
    ...createReader(database, extensions),
    ...createPatternReader(database, extensions, patterns),
    ...createAnalyticsReader(database, extensions, patterns),
    ...createAnomalyReader(database, extensions),
    ...createTextReader(database, extensions),
    ...createTraceWriter(database),
    copiedAtMs: file?.copiedAtMs ?? null,
    database,
    onStatement: database.onStatement,
    async verify() {
      for (const table of TABLES) {
        const sql = `SELECT bit_xor(hash(t)) FROM ${table} t`
        await database.select({ sql, values: [] }, () => [], { heavy: true, timeoutMs: VERIFY_TIMEOUT_MS })
      }
    },
    checkpoint: database.checkpoint,
    stopReading: database.stopReading,
    stopWriting: database.stopWriting,
    async close() {
      try {
        await database.close()
      } finally {
        file?.release()
      }
    },
  }
}

async function openMemory(options: StoreOptions): Promise<DuckDBInstance> {
  if (options.readOnly) {
    throw new DelegraphError(
      'STORE_UNAVAILABLE',
      'A database in memory starts empty, so there is nothing to read in it. Let delegraph read its sources, or give a file with --db.',
    )
  }
  const instance = await openInstance(MEMORY, options)
  await prepareTables(instance, MEMORY, options.migrations ?? MEMORY_MIGRATIONS)
  return instance
}
