/**
 * Access to SQLite files through libsql, read-only and with care: the driver opens for writing unless the URI forbids
 * it, and it aborts the process on text that is not UTF-8, which a damaged page may hold. So every text is fetched as a
 * blob.
 */
import Database from 'libsql'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { statOf } from '../../files.ts'
import type { Problem } from '../source.ts'

export const Blob = z.instanceof(Uint8Array).nullable()

export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
export const textOf = (bytes: Uint8Array | null): string => (bytes === null ? '' : bufferOf(bytes).toString('utf8'))

/** The fields of many rows, one after the other. */
export interface Fields {
  count: number
  text(field: number): string
  /** Without decoding UTF-8; enough to compare and inspect ASCII. */
  latin1(field: number): string
  bytes(field: number): Buffer
}

function splitFields(bytes: Buffer, count: number): Fields | null {
  const text = bytes.toString('latin1')
  const ends: number[] = []
  for (let at = text.indexOf('\0'); at >= 0; at = text.indexOf('\0', at + 1)) ends.push(at)
  if (ends.length !== count) return null
  const startOf = (field: number) => (field === 0 ? 0 : (ends[field - 1] ?? 0) + 1)
  return {
    count,
    text: (field) => bytes.toString('utf8', startOf(field), ends[field]),
    latin1: (field) => text.slice(startOf(field), ends[field]),
    bytes: (field) => bytes.subarray(startOf(field), ends[field]),
  }
}

export type Statement = ReturnType<ReturnType<Database.Database['prepare']>['raw']>

/** Avoids the driver's `get`: a statement in which `get` met damage once fails ever after, whatever its parameters. */
export const firstOf = (statement: Statement, bind: (string | number)[]): unknown => statement.all(bind)[0]

/** Runs `work` in one read transaction, so that all of it sees the same state. */
export function atOneMoment<T>(db: Database.Database, work: () => T): T {
  db.exec('BEGIN')
  try {
    return work()
  } finally {
    endReading(db)
  }
}

/**
 * SQLite reports damage that was met (and noted) during the transaction once more at COMMIT, but ends it all the same.
 */
function endReading(db: Database.Database): void {
  try {
    db.exec('COMMIT')
  } catch (error) {
    if (!isDamage(error) || db.inTransaction) throw error
  }
}

const GroupRow = z.tuple([z.number(), Blob])
/** As text, which can hold any of SQLite's rowids; SQLite converts it to a number when comparing it with a rowid. */
export const KeyRow = z.tuple([z.string()])

/**
 * Runs a statement that gives the fields of all its rows as one blob, each ended by a NUL, together with the number of
 * rows. Returns null if a page is damaged, or if the fields are not as many as they should be.
 */
export function grouped(statement: Statement, bind: (string | number)[], width: number): Fields | null {
  try {
    const [count, bytes] = GroupRow.parse(firstOf(statement, bind))
    return splitFields(bytes === null ? Buffer.alloc(0) : bufferOf(bytes), count * width)
  } catch (error) {
    if (!isDamage(error)) throw error
    return null
  }
}

/** Reads row by row, so that a damaged page costs only the rows on it. */
export function eachRow(
  path: string,
  keys: Statement,
  one: Statement,
  bind: (string | number)[],
  what: string,
  problems: Problem[],
): unknown[] {
  const rowids: string[] = []
  try {
    for (const key of keys.iterate(bind)) rowids.push(KeyRow.parse(key)[0])
  } catch (error) {
    if (!isDamage(error)) throw error
    const reason = `some rows cannot be read: ${messageOf(error)}`
    problems.push({ path: `${path}: table ${what}`, reason, isDamage: true })
  }
  return rowids.flatMap((rowid) => {
    try {
      return one.all([rowid])
    } catch (error) {
      if (!isDamage(error)) throw error
      problems.push({ path: `${path}: ${what} in row ${rowid}`, reason: messageOf(error), isDamage: true })
      return []
    }
  })
}

export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    return undefined
  }
}

/**
 * Finds rows whose key is empty or not text, which no lookup by key would reach. SQLite sorts them to the ends of the
 * key's index, so looking there costs nothing. Returns a function that reports them.
 */
export function strayFinder(
  db: Database.Database,
  path: string,
  table: 'session' | 'message' | 'part',
  column: 'id' | 'session_id',
): (problems: Problem[]) => void {
  const among = (condition: string) => `SELECT rowid AS n FROM ${table} WHERE ${column} ${condition}`
  const strays = ['IS NULL', "<= ''", ">= x''"].map(among).join(' UNION ALL ')
  const statement = db.prepare(`SELECT count(*), ifnull(CAST(min(n) AS TEXT), '') FROM (${strays})`).raw()
  return (problems) => {
    try {
      const [count, first] = StrayRow.parse(firstOf(statement, []))
      const what = `${column} is empty or no text`
      if (count === 1) problems.push({ path: `${path}: ${table} in row ${first}`, reason: `its ${what}` })
      if (count > 1) {
        problems.push({
          path: `${path}: table ${table}`,
          reason: `of ${count} rows, from row ${first} on, the ${what}`,
        })
      }
    } catch (error) {
      // Reading the rows reports what is damaged.
      if (!isDamage(error)) throw error
    }
  }
}

const StrayRow = z.tuple([z.number(), z.string()])

export function columnsOf(db: Database.Database, table: 'project' | 'session' | 'message' | 'part'): Set<string> {
  const rows: unknown = db.prepare(`SELECT CAST(name AS BLOB) FROM pragma_table_info('${table}')`).raw().all()
  return new Set(
    z
      .array(z.tuple([Blob]))
      .parse(rows)
      .map(([name]) => textOf(name)),
  )
}

/**
 * Whether an error means damage, which costs only what is damaged. Anything else (busy, out of memory, a bug) is
 * rethrown.
 */
export const isDamage = (error: unknown): boolean => isOf(error, DAMAGE)

/**
 * Whether SQLite had to write beside the file and may not. When opening, the driver gives the code only in its message.
 */
export const isUnwritable = (error: unknown): boolean =>
  isOf(error, UNWRITABLE) || (error instanceof Error && /: (8|14)\b/.test(error.message))

/**
 * SQLITE_IOERR, SQLITE_CORRUPT and SQLITE_FORMAT; not SQLITE_NOTADB, since nothing can be saved from a file that is no
 * database.
 */
const DAMAGE: readonly number[] = [10, 11, 24]
/** SQLITE_READONLY and SQLITE_CANTOPEN */
const UNWRITABLE: readonly number[] = [8, 14]

/**
 * Compares SQLite's result code, whose low byte is the primary one: the driver has no names for some extended codes,
 * such as SQLITE_READONLY_DIRECTORY.
 */
const isOf = (error: unknown, kinds: readonly number[]): boolean =>
  error instanceof Error && 'rawCode' in error && kinds.includes(Number(error.rawCode) & 0xff)

/** Opens with `mode=ro`: SQLite then neither writes nor, on closing, checkpoints another program's WAL. */
export function openReadOnly(file: string): Database.Database {
  const db = new Database(readOnlyUri(file), { timeout: BUSY_MS })
  try {
    // Nothing is written, not even the schema: writable_schema makes SQLite read what is left of a truncated file.
    db.exec('PRAGMA query_only = 1; PRAGMA writable_schema = 1')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** How long to wait for a writer that holds a lock. */
const BUSY_MS = 5000

const readOnlyUri = (file: string): string =>
  `file:${file.replaceAll('%', '%25').replaceAll('?', '%3f').replaceAll('#', '%23')}?mode=ro`

/**
 * Changes with every write. Derived only from the times and sizes of the file and its WAL: opening and closing the file
 * would release this process's own locks, by which SQLite keeps others from removing the WAL and its index under a
 * connection. An empty WAL counts as none: SQLite leaves one behind when a database was only read.
 *
 * Changes once more when the last write is a while ago. SQLite first writes to the WAL, then waits for the disk, and
 * only then makes the write visible, so a read in between gets an older state than these times suggest.
 *
 * @returns null if there is no such file
 */
export function sqliteFingerprint(path: string): string | null {
  const [file, log] = [path, `${path}-wal`].map(statOf)
  if (file == null) return null
  return [file, log]
    .map((stat) => (stat?.size ? `${stat.ino}:${stat.size}:${stat.mtimeNs}${freshness(stat)}` : '-'))
    .join(' ')
}

/** How long a write may stay invisible. */
const UNSEEN_MS = 2000

/** A mark on the state of a database or WAL file that goes away once the last write is certainly visible. */
const freshness = ({ mtimeMs }: { mtimeMs: bigint }): '' | '~' =>
  Math.abs(Date.now() - Number(mtimeMs)) < UNSEEN_MS ? '~' : ''

/**
 * Identifies the file and the index of its WAL; changes when either is removed and created anew. A connection must not
 * outlive them. The driver's `close` keeps a file open until the statements prepared on it are garbage-collected, and
 * SQLite shares the index among all connections of a process, so only ending their thread closes them for good.
 */
export const sqliteIdentity = (path: string): string => [path, `${path}-shm`].map(fileNumber).join(' ')

/** Inode number of the file at the path; changes when the file is replaced. */
export const fileNumber = (path: string): string => String(statOf(path)?.ino ?? '-')
