/**
 * Tells subscribers what was saved. The latest changes are kept in one shared log of limited size, in which each subscriber
 * has a position. One that is slow, or comes back after its connection broke, gets everything after its position as one
 * change; if the log does not reach back that far, it is told to read everything again.
 */
import type { Change, LiveService } from '../resolvers/context.ts'
import type { SavedChange } from '../store/store.ts'
import { type Paced, paced } from './paced.ts'

/** Ten messages a second. */
const EVERY_MS = 100
/** After one that says "read again", for reading again takes longer than reading a message. */
const EVERY_INCOMPLETE_MS = 1000
/** Ids that one change names at most. */
const MAX_IDS = 2000
/** Ids that the log holds at most, together. */
const MAX_LOGGED_IDS = 20_000
const MAX_LOGGED = 2000

interface Entry {
  atMs: number
  /** Null: too much to be named. */
  change: SavedChange | null
  size: number
}

type Scope = Parameters<LiveService['changes']>[1]

export interface ChangeFeed {
  changes: LiveService['changes']
  publish: (change: SavedChange) => void
  /** Ends every subscription. */
  close: () => void
}

export function createChangeFeed(now: () => number = Date.now): ChangeFeed {
  // Part of every cursor: one from an earlier process has another.
  const era = now().toString(36)
  let log: Entry[] = []
  let size = 0
  /** Entries before the first of the log. */
  let forgotten = 0
  let closed = false
  const subscribers = new Set<Paced<Change>>()

  const last = () => forgotten + log.length
  const cursorOf = (place: number) => `${era}.${place}`
  /** Null where it is of another process, or ahead of this one. */
  const placeOf = (cursor: string): number | null => {
    const [, of, place] = /^(\w+)\.(\d{1,15})$/.exec(cursor) ?? []
    return of === era && Number(place) <= last() ? Number(place) : null
  }

  function append(entry: Entry): void {
    log.push(entry)
    size += entry.size
    let from = 0
    while (size > MAX_LOGGED_IDS || log.length - from > MAX_LOGGED) size -= log[from++]?.size ?? 0
    if (from > 0) log = log.slice(from)
    forgotten += from
  }

  /** @param place null where it is not known: everything may have changed */
  function since(place: number | null, roots: Roots): Change | null {
    const entries = place === null || place < forgotten ? [] : log.slice(place - forgotten)
    const ids = {
      sessionIds: new Set<string>(),
      removedSessionIds: new Set<string>(),
      traceIds: new Set<string>(),
      removedTraceIds: new Set<string>(),
    }
    let complete = place !== null && place >= forgotten
    let atMs = now()
    for (const entry of entries) {
      atMs = entry.atMs
      if (entry.change === null) {
        complete = false
        continue
      }
      const { change } = entry
      const { isWanted, isAnotherTree } = roots.among(change)
      // Nothing was ever told about the tree that it has moved to.
      if (isAnotherTree) complete = false
      const add = (to: Set<string>, from: readonly string[], notIn?: Set<string>) => {
        for (const id of from) {
          if (!isWanted(id)) continue
          to.add(id)
          notIn?.delete(id)
        }
      }
      add(ids.sessionIds, change.sessionIds)
      add(ids.removedSessionIds, change.removedSessionIds)
      add(ids.traceIds, change.traceIds, ids.removedTraceIds)
      add(ids.removedTraceIds, change.removedTraceIds, ids.traceIds)
      const gone = new Set(change.removedSessionIds)
      // Sessions that had been removed and are written again exist again.
      for (const id of ids.removedSessionIds)
        if (change.rootOf.has(id) && !gone.has(id)) ids.removedSessionIds.delete(id)
    }
    const count = ids.sessionIds.size + ids.removedSessionIds.size + ids.traceIds.size + ids.removedTraceIds.size
    if (complete && count === 0) return null
    const isWhole = complete && count <= MAX_IDS
    const list = (set: Set<string>) => (isWhole ? [...set] : [])
    return {
      cursor: cursorOf(last()),
      complete: isWhole,
      sessionIds: list(ids.sessionIds),
      removedSessionIds: list(ids.removedSessionIds),
      traceIds: list(ids.traceIds),
      removedTraceIds: list(ids.removedTraceIds),
      atMs,
    }
  }

  return {
    changes(after, scope) {
      let place = after === null ? last() : placeOf(after)
      const roots = rootsOf(scope)
      const subscriber = paced<Change>({
        take: () => {
          if (place === last()) return null
          const change = since(place, roots)
          place = last()
          return change
        },
        pauseMs: ({ complete }) => (complete ? EVERY_MS : EVERY_INCOMPLETE_MS),
        onEnd: () => subscribers.delete(subscriber),
      })
      subscribers.add(subscriber)
      if (closed) subscriber.end()
      return subscriber.values
    },
    publish(change) {
      const named = change.rootOf.size + change.sessionIds.length
      if (named === 0) return
      append(named > MAX_IDS ? { atMs: now(), change: null, size: 1 } : { atMs: now(), change, size: named })
      for (const subscriber of subscribers) subscriber.wake()
    },
    close() {
      closed = true
      for (const subscriber of [...subscribers]) subscriber.end()
    },
  }
}

interface Roots {
  /** What one change means for the wanted tree. Notes when that is another from now on. */
  among: (change: SavedChange) => {
    /** Whether a session or a trace is of that tree, or was. */
    isWanted: (id: string) => boolean
    isAnotherTree: boolean
  }
}

function rootsOf(scope: Scope): Roots {
  if (scope === null) return { among: () => ({ isWanted: () => true, isAnotherTree: false }) }
  let { rootId } = scope
  return {
    among({ rootOf, movedFrom }) {
      const before = rootId
      rootId = rootOf.get(scope.sessionId) ?? rootId
      const wanted = new Set([before, rootId])
      return {
        isWanted: (id) => wanted.has(rootOf.get(id) ?? id) || wanted.has(movedFrom.get(id) ?? id),
        // Whoever goes on behind a cursor knows the new root already.
        isAnotherTree: before !== rootId || movedFrom.has(scope.sessionId),
      }
    },
  }
}
