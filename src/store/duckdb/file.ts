/**
 * A database in a file that nobody else may read: made, opened to be written or to be read, copied where another process
 * writes to it, and moved aside where it is damaged.
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
  /** Nothing is written. When another process writes to the file, a copy of what it has at this moment is read. */
  readOnly?: boolean
  /** For tests: other versions of the tables. */
  migrations?: readonly string[]
}

export interface OpenFile {
  instance: DuckDBInstance
  copiedAtMs: number | null
  release: () => void
}

/** How folders beside the database are called: one for a database in the making, one for what does not fit into memory. */
const UNFINISHED = '.delegraph-'
const overflowOf = (path: string): string => `${basename(path)}.tmp-`

/** A lock of the system's does not hold within one process. */
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
 * DuckDB puts its log's ending before a question mark in the path, and so elsewhere than beside the database: nobody would
 * keep that log from others, copy it with the database, or move it aside.
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
 * What surely is no database of DuckDB's is left as it is: one would wait for a pipe's other end, give OpenCode's own
 * database another mode, and take somebody's notes for a damaged database.
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

/** Begins as DuckDB's files do; nothing and zeros are what a file is left with whose writer's machine stopped. */
const beginsAsDuckDb = (begin: Buffer): boolean =>
  begin.subarray(8, 12).toString('latin1') === 'DUCK' || begin.every((byte) => byte === 0)

/**
 * A new database is made elsewhere and put into place when it is whole: nobody sees half of one, and nobody else may
 * read it at any moment.
 */
async function createFile(path: string, options: FileOptions): Promise<void> {
  // Of a database that is gone: the new one would read it.
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

/** Where another process was quicker, what that one made stays: it may be writing to it. */
function putInPlace(made: string, path: string): void {
  try {
    linkSync(made, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    // Some disks give no file a second name.
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
 * What a killed process left in the log is in the tables now, but not yet in their indexes: these take it in when they
 * are first used, and a database that is closed before loses it (DuckDB's issue 23848, mended after 1.5.6). A checkpoint
 * that is asked for uses them.
 */
async function finishReplay(connection: DuckDBConnection): Promise<void> {
  await connection.run('CHECKPOINT')
}

/** By their last row, which is the one that would be missing: it may have been another program that closed the file too early. */
async function checkIndexes(connection: DuckDBConnection, path: string): Promise<void> {
  const last = await connection.runAndReadAll(LAST_KEYS)
  const keys = last.getRows()[0] ?? []
  const found = await connection.runAndReadAll(FIND_KEYS, keys)
  for (const [i, isFound] of (found.getRows()[0] ?? []).entries()) {
    if (keys[i] === null || isFound === true) continue
    throw corruptFailure(path, new Error(`an index does not fit ${INDEXED[i]?.[0]}`))
  }
}

/** In one statement each, which looks at all of them side by side: a start waits for it. */
const LAST_KEYS = `SELECT ${INDEXED.map(
  ([table, column]) => `(SELECT ${column} FROM ${table} WHERE rowid = (SELECT max(rowid) FROM ${table}))`,
).join(', ')}`
/** Only what is compared with a value, and with no column, is looked up in an index. */
const FIND_KEYS = `SELECT ${INDEXED.map(
  ([table, column], i) => `EXISTS (SELECT 1 FROM ${table} WHERE ${column} = $${i + 1})`,
).join(', ')}`

/** DuckDB would make its write-ahead log readable by others; one that exists keeps its mode. */
export function keepPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}

/** A log into which nothing came, or nothing that was not rolled back: DuckDB leaves it behind. */
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

/** Null where nothing may be written at all, not even for the time being. */
function scratchIfAny(): string | null {
  try {
    return makeScratch()
  } catch {
    return null
  }
}

/** Null when another process writes to it, or its tables are of an older version. */
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
 * A database that is being written to, as it is at one moment. DuckDB never writes over a block that its header still
 * needs and only adds to the log, so file and log belong together when the header was the same before and after.
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

/** The main header and the two database headers, of which one counts. */
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

/** A checkpoint may take the log away at any moment. */
function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

// ---------------------------------------------------------------- where it is

/** Puts a damaged database out of the way, under a name that says when. What it says is where it is now. */
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
 * The file itself, whether or not it is there yet: DuckDB keeps its log beside that, not beside a link that leads to it.
 * What cannot be followed is given back as it is, and fails when it is opened.
 */
export function behindLink(path: string): string {
  try {
    if (!lstatSync(path).isSymbolicLink()) return path
    // Throws where links lead round in a circle.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path)
    return behindLink(resolve(realpathSync(dirname(path)), readlinkSync(path)))
  } catch {
    return path
  }
}
