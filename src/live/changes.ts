/**
 * Tells subscribers what was saved. The latest changes are kept in one bounded log that all subscribers share, each with
 * a position in it. A slow subscriber, or one that reconnects, gets everything after its position as a single change;
 * if the log no longer reaches back that far, it is told to read everything again.
 */
import type { Change, LiveService } from '../resolvers/context.ts'
import type { SavedChange } from '../store/store.ts'
import { type Paced, paced } from './paced.ts'

/** At most ten messages a second. */
const EVERY_MS = 100
/** After a change that says "read again", because doing so takes longer than reading a message. */
const EVERY_INCOMPLETE_MS = 1000
/** Maximum number of ids in one change. */
const MAX_IDS = 2000
/** Maximum number of ids in the whole log. */
const MAX_LOGGED_IDS = 20_000
const MAX_LOGGED = 2000

interface Entry {
  atMs: number
  /** Null if the change has too many ids to name. */
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
  // The start time in each cursor tells cursors of an earlier process apart.
  const era = now().toString(36)
  let log: Entry[] = []
  let size = 0
  /** Number of entries dropped from the front of the log. */
  let forgotten = 0
  let closed = false
  const subscribers = new Set<Paced<Change>>()

  const last = () => forgotten + log.length
  const cursorOf = (place: number) => `${era}.${place}`
  /** Null for a cursor of another process, or one beyond the end of the log. */
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

  /** @param place null if unknown: everything may have changed */
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
      // Nothing was ever reported about the tree that the session has moved to.
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
      // A session that was removed earlier and is written again exists again.
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
  /**
   * What one change means for the subscriber's tree. Remembers the new root if the tree's session moves to another
   * tree.
   */
  among: (change: SavedChange) => {
    /** Whether a session or trace belongs to that tree, or did before. */
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
        // A subscriber that resumes after a cursor starts out with the new root, so only `movedFrom` shows the move.
        isAnotherTree: before !== rootId || movedFrom.has(scope.sessionId),
      }
    },
  }
}
