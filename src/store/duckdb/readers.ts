/**
 * A small pool of connections for queries, since a connection runs one statement at a time. Heavy queries may not take
 * the last connection, so that a short query never waits for a long one.
 */
import type {
  DuckDBConnection,
  DuckDBInstance,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
} from '@duckdb/node-api'
import type { DelegraphError } from '../../errors.ts'
import { crowdedFailure, isInterrupted, lateFailure, statementFailure } from './failures.ts'
import { connect } from './instance.ts'
import type { Statement } from './statement.ts'
import { bindAll, type Decode, decodeAll } from './values.ts'

export interface QueryOptions {
  /** The query may take long. At most `HEAVY_READERS` of these run at a time. */
  heavy?: boolean
  /** Overrides the default time limit. */
  timeoutMs?: number
  /** The query belongs to the reading of the sources, not to a user, so limits on time and length do not apply. */
  unlimited?: boolean
}

export interface ReaderOptions {
  /** The database's path, for error messages. */
  path: string
  /** How long a query may wait for a connection, and then how long it may run. */
  timeoutMs: number
  /** The most text that the result of one query may hold, in UTF-16 code units. */
  maxText: number
  /** The most heavy queries that may wait. */
  maxWaiting: number
}

export interface Readers {
  select<T>(statement: Statement, decode: Decode<T>, options?: QueryOptions): Promise<T[]>
  /** Calls `listener` for each statement. Returns a function that stops this. */
  onStatement(listener: (sql: string) => void): () => void
  /** Rejects all queries from now on, including those that wait or run. Resolves when none runs any longer. */
  refuse(failure: (path: string) => DelegraphError): Promise<void>
  /** Closes the connections. Call after `refuse`. */
  close(): void
}

const READERS = 3
const HEAVY_READERS = 2

/** The number of statements that each connection keeps prepared. */
const PREPARED = 64

/** @param version the version of the data, as in `Database` */
export function createReaders(instance: DuckDBInstance, options: ReaderOptions, version: () => number): Readers {
  const listeners = new Set<(sql: string) => void>()
  const free: Reader[] = []
  const busy = new Set<Reader>()
  const waiting: { heavy: boolean; take: (reader: Reader) => void; fail: (error: unknown) => void }[] = []
  let opened = 0
  let heavyRunning = 0
  let refusal: ((path: string) => DelegraphError) | null = null

  async function acquire(heavy: boolean, timeoutMs: number | null): Promise<Reader> {
    mayRead()
    if (!heavy || heavyRunning < HEAVY_READERS) {
      const reader = free.pop()
      if (reader !== undefined) return occupy(reader, heavy)
      if (opened < READERS) {
        opened += 1
        // Counted before it is opened, or else too many would be opened at once.
        if (heavy) heavyRunning += 1
        try {
          const fresh = await openReader(instance)
          // `refuse` may have been called meanwhile, and does not know this connection.
          if (refusal !== null) fresh.connection.closeSync()
          mayRead()
          if (heavy) heavyRunning -= 1
          return occupy(fresh, heavy)
        } catch (error) {
          opened -= 1
          if (heavy) heavyRunning -= 1
          // No reader is left that could ever be released to the waiting queries.
          if (opened === 0) for (const { fail } of waiting.splice(0)) fail(error)
          throw error
        }
      }
    }
    if (heavy && waiting.filter((each) => each.heavy).length >= options.maxWaiting)
      throw crowdedFailure(options.maxWaiting)
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
      const timer = after(timeoutMs, (limitMs) => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(lateFailure(limitMs, 'waited for its turn for'))
      })
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
    const { unlimited = false } = query
    const timeoutMs = unlimited ? null : (query.timeoutMs ?? options.timeoutMs)
    const reader = await acquire(query.heavy ?? false, timeoutMs)
    try {
      for (const listener of listeners) listener(statement.sql)
      const result = await execute(reader, statement, timeoutMs)
      return await decodeAll(result, decode, unlimited ? Number.POSITIVE_INFINITY : options.maxText)
    } catch (error) {
      mayRead()
      throw statementFailure(error, options.path)
    } finally {
      release(reader)
    }
  }

  function mayRead(): void {
    if (refusal !== null) throw refusal(options.path)
  }

  async function execute(
    reader: Reader,
    statement: Statement,
    timeoutMs: number | null,
  ): Promise<DuckDBMaterializedResult> {
    const prepared = await prepare(reader, statement.sql)
    let lateMs: number | null = null
    const timer = after(timeoutMs, (limitMs) => {
      lateMs = limitMs
      reader.connection.interrupt()
    })
    try {
      bindAll(prepared, statement.values)
      return await prepared.run()
    } catch (error) {
      if (lateMs === null || !isInterrupted(error)) throw error
      throw lateFailure(lateMs, 'took longer than', error)
    } finally {
      clearTimeout(timer)
      if (reader.prepared.get(statement.sql) !== prepared) prepared.destroySync()
    }
  }

  async function prepare(reader: Reader, sql: string): Promise<DuckDBPreparedStatement> {
    if (reader.epoch !== version()) {
      forget(reader)
      reader.epoch = version()
    }
    const known = reader.prepared.get(sql)
    if (known !== undefined) {
      reader.prepared.delete(sql)
      reader.prepared.set(sql, known)
      return known
    }
    const before = version()
    const prepared = await reader.connection.prepare(sql)
    if (before !== version()) {
      // Something was committed meanwhile, so the plan may be based on outdated data.
      prepared.destroySync()
      return prepare(reader, sql)
    }
    if (version() % 2 === 0) {
      reader.prepared.set(sql, prepared)
      const [oldest] = reader.prepared.keys()
      if (reader.prepared.size > PREPARED && oldest !== undefined) {
        reader.prepared.get(oldest)?.destroySync()
        reader.prepared.delete(oldest)
      }
    }
    return prepared
  }

  return {
    select,
    onStatement(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async refuse(failure) {
      refusal ??= failure
      for (const { fail } of waiting.splice(0)) fail(refusal(options.path))
      await interrupted(() => [...busy].map(({ connection }) => connection))
    },
    close() {
      for (const reader of free.splice(0)) {
        forget(reader)
        reader.connection.closeSync()
      }
    },
  }
}

/** Starts a timer if there is a limit. */
const after = (limitMs: number | null, act: (limitMs: number) => void): NodeJS.Timeout | undefined =>
  limitMs === null ? undefined : setTimeout(act, limitMs, limitMs)

/** Interrupts repeatedly until nothing runs, because an interrupt between two statements has no effect on either. */
export async function interrupted(running: () => readonly DuckDBConnection[]): Promise<void> {
  for (let connections = running(); connections.length > 0; connections = running()) {
    for (const connection of connections) connection.interrupt()
    await new Promise((resume) => setTimeout(resume, 5))
  }
}

// ---------------------------------------------------------------- a reader

/**
 * A connection for queries, with its prepared statements. DuckDB plans with the current statistics: a plan that was
 * made while no row was RUNNING returns none even if there is one later. So prepared statements are kept only until the
 * next commit.
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

function forget(reader: Reader): void {
  for (const prepared of reader.prepared.values()) prepared.destroySync()
  reader.prepared.clear()
}
