/**
 * What an ingester keeps between runs: for every session just enough to tell whether it has changed, and no history.
 */

import { createPace } from '../pace.ts'
import type { SourceState, StoredRejection, TraceWriter } from '../store/store.ts'
import type { Families } from './families.ts'
import { History } from './history.ts'
import { KnownSessions } from './known.ts'
import { Links } from './links.ts'
import type { ListedSession, SourceSpec } from './source.ts'
import { fromStamp } from './stamp.ts'

interface HeldListing {
  serial: number
  fingerprint: string | null
  sessions: Map<string, ListedSession>
  importedMs: number | null
}

export interface Memory {
  known: KnownSessions
  history: History
  /** Ids of sessions that the last run had to read and could not. */
  unread: ReadonlySet<string>
  links: Links
  /** The families of all known sessions; null until a run has rebuilt them after stamps were loaded. */
  families: Families | null
  /** The saved state of each source, by id; null until loaded. */
  states: Map<string, SourceState> | null
  /** Ids of the sources whose stamps were loaded. */
  loaded: Set<string>
  /**
   * The last listing of each source. The reader knows it by `serial`; an equal fingerprint means that nothing has
   * changed.
   */
  listings: Map<string, HeldListing>
  /**
   * What the reading thread may hold open, by source id, with the file's `identity` when it was opened; null if
   * unknown.
   */
  opened: Map<string, { spec: SourceSpec; identity: string | null }>
  /** What could not be listed or read, by source id, with the time when it was first seen. */
  problems: Map<string, Map<string, StoredRejection>>
  /** `keyOfRejections` of the rejections that were saved last. */
  rejected: string
  /** The rejections that were saved before this process started. */
  rejectedBefore: readonly StoredRejection[]
}

export const emptyMemory = (): Memory => ({
  known: new KnownSessions(),
  history: new History(),
  unread: new Set(),
  links: new Links(),
  families: null,
  states: null,
  loaded: new Set(),
  listings: new Map(),
  opened: new Map(),
  problems: new Map(),
  rejected: '',
  rejectedBefore: [],
})

/** Gives the saved states of the sources by id, and loads them with links and rejections the first time. */
export async function loadStates(memory: Memory, store: TraceWriter): Promise<Map<string, SourceState>> {
  if (memory.states !== null) return memory.states
  const [saved, links, rejected] = await Promise.all([store.loadSources(), store.loadLinks(), store.loadRejections()])
  memory.rejected = keyOfRejections(rejected)
  memory.rejectedBefore = rejected
  for (const link of links) memory.links.add(link)
  memory.states = new Map(saved.map((state) => [state.source.id, state]))
  return memory.states
}

/**
 * Loads the stamps of the sources, once each. This takes a while in a long history, so it is done only after a change.
 */
export async function loadStamps(memory: Memory, store: TraceWriter, sourceIds: Iterable<string>): Promise<void> {
  for (const id of sourceIds) {
    if (memory.loaded.has(id)) continue
    memory.loaded.add(id)
    memory.families = null
    const pace = createPace()
    for (const stamp of await store.loadStamps(id)) {
      const known = fromStamp(stamp)
      if (known !== null) memory.known.set(known)
      if (pace.isDue()) await pace.rest()
    }
  }
}

export const keyOfRejections = (rejected: readonly StoredRejection[]): string =>
  JSON.stringify(rejected.map(({ sourceId, path, reason }) => [sourceId, path, reason].join('\n')).sort())
