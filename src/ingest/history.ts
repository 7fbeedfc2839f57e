/**
 * Several stores can hold one history: OpenCode 1.2 imported the files of 1.1 and left them behind, 1.1 those of 0.5;
 * 1.18 imports nothing. A plain union would show everything twice and bring back what was deleted since.
 */
import type { ListedSession, SourceSpec } from './source.ts'

export interface Listing {
  spec: SourceSpec
  sessions: ReadonlyMap<string, ListedSession>
}

export interface Holding {
  listing: Listing
  session: ListedSession
}

/**
 * For every session, the store that it is read from. The order of the listings does not matter.
 *
 * Within one data directory an older layout that shares any session with a newer one was imported there, and is stale:
 * only its sessions made after the newer store's first own one are later than the import, and count.
 */
export function oneHistory(listings: readonly Listing[]): Map<string, Holding> {
  const holdings = new Map<string, Holding>()
  for (const home of groupBy(listings, (l) => l.spec.home).values()) {
    let newer: ReadonlyMap<string, ListedSession> = new Map()
    const layers = [...groupBy(home, (l) => l.spec.layer)].sort(([a], [b]) => a - b)
    for (const [, layer] of layers) {
      const older = union(layer.map((l) => l.sessions))
      const imported = [...older.keys()].some((id) => newer.has(id))
      const importedMs = imported ? firstOwnMs(newer, older) : Number.NEGATIVE_INFINITY
      for (const listing of layer) {
        for (const session of listing.sessions.values()) {
          if (newer.has(session.id) || (imported && session.createdMs <= importedMs)) continue
          const held = holdings.get(session.id)
          if (held === undefined || isBetter({ listing, session }, held)) holdings.set(session.id, { listing, session })
        }
      }
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

function rankOf({ listing: { spec } }: Holding): string {
  const place = spec.ref.kind === 'OPENCODE_EXPORT' ? 9 : spec.layer
  return `${place} ${spec.ref.id}`
}

function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
