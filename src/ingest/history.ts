/**
 * Merges stores that overlap into one history. OpenCode 1.2 imports the files of 1.1, and 1.1 those of 0.5, but both
 * leave the old files behind; 1.18 imports nothing. A plain union would show sessions twice and bring back deleted
 * ones.
 */
import { groupBy } from '../group.ts'
import type { ListedSession, SourceSpec } from './source.ts'

export interface Listing {
  spec: SourceSpec
  sessions: ReadonlyMap<string, ListedSession>
  /** Ids of sessions that were added, changed or removed since the previous listing; null if unknown. */
  newIds: readonly string[] | null
  /** See `Source.importedMs`. */
  importedMs: number | null
}

export interface Holding {
  spec: SourceSpec
  session: ListedSession
}

/**
 * The merged history, kept between runs: updated incrementally while only one store has sessions, otherwise rebuilt.
 */
export class History {
  /** The store from which each session is read: see `oneHistory`. */
  holdings = new Map<string, Holding>()
  #newestMs = new Map<string, number>()
  /** Id of the store, if it is the only one that has sessions. */
  #only: string | null = null

  /** When a store's latest session was active, in UTC milliseconds; 0 if the store has none. */
  newestMs(sourceId: string): number {
    return this.#newestMs.get(sourceId) ?? 0
  }

  /** @returns ids of all sessions that may have changed; null if any may have */
  update(listings: readonly Listing[]): ReadonlySet<string> | null {
    const [listing, ...others] = listings.filter(({ sessions }) => sessions.size > 0)
    const only = listing !== undefined && others.length === 0 ? listing : null
    const newIds = only !== null && only.spec.ref.id === this.#only ? only.newIds : null
    this.#only = only?.spec.ref.id ?? null
    if (only !== null && newIds !== null && this.#bringUp(only, newIds)) return new Set(newIds)
    this.holdings = oneHistory(listings)
    this.#newestMs = new Map()
    for (const { spec, session } of this.holdings.values()) this.#note(spec, session)
    return null
  }

  /**
   * @returns false if the store's latest session no longer is: only a look at all sessions then tells which one is now
   */
  #bringUp({ spec, sessions }: Listing, newIds: readonly string[]): boolean {
    const newestMs = this.newestMs(spec.ref.id)
    let isLost = false
    for (const id of newIds) {
      const before = this.holdings.get(id)
      const session = sessions.get(id)
      if (session === undefined) this.holdings.delete(id)
      else {
        this.holdings.set(id, { spec, session })
        this.#note(spec, session)
      }
      if (before?.session.updatedMs === newestMs && (session?.updatedMs ?? 0) < newestMs) isLost = true
    }
    return !isLost
  }

  #note({ ref }: SourceSpec, { updatedMs }: ListedSession): void {
    if (updatedMs > this.newestMs(ref.id)) this.#newestMs.set(ref.id, updatedMs)
  }
}

/**
 * Decides from which store each session is read. The order of the listings does not matter.
 *
 * Within one data directory, an older layout that shares any session with a newer one was imported into it and is
 * stale: of its sessions, only those created after the import count. If the time of the import is not known, that is
 * those created after the first session that the newer store alone has. If it is known, sessions that went on in the
 * older layout after the import, and not in the newer one, are also read from the older layout.
 */
export function oneHistory(listings: readonly Listing[]): Map<string, Holding> {
  const holdings = new Map<string, Holding>()
  for (const home of groupBy(listings, (l) => l.spec.home).values()) {
    let newer: ReadonlyMap<string, ListedSession> = new Map()
    const layers = [...groupBy(home, (l) => l.spec.layer)].sort(([a], [b]) => a - b)
    let toldMs: number | null = null
    for (const [, layer] of layers) {
      const older = union(layer.map((l) => l.sessions))
      const imported = [...older.keys()].some((id) => newer.has(id))
      const knownMs = imported && toldMs !== null && isAfterAll(toldMs, newer, older) ? toldMs : null
      const importedMs = imported ? (knownMs ?? firstOwnMs(newer, older)) : Number.NEGATIVE_INFINITY
      const wentOn = ({ id, updatedMs }: ListedSession) =>
        knownMs !== null && updatedMs > knownMs && (newer.get(id)?.updatedMs ?? 0) <= knownMs
      for (const listing of layer) {
        const { spec } = listing
        for (const session of listing.sessions.values()) {
          if (newer.has(session.id) ? !wentOn(session) : imported && session.createdMs <= importedMs) continue
          const held = holdings.get(session.id)
          if (held === undefined || isBetter({ spec, session }, held)) holdings.set(session.id, { spec, session })
        }
      }
      toldMs = layer.reduce<number | null>(
        (ms, l) => (l.importedMs === null ? ms : Math.min(ms ?? l.importedMs, l.importedMs)),
        null,
      )
      newer = union([newer, older])
    }
  }
  return holdings
}

/**
 * Merges the maps; of a session in several of them, the one created first wins. A lone non-empty map is returned as it
 * is.
 */
function union(maps: readonly ReadonlyMap<string, ListedSession>[]): ReadonlyMap<string, ListedSession> {
  const filled = maps.filter((map) => map.size > 0)
  if (filled.length === 1 && filled[0] !== undefined) return filled[0]
  const all = new Map<string, ListedSession>()
  for (const map of filled) {
    for (const [id, session] of map) {
      const held = all.get(id)
      if (held === undefined || session.createdMs < held.createdMs) all.set(id, session)
    }
  }
  return all
}

/** Whether the import can have happened at this time: every session that both stores have was created before it. */
function isAfterAll(
  ms: number,
  newer: ReadonlyMap<string, ListedSession>,
  older: ReadonlyMap<string, ListedSession>,
): boolean {
  for (const { id, createdMs } of older.values()) if (newer.has(id) && createdMs > ms) return false
  return true
}

/** Creation time of the first session that only the newer store has: the import happened before it. */
function firstOwnMs(newer: ReadonlyMap<string, ListedSession>, older: ReadonlyMap<string, ListedSession>): number {
  let first = Number.POSITIVE_INFINITY
  for (const session of newer.values()) if (!older.has(session.id)) first = Math.min(first, session.createdMs)
  return first
}

/** The store with the later update of the session wins; on a tie the newer layout, and finally the store's id. */
function isBetter(a: Holding, b: Holding): boolean {
  if (a.session.updatedMs !== b.session.updatedMs) return a.session.updatedMs > b.session.updatedMs
  return rankOf(a) < rankOf(b)
}

function rankOf({ spec }: Holding): string {
  // An export is a snapshot, so it ranks after every layout.
  const place = spec.ref.kind === 'OPENCODE_EXPORT' ? 9 : spec.layer
  return `${place} ${spec.ref.id}`
}
