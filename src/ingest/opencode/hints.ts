/**
 * Tells from events of the operating system where OpenCode writes. These are only hints: reading finds out what has
 * changed, and sweeping finds what no watcher saw.
 *
 * A store of files has a directory for every message, far more than can be watched. Only a few are warm: those of
 * sessions and messages that were touched lately. An event in a parent directory (a new session, a new message) warms
 * the directory below; a warm directory cools down once too many others have been touched since.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../../errors.ts'
import { isDirectory, namesIn, statOf } from '../../files.ts'
import type { SourceSpec } from '../source.ts'
import { isLegacy } from './discover.ts'

export interface Hints {
  /** Also watches what has come into being since, such as a directory that did not exist. */
  refresh(): void
  stop(): void
}

/** Maximum number of warm directories of one store, in addition to the few that are always watched. */
const MAX_WARM = 256
/** How many directories of a store may be watched: the warm ones, and those of its projects. */
export const watchesOf = ({ ref }: SourceSpec): number => (ref.kind === 'OPENCODE_JSON' ? MAX_WARM + 64 : 1)

/** What was written within this time may be written to again. */
const LATELY_MS = 600_000
/** Maximum number of entries looked at from either end of one directory, in the order of names. */
const MAX_ENTRIES = 400

/**
 * @param onHint called when something was written
 * @param onTrouble called when watching is impossible, such as when the system's limit on watches is reached; only
 * sweeping then finds changes
 */
export function hintsOf(spec: SourceSpec, onHint: () => void, onTrouble: (error: Error) => void): Hints {
  const { kind, path } = spec.ref
  if (kind === 'OPENCODE_JSON') return hintsOfFiles(path, onHint, onTrouble)
  const directory = watched(dirname(path), onTrouble, (name) => {
    // The WAL is where a database is written first. Other stores may be created beside the database.
    if (name === null || /\.(db|db-wal|json)$/.test(name) || name === 'storage') onHint()
  })
  return { refresh: directory.refresh, stop: directory.stop }
}

function hintsOfFiles(root: string, onHint: () => void, onTrouble: (error: Error) => void): Hints {
  const legacy = isLegacy(root)
  const sessions = join(root, legacy ? 'info' : 'session')
  const messages = join(root, 'message')
  const parts = join(root, 'part')
  // In the order in which they were last touched.
  const warm = new Map<string, Watched>()
  const always = new Map<string, Watched>()

  /** Something was written or created at this path, so warm the directory where more may follow. */
  function touched(path: string): void {
    const above = dirname(path)
    const id = basename(path, '.json')
    if (!path.endsWith('.json')) {
      if (above === sessions) keep(path)
      else heat(path)
    } else if (above === sessions || dirname(above) === sessions) {
      heat(join(messages, id))
      if (legacy) heat(join(parts, id))
    } else if (dirname(above) === messages) {
      heat(legacy ? join(parts, basename(above), id) : join(parts, id))
    }
  }

  function listen(directory: string): Watched {
    return watched(directory, onTrouble, (name) => {
      if (name !== null) touched(join(directory, name))
      onHint()
    })
  }

  function keep(directory: string): void {
    const known = always.get(directory)
    if (known === undefined) always.set(directory, listen(directory))
    // Nobody has reported what was created in it before it was watched.
    else if (known.refresh()) for (const path of lately(directory)) touched(path)
  }

  function heat(directory: string): void {
    const known = warm.get(directory)
    if (known !== undefined) {
      warm.delete(directory)
      warm.set(directory, known)
      if (!known.refresh()) return
    } else if (isDirectory(directory)) warm.set(directory, listen(directory))
    else return
    for (const [oldest, watcher] of warm) {
      if (warm.size <= MAX_WARM) break
      watcher.stop()
      warm.delete(oldest)
    }
    for (const path of lately(directory)) touched(path)
  }

  function refresh(): void {
    for (const directory of [sessions, messages, parts]) keep(directory)
    if (!legacy) for (const project of namesIn(sessions)) keep(join(sessions, project))
  }

  refresh()
  for (const directory of legacy ? [sessions] : [...always.keys()].filter((path) => dirname(path) === sessions)) {
    for (const path of lately(directory)) touched(path)
  }
  return {
    refresh,
    stop() {
      for (const watcher of [...always.values(), ...warm.values()]) watcher.stop()
      always.clear()
      warm.clear()
    },
  }
}

// ---------------------------------------------------------------- one directory

interface Watched {
  /** Watches what is at the path now, unless it is watched already. Returns whether a new watch was started. */
  refresh(): boolean
  stop(): void
}

function watched(
  directory: string,
  onTrouble: (error: Error) => void,
  onEvent: (name: string | null) => void,
): Watched {
  let watcher: FSWatcher | null = null
  /**
   * Inode of the watched directory: the system goes on watching a directory that was moved away, not the one in its
   * place.
   */
  let inode: bigint | undefined
  let stopped = false
  const stop = () => {
    watcher?.close()
    watcher = null
  }
  const refresh = (): boolean => {
    const found = statOf(directory)?.ino
    if (stopped || (watcher !== null && found === inode)) return false
    stop()
    inode = found
    try {
      watcher = watch(directory, { persistent: false }, (event, name) => {
        // The directory itself is gone, reported by its own name. One created in its place may get the same inode
        // number.
        if (event === 'rename' && name === basename(directory)) stop()
        onEvent(name)
      })
      // The directory was removed, or its volume unmounted: the next refresh tries again.
      watcher.on('error', stop)
      return true
    } catch (error) {
      stop()
      // A directory that does not exist yet is no trouble.
      if (error instanceof Error && codeOf(error) !== 'ENOENT') onTrouble(error)
      return false
    }
  }
  refresh()
  return {
    refresh,
    stop() {
      stopped = true
      stop()
    },
  }
}

/**
 * Entries that were written lately; of very many, only the first and the last by name are looked at: ids of sessions
 * count down, those of messages and parts count up.
 */
function lately(directory: string): string[] {
  const since = Date.now() - LATELY_MS
  const names = namesIn(directory).sort()
  const newest = new Set([...names.slice(0, MAX_ENTRIES), ...names.slice(-MAX_ENTRIES)])
  return [...newest].map((name) => join(directory, name)).filter((path) => (statOf(path)?.mtimeMs ?? 0) >= since)
}
