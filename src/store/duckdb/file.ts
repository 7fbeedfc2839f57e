/**
 * A database in a private file: creates it, opens it for writing or reading, copies it if another process writes to it,
 * and moves it aside if it is damaged.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { codeOf, DelegraphError } from '../../errors.ts'
import { makeScratch, removeLeftScratch } from '../../scratch.ts'
import { corruptFailure, isLocked, lockedFailure, openingFailure } from './failures.ts'
import { closedOnFailure, connected, type InstanceOptions, NO_OVERFLOW, openInstance } from './instance.ts'
import { isUpToDate, prepareTables } from './migrations.ts'
import { INDEXED } from './tables.ts'

export interface FileOptions extends InstanceOptions {
  /** Nothing is written. If another process writes to the file, a copy of its current state is read instead. */
  readOnly?: boolean
  /** Other migrations, for tests. */
  migrations?: readonly string[]
}

export interface OpenFile {
  instance: DuckDBInstance
  copiedAtMs: number | null
  release: () => void
}

/** Name prefixes of folders beside the database: for a database being created, and for data that exceeds the memory. */
const UNFINISHED = '.delegraph-'
const overflowOf = (path: string): string => `${basename(path)}.tmp-`

/** The databases that this process has open, since the system's file locks do not apply within a process. */
const openPaths = new Set<string>()

export async function openFile(path: string, options: FileOptions): Promise<OpenFile> {
  try {
    refuseQuestionMark(path)
    mayBeOurs(path)
    if (options.readOnly) return await openToRead(path, options)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    for (const prefix of [UNFINISHED, overflowOf(path)]) removeLeftScratch(dirname(path), prefix)
    if (!existsSync(path)) await createFile(path, options)
    return await openToWrite(path, options)
  } catch (error) {
    throw openingFailure(error, path)
  }
}

/**
 * Refuses paths with a question mark. DuckDB would insert the `.wal` suffix before it, so the WAL would not be where
 * this code expects it: it would not be made private, copied with the database, or moved aside with it.
 */
function refuseQuestionMark(path: string): void {
  if (!path.includes('?')) return
  throw new DelegraphError(
    'BAD_USER_INPUT',
    `${path} contains a question mark, which DuckDB takes for the end of a file name. Give another file with --db.`,
    { path },
  )
}

/**
 * Throws for a file that cannot be a DuckDB database, before it is touched. Otherwise opening might block on a pipe,
 * change the mode of OpenCode's own database, or report a text file as a damaged database.
 */
function mayBeOurs(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isFile()) throw new Error('it is not a file')
  const begin = beginOf(path, SQLITE.length)
  if (begin.equals(SQLITE)) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      `${path} is an SQLite database, and so not delegraph's. If it is OpenCode's, give it with --source; give another file with --db.`,
      { path },
    )
  }
  if (!beginsAsDuckDb(begin)) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      `${path} is not a DuckDB database. Give another file with --db. If it was delegraph's, remove it: everything in it can be read again from the sources.`,
      { path },
    )
  }
}

const SQLITE = Buffer.from('SQLite format 3\0')

/** Whether a file starts like DuckDB's. An empty or zeroed start may be one too, left by a crash of the machine. */
const beginsAsDuckDb = (begin: Buffer): boolean =>
  begin.subarray(8, 12).toString('latin1') === 'DUCK' || begin.every((byte) => byte === 0)

/**
 * Creates the database in a private folder and moves it into place when it is complete, so that it is never visible
 * unfinished, nor readable by other users at any moment.
 */
async function createFile(path: string, options: FileOptions): Promise<void> {
  // The WAL of a database that was deleted: the new one would replay it.
  rmSync(`${path}.wal`, { force: true })
  const folder = makeScratch(dirname(path), UNFINISHED)
  try {
    const made = join(folder, basename(path))
    const instance = await openInstance(made, options)
    try {
      await prepareTables(instance, path, options.migrations)
    } finally {
      instance.closeSync()
    }
    chmodSync(made, 0o600)
    putInPlace(made, path)
  } finally {
    removeFolder(folder)
  }
}

const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** If another process has created the file meanwhile, that file is kept, since the process may be writing to it. */
function putInPlace(made: string, path: string): void {
  try {
    linkSync(made, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    // Some file systems do not support hard links.
    renameSync(made, path)
  }
}

async function openToWrite(path: string, options: FileOptions): Promise<OpenFile> {
  const real = realpathSync(path)
  if (openPaths.has(real)) throw lockedFailure(path, null)
  const overflow = makeScratch(dirname(path), overflowOf(path))
  openPaths.add(real)
  const release = () => {
    openPaths.delete(real)
    removeFolder(overflow)
  }
  try {
    chmodSync(path, 0o600)
    const hasLog = existsSync(`${path}.wal`)
    if (hasLog) chmodSync(`${path}.wal`, 0o600)
    const instance = await openInstance(path, options, overflow)
    await closedOnFailure(instance, async () => {
      if (hasLog) await connected(instance, finishReplay)
      keepPrivate(`${path}.wal`)
      await prepareTables(instance, path, options.migrations)
      await connected(instance, (connection) => checkIndexes(connection, path))
    })
    return { instance, copiedAtMs: null, release }
  } catch (error) {
    release()
    throw error
  }
}

/**
 * Completes the replay of a WAL that a killed process left. After the replay, its rows are in the tables, but enter the
 * indexes only when these are first used; if the database is closed before, the indexes lose them (DuckDB issue 23848,
 * fixed after 1.5.6). An explicit checkpoint uses the indexes.
 */
async function finishReplay(connection: DuckDBConnection): Promise<void> {
  await connection.run('CHECKPOINT')
}

/**
 * Checks that each table's last row is found through the indexes. That is the row that would be missing if another
 * program had replayed the WAL and closed the file too early (see `finishReplay`). Throws STORE_CORRUPT.
 */
async function checkIndexes(connection: DuckDBConnection, path: string): Promise<void> {
  const last = await connection.runAndReadAll(LAST_KEYS)
  const keys = last.getRows()[0] ?? []
  const found = await connection.runAndReadAll(FIND_KEYS, keys)
  for (const [i, isFound] of (found.getRows()[0] ?? []).entries()) {
    if (keys[i] === null || isFound === true) continue
    throw corruptFailure(path, new Error(`an index does not fit ${INDEXED[i]?.[0]}`))
  }
}

/** One statement for all tables, which it reads in parallel, because every start waits for it. */
const LAST_KEYS = `SELECT ${INDEXED.map(
  ([table, column]) => `(SELECT ${column} FROM ${table} WHERE rowid = (SELECT max(rowid) FROM ${table}))`,
).join(', ')}`
/** Compares with parameters, because DuckDB uses an index only for comparisons with a value, not with a column. */
const FIND_KEYS = `SELECT ${INDEXED.map(
  ([table, column], i) => `EXISTS (SELECT 1 FROM ${table} WHERE ${column} = $${i + 1})`,
).join(', ')}`

/** Creates a private WAL if there is none: DuckDB would create one that others can read, but keeps an existing mode. */
export function keepPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}

/** Removes a WAL that is empty, which DuckDB leaves behind if nothing was committed. */
export function removeEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path, { force: true })
}

// ---------------------------------------------------------------- reading only

async function openToRead(path: string, options: FileOptions): Promise<OpenFile> {
  if (!existsSync(path)) {
    throw new DelegraphError(
      'STORE_UNAVAILABLE',
      `${path} does not exist, so there is nothing to read. Run delegraph once without --read-only or --no-ingest, or give another file with --db.`,
      { path },
    )
  }
  let folder = scratchIfAny()
  const release = () => {
    if (folder !== null) removeFolder(folder)
  }
  try {
    const unchanged = await openUnchanged(path, options, folder ?? NO_OVERFLOW)
    if (unchanged !== null) return { instance: unchanged, copiedAtMs: null, release }
    folder ??= makeScratch()
    const copy = join(folder, basename(path))
    await copyWhole(path, copy)
    const copiedAtMs = Date.now()
    const instance = await openInstance(copy, { ...options, readOnly: false })
    await closedOnFailure(instance, () => prepareTables(instance, path, options.migrations))
    return { instance, copiedAtMs, release }
  } catch (error) {
    release()
    throw error
  }
}

/** Returns null if no temporary folder can be created. */
function scratchIfAny(): string | null {
  try {
    return makeScratch()
  } catch {
    return null
  }
}

/** Opens the file itself. Returns null if another process writes to it, or if its tables are of an older version. */
async function openUnchanged(path: string, options: FileOptions, overflow: string): Promise<DuckDBInstance | null> {
  let instance: DuckDBInstance
  try {
    instance = await openInstance(path, options, overflow)
  } catch (error) {
    if (isLocked(error)) return null
    throw error
  }
  const isCurrent = await closedOnFailure(instance, () =>
    connected(instance, (connection) => isUpToDate(connection, path, options.migrations)),
  )
  if (isCurrent) return instance
  instance.closeSync()
  return null
}

const COPIES = 20

/**
 * Copies a database that is being written to, in a consistent state. DuckDB never overwrites a block that the current
 * header refers to, and only appends to the WAL; so file and WAL belong together if the header was the same before and
 * after. Throws STORE_LOCKED if that never succeeds.
 */
async function copyWhole(from: string, to: string): Promise<void> {
  for (let copies = 0; copies < COPIES; copies++) {
    const before = beginOf(from, HEADER_BYTES)
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    if (existsSync(`${from}.wal`)) await copyFile(`${from}.wal`, `${to}.wal`).catch(ignoreMissing)
    if (before.equals(beginOf(from, HEADER_BYTES))) return
    rmSync(`${to}.wal`, { force: true })
  }
  throw lockedFailure(from, null)
}

/** The main header and the two database headers, of which one is current. */
const HEADER_BYTES = 3 * 4096

function beginOf(path: string, bytes: number): Buffer {
  const begin = Buffer.alloc(bytes)
  const file = openSync(path, 'r')
  try {
    readSync(file, begin, 0, bytes, 0)
  } finally {
    closeSync(file)
  }
  return begin
}

/** Ignores a missing WAL, which a checkpoint may remove at any moment. */
function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

// ---------------------------------------------------------------- paths

/** Renames a damaged database and its WAL, with the time in the new name. Returns the new path. */
export function moveAside(given: string, nowMs = Date.now()): string {
  const path = behindLink(given)
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
  let aside = `${path}.damaged-${stamp}`
  while (existsSync(aside)) aside += '-2'
  renameSync(path, aside)
  if (existsSync(`${path}.wal`)) renameSync(`${path}.wal`, `${aside}.wal`)
  return aside
}

/**
 * Resolves symbolic links to the file itself, whether or not it exists yet, because DuckDB keeps its WAL beside the
 * file and not beside a link to it. A link that cannot be resolved is returned as it is; opening it fails.
 */
export function behindLink(path: string): string {
  try {
    if (!lstatSync(path).isSymbolicLink()) return path
    // Throws if links form a cycle.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path)
    return behindLink(resolve(realpathSync(dirname(path)), readlinkSync(path)))
  } catch {
    return path
  }
}
