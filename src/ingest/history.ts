/**
 * Several stores can hold one history: OpenCode 1.2 imported the files of 1.1 and left them behind, 1.1 those of 0.5;
 * 1.18 imports nothing. A plain union would show everything twice and bring back what was deleted since.
 */
import { groupBy } from '../group.ts'
import type { ListedSession, SourceSpec } from './source.ts'

export interface Listing {
  spec: SourceSpec
  sessions: ReadonlyMap<string, ListedSession>
  /** Ids of sessions that are new, different or gone since the listing before; null where that is not known. */
  newIds: readonly string[] | null
  /** See `Source.importedMs`. */
  importedMs: number | null
}

export interface Holding {
  spec: SourceSpec
  session: ListedSession
}

/** Brought up to date by what is new, where only one store has anything; otherwise made anew. */
export class History {
  /** For every session, the store that it is read from: see `oneHistory`. */
  holdings = new Map<string, Holding>()
  #newestMs = new Map<string, number>()
  /** The store that alone has anything. */
  #only: string | null = null

  /** Of a store's sessions, when the latest was active. */
  newestMs(sourceId: string): number {
    return this.#newestMs.get(sourceId) ?? 0
  }

  /** @returns ids of all sessions of which something may be new; null for all of them */
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

  /** @returns false where the latest session is that no more: which one is now, only a look at all of them tells */
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
 * For every session, the store that it is read from. The order of the listings does not matter.
 *
 * Within one data directory an older layout that shares any session with a newer one was imported there, and is stale:
 * only what is later than the import counts. That are its sessions made after the newer store's first own one, or after
 * the time of the import, where that is known; then also those that went on in it, and not in the newer store.
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

/** The maps as one, of a session that several hold the one made first; without a copy where only one holds anything. */
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

/** Whether a time can be that of the import: what both stores have was there before it. */
function isAfterAll(
  ms: number,
  newer: ReadonlyMap<string, ListedSession>,
  older: ReadonlyMap<string, ListedSession>,
): boolean {
  for (const { id, createdMs } of older.values()) if (newer.has(id) && createdMs > ms) return false
  return true
}

/** When the first session was made that only the newer store has: the import was before that. */
function firstOwnMs(newer: ReadonlyMap<string, ListedSession>, older: ReadonlyMap<string, ListedSession>): number {
  let first = Number.POSITIVE_INFINITY
  for (const session of newer.values()) if (!older.has(session.id)) first = Math.min(first, session.createdMs)
  return first
}

/** Of two stores that hold a session the one where it is later; of equals the newer layout, and in the end the name. */
function isBetter(a: Holding, b: Holding): boolean {
  if (a.session.updatedMs !== b.session.updatedMs) return a.session.updatedMs > b.session.updatedMs
  return rankOf(a) < rankOf(b)
}

function rankOf({ spec }: Holding): string {
  // An export is a copy of a moment: it comes after every layout.
  const place = spec.ref.kind === 'OPENCODE_EXPORT' ? 9 : spec.layer
  return `${place} ${spec.ref.id}`
}
