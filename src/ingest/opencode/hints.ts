/**
 * Where something is written when OpenCode works, told by the operating system. Only hints: what has changed is found out
 * by reading, and what no watcher saw is found by sweeping.
 *
 * A store of files has a directory for every message, far more than may be watched. Few of them are warm: those of
 * sessions and messages that were touched lately. An event in a directory above (a new session, a new message) warms what
 * lies below; a warm directory cools when too many others were touched since.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../../errors.ts'
import { isDirectory, namesIn, statOf } from '../../files.ts'
import type { SourceSpec } from '../source.ts'
import { isLegacy } from './discover.ts'

export interface Hints {
  /** Watches what has come since, such as a directory that was not there. */
  refresh(): void
  stop(): void
}

/** Warm directories of one store, beyond the few that are always watched. */
const MAX_WARM = 256
/** How many directories of a store may come to be watched: the warm ones, and those of its projects. */
export const watchesOf = ({ ref }: SourceSpec): number => (ref.kind === 'OPENCODE_JSON' ? MAX_WARM + 64 : 1)

/** What was written this long ago may go on. */
const LATELY_MS = 600_000
/** Entries of one directory that are looked at. */
const MAX_ENTRIES = 400

/**
 * @param onHint something was written
 * @param onTrouble watching is not possible, such as for want of watches: everything depends on sweeping
 */
export function hintsOf(spec: SourceSpec, onHint: () => void, onTrouble: (error: Error) => void): Hints {
  const { kind, path } = spec.ref
  if (kind === 'OPENCODE_JSON') return hintsOfFiles(path, onHint, onTrouble)
  const directory = watched(dirname(path), onTrouble, (name) => {
    // The log is where a database is written first; others may come beside it.
    if (name === null || /\.(db|db-wal|json)$/.test(name) || name === 'storage') onHint()
  })
  return { refresh: directory.refresh, stop: directory.stop }
}

function hintsOfFiles(root: string, onHint: () => void, onTrouble: (error: Error) => void): Hints {
  const legacy = isLegacy(root)
  const sessions = join(root, legacy ? 'info' : 'session')
  const messages = join(root, 'message')
  const parts = join(root, 'part')
  // In the order in which they were touched.
  const warm = new Map<string, Watched>()
  const always = new Map<string, Watched>()

  /** Something at this path was written or made: it is where the next thing may be. */
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
    // What was made in it until now was told by nobody.
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
  /** Watches what stands there where that was not watched before, and says whether it does so from now on. */
  refresh(): boolean
  stop(): void
}

function watched(
  directory: string,
  onTrouble: (error: Error) => void,
  onEvent: (name: string | null) => void,
): Watched {
  let watcher: FSWatcher | null = null
  /** Which directory it was: the system goes on watching one that was moved away, and not the one that took its place. */
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
        // That it is gone itself, under its own name. One that is made then may get the same number.
        if (event === 'rename' && name === basename(directory)) stop()
        onEvent(name)
      })
      // A directory that is removed, a volume that is taken away: the next refresh tries again.
      watcher.on('error', stop)
      return true
    } catch (error) {
      stop()
      // One that is not there yet is no trouble.
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

/** What was written in it lately; of very many entries the last by name, which are mostly the latest. */
function lately(directory: string): string[] {
  const since = Date.now() - LATELY_MS
  return namesIn(directory)
    .sort()
    .slice(-MAX_ENTRIES)
    .map((name) => join(directory, name))
    .filter((path) => (statOf(path)?.mtimeMs ?? 0) >= since)
}
