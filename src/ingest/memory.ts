/** What an ingester holds between its runs: of every session what tells whether it has changed, and no history. */

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
  /** Ids of sessions that the last run had to read, and could not. */
  unread: ReadonlySet<string>
  links: Links
  /** Of all that is known; null while stamps are not among it. */
  families: Families | null
  /** Null before they were loaded. */
  states: Map<string, SourceState> | null
  /** Sources whose stamps were loaded. */
  loaded: Set<string>
  /** The last listing of each source: the reader knows it by `serial`; equal fingerprints tell that nothing has changed. */
  listings: Map<string, HeldListing>
  /** What the reading thread may hold open, by source, with what it was when it was opened (see `identity`). */
  opened: Map<string, { spec: SourceSpec; identity: string | null }>
  /** What could not be listed or read, by source, with the time when it was first seen. */
  problems: Map<string, Map<string, StoredRejection>>
  /** What was last saved of rejections. */
  rejected: string
  /** As they were saved before this process began. */
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

/** Gives the states that were saved; loaded once. */
export async function loadStates(memory: Memory, store: TraceWriter): Promise<Map<string, SourceState>> {
  if (memory.states !== null) return memory.states
  const [saved, links, rejected] = await Promise.all([store.loadSources(), store.loadLinks(), store.loadRejections()])
  memory.rejected = keyOfRejections(rejected)
  memory.rejectedBefore = rejected
  for (const link of links) memory.links.add(link)
  memory.states = new Map(saved.map((state) => [state.source.id, state]))
  return memory.states
}

/** Loads the stamps of sources, once each. In a long history that takes a while: only where something has changed. */
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
