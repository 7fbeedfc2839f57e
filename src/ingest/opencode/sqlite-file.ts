/**
 * SQLite through libsql, read-only and with care: the driver opens for writing unless told by the URI, and it ends the
 * process on text that is no UTF-8, which a damaged page can hold. So every text is fetched as a blob.
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
  /** Without a copy of what is no ASCII; enough to compare and to look at. */
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

/** Not by the driver's `get`: a statement in which that met damage once fails ever after, whatever it is asked for. */
export const firstOf = (statement: Statement, bind: (string | number)[]): unknown => statement.all(bind)[0]

/** One read transaction: what is read in it is of the same moment. */
export function atOneMoment<T>(db: Database.Database, work: () => T): T {
  db.exec('BEGIN')
  try {
    return work()
  } finally {
    endReading(db)
  }
}

/** Of damage that was met meanwhile, and noted, SQLite tells once more in the end, which it is all the same. */
function endReading(db: Database.Database): void {
  try {
    db.exec('COMMIT')
  } catch (error) {
    if (!isDamage(error) || db.inTransaction) throw error
  }
}

const GroupRow = z.tuple([z.number(), Blob])
/** As text, which holds each of SQLite's rowids; compared with a rowid it counts as a number. */
export const KeyRow = z.tuple([z.string()])

/**
 * The fields of all rows of a statement that gives them as one blob, each ended by a NUL, and says how many rows there are.
 * Null where a page is damaged, or where the fields are not what they should be.
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

/** Row by row, so that a damaged page costs the rows on it and no others. */
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
    const reason = `some rows cannot be reached: ${messageOf(error)}`
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
 * Finds rows whose key is no text, which nobody who looks for a key comes upon. SQLite sorts them to the ends of the key's
 * index, so looking there costs nothing. Gives a function that notes them.
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
      // Reading the rows says what is damaged.
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

/** Damage costs what is damaged. Everything else (busy, out of memory, a bug) is not ours to swallow. */
export const isDamage = (error: unknown): boolean => isOf(error, DAMAGE)

/** Beside the file something has to be written, and may not be. When opening, the driver gives the number in its words. */
export const isUnwritable = (error: unknown): boolean =>
  isOf(error, UNWRITABLE) || (error instanceof Error && /: (8|14)\b/.test(error.message))

/** SQLITE_IOERR, SQLITE_CORRUPT and SQLITE_FORMAT; not SQLITE_NOTADB: of what is no database everything is missing. */
const DAMAGE: readonly number[] = [10, 11, 24]
/** SQLITE_READONLY and SQLITE_CANTOPEN */
const UNWRITABLE: readonly number[] = [8, 14]

/** By SQLite's number, whose low byte says what kind it is: the driver has no name for SQLITE_READONLY_DIRECTORY and others. */
const isOf = (error: unknown, kinds: readonly number[]): boolean =>
  error instanceof Error && 'rawCode' in error && kinds.includes(Number(error.rawCode) & 0xff)

/** Opened with `mode=ro`: then SQLite neither writes nor, when it closes, checkpoints another program's log. */
export function openReadOnly(file: string): Database.Database {
  const db = new Database(readOnlyUri(file), { timeout: BUSY_MS })
  try {
    // Nothing is written, to the schema neither: it makes SQLite read what there is of a file that was cut short.
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
 * Changes with every write. By the times and sizes of the file and of its log alone: to open the file and close it again
 * would take from this process the locks by which SQLite keeps others from removing the log and its index under a
 * connection. An empty log is as good as none: SQLite leaves one behind where a database was only read.
 *
 * Changes once more when the last write is some time ago: SQLite first writes to the log, then waits for the disk, and only
 * then lets others see it. What was read in between is older than these times say.
 */
export function sqliteFingerprint(path: string): string | null {
  const [file, log] = [path, `${path}-wal`].map(statOf)
  if (file == null) return null
  return [file, log]
    .map((stat) => (stat?.size ? `${stat.ino}:${stat.size}:${stat.mtimeNs}${freshness(stat)}` : '-'))
    .join(' ')
}

/** For how long a write may not be seen yet. */
const UNSEEN_MS = 2000

/** Of a database's file or log, a mark that goes away. */
const freshness = ({ mtimeMs }: { mtimeMs: bigint }): '' | '~' =>
  Math.abs(Date.now() - Number(mtimeMs)) < UNSEEN_MS ? '~' : ''

/**
 * Which file, and which index of its log: other ones when either was removed and made anew. A connection must not outlive
 * them. The driver's `close` leaves a file open until the statements that were prepared on it are collected, and SQLite
 * shares the index among all connections of a process: only with their thread are they gone for good.
 */
export const sqliteIdentity = (path: string): string => [path, `${path}-shm`].map(fileNumber).join(' ')

/** Which file stands there: another one where it was replaced. */
export const fileNumber = (path: string): string => String(statOf(path)?.ino ?? '-')
