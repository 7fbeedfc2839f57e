/**
 * Finds the places where OpenCode keeps its data, and the stores that a given path refers to.
 *
 * OpenCode (its `Global.Path.data` and `Database.path`) uses the package xdg-basedir: `$XDG_DATA_HOME/opencode`, else
 * `~/.local/share/opencode`, on every platform. `OPENCODE_DB` names another database, absolute or relative to that
 * directory; `OPENCODE_CHANNEL` and `OPENCODE_DISABLE_CHANNEL_DB` only choose between files of that directory, all of
 * which are read. `OPENCODE_TEST_HOME` does not move the data. Wrappers and older builds also use each platform's own
 * places.
 */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { codeOf, DelegraphError } from '../../errors.ts'
import { headOf, isDirectory, namesIn, statOf } from '../../files.ts'
import type { SourceKind } from '../../records.ts'
import type { SourceSpec } from '../source.ts'
import { beginsLikeExport, readExport } from './export.ts'

/** Passed in, because only `src/config.ts` reads the environment. */
export interface Surroundings {
  platform: NodeJS.Platform
  home: string
  env: Readonly<Record<string, string | undefined>>
}

/** Directories that may hold OpenCode's data, whether or not they exist. */
export function dataDirectories({ platform, home, env }: Surroundings): string[] {
  const bases = [env.XDG_DATA_HOME || join(home, '.local', 'share'), join(home, '.local', 'share')]
  if (platform === 'darwin') bases.push(join(home, 'Library', 'Application Support'))
  if (platform === 'win32') {
    bases.push(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), env.APPDATA || join(home, 'AppData', 'Roaming'))
  }
  return [...new Set(bases.filter((base) => isAbsolute(base)).map((base) => join(base, 'opencode')))]
}

/**
 * Finds every store in OpenCode's usual places. Empty if there is none.
 *
 * @throws DelegraphError `SOURCE_UNREADABLE` if no store is found and one of the places cannot be read
 */
export function findSources(surroundings: Surroundings): SourceSpec[] {
  const directories = dataDirectories(surroundings)
  const found = directories.flatMap(storesOf)
  const named = surroundings.env.OPENCODE_DB
  if (named !== undefined && named !== '' && named !== ':memory:') {
    const path = isAbsolute(named) ? named : join(directories[0] ?? surroundings.home, named)
    if (isFilled(path)) found.push(spec('OPENCODE_SQLITE', path, dirname(path), 0))
  }
  // A directory that may not be read looks empty, so make sure that each really is.
  if (found.length === 0) for (const directory of directories) requireReadable(directory)
  return withoutTwins(found)
}

/** A missing directory is fine: there is nothing to read. */
function requireReadable(directory: string): void {
  try {
    readdirSync(directory)
  } catch (error) {
    const code = codeOf(error) ?? error
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    throw new DelegraphError(
      'SOURCE_UNREADABLE',
      `${directory}: it cannot be read (${code}), so its content is unknown. Grant read access, or name another path with --source.`,
      { path: directory },
    )
  }
}

const ACCEPTED =
  "OpenCode's data directory (…/opencode), the directory that holds it (XDG_DATA_HOME or a home), a storage directory, " +
  'an opencode.db, or a file that `opencode export` wrote'

/**
 * Finds the stores that the given paths refer to.
 *
 * @throws DelegraphError `SOURCE_UNREADABLE` if a path refers to none, unless it is a data directory still without
 * sessions
 */
export function resolveSources(paths: readonly string[]): SourceSpec[] {
  return withoutTwins(paths.flatMap((path) => resolveSource(resolve(path))))
}

function resolveSource(path: string): SourceSpec[] {
  const unreadable = (why: string) =>
    new DelegraphError('SOURCE_UNREADABLE', `${path}: ${why}. Expected ${ACCEPTED}.`, { path })
  let isFile: boolean
  try {
    isFile = !statSync(path).isDirectory()
    if (!isFile) readdirSync(path)
  } catch (error) {
    const code = codeOf(error) ?? error
    throw unreadable(code === 'ENOENT' ? 'no such file or directory' : `it cannot be read (${code})`)
  }
  if (isFile) {
    if (isSqlite(path)) return [spec('OPENCODE_SQLITE', path, dirname(path), 0)]
    const reason = whyNoExport(path)
    if (reason !== null) throw unreadable(`neither an OpenCode database nor an export (${reason})`)
    return [spec('OPENCODE_EXPORT', path, path, 0)]
  }
  for (const directory of [path, join(path, 'opencode'), join(path, '.local', 'share', 'opencode')]) {
    const stores = storesOf(directory)
    if (stores.length > 0) return stores
  }
  for (const directory of [path, join(path, 'session'), join(path, 'storage', 'session')]) {
    if (isLegacy(directory)) return [spec('OPENCODE_JSON', directory, dataDirectoryOf(directory), 2)]
  }
  const projects = legacyStoresOf(path, dirname(path))
  if (projects.length > 0) return projects
  if (isStorage(path)) return [spec('OPENCODE_JSON', path, dirname(path), 1)]
  const exports = names(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(path, name))
    .filter((file) => beginsLikeExport(file) || whyNoExport(file) === null)
    .map((file) => spec('OPENCODE_EXPORT', file, file, 0))
  if (exports.length > 0) return exports
  if (isEmptyHome(path)) return []
  throw unreadable('it contains no OpenCode store')
}

/** The stores of one data directory, newest layout first. */
export function storesOf(directory: string): SourceSpec[] {
  const databases = names(directory).filter((name) => /^opencode(-[A-Za-z0-9._-]+)?\.db$/.test(name))
  const stores = databases
    .map((name) => join(directory, name))
    .filter(isFilled)
    .map((path) => spec('OPENCODE_SQLITE', path, directory, 0))
  const storage = join(directory, 'storage')
  if (isStorage(storage)) stores.push(spec('OPENCODE_JSON', storage, directory, 1))
  return [...stores, ...legacyStoresOf(join(directory, 'project'), directory)]
}

function legacyStoresOf(projects: string, home: string): SourceSpec[] {
  return names(projects)
    .map((slug) => join(projects, slug, 'storage', 'session'))
    .filter(isLegacy)
    .map((path) => spec('OPENCODE_JSON', path, home, 2))
}

/** Whether a path is a store of 0.5: `project/<slug>/storage/session`, recognised by its `info`. */
export const isLegacy = (path: string): boolean => basename(path) === 'session' && isDirectory(join(path, 'info'))

/**
 * Whether a path is a store of 1.0 or 1.1. From 1.2 on, `storage` exists without sessions; in 0.5 it holds other data.
 */
const isStorage = (path: string): boolean => isDirectory(join(path, 'session')) && !isLegacy(join(path, 'session'))

/** `<data>/project/<slug>/storage/session` → `<data>` */
const dataDirectoryOf = (legacy: string): string => resolve(legacy, '..', '..', '..', '..')

/** Whether a path is a data directory of OpenCode that has no sessions yet. */
const isEmptyHome = (path: string): boolean =>
  basename(path) === 'opencode' && names(path).some((name) => ['storage', 'log', 'bin', 'project'].includes(name))

const spec = (kind: SourceKind, path: string, home: string, layer: number): SourceSpec => ({
  ref: { id: `${kind}:${path}`, kind, path },
  home,
  layer,
})

/** Drops duplicates: a store may be reached in several ways, such as by a link, a variable and an option. */
function withoutTwins(specs: readonly SourceSpec[]): SourceSpec[] {
  const seen = new Set<string>()
  return specs.filter((s) => {
    const real = realPathOf(s.ref.path)
    if (seen.has(real)) return false
    seen.add(real)
    return true
  })
}

/** A path that has vanished since it was found stands for itself; reading it reports what happened. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const names = (directory: string): string[] => namesIn(directory).sort()

/**
 * Whether a file has content. Anything with a database's name is meant to be one, so damage has to be reported; but an
 * empty file only becomes a database when OpenCode first writes to it.
 */
function isFilled(path: string): boolean {
  const stat = statOf(path)
  return stat?.isFile() === true && stat.size > 0
}

/** Why a file is not an export; null if it is one. */
function whyNoExport(path: string): string | null {
  try {
    const found = readExport(path)
    return typeof found === 'string' ? found : null
  } catch (error) {
    return `it cannot be read: ${codeOf(error) ?? error}`
  }
}

/** Recognises a database by its first bytes, whatever its name. */
function isSqlite(path: string): boolean {
  try {
    return headOf(path, 16).toString('latin1') === 'SQLite format 3\0'
  } catch {
    return false
  }
}
