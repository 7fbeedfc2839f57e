/** What an ingester holds between its runs: of every session what tells whether it has changed, and no history. */
import type { SessionLink, SourceState, StoredRejection, TraceWriter } from '../store/store.ts'
import { createPace } from './pace.ts'
import type { ListedSession } from './source.ts'
import { fromStamp, type Known } from './stamp.ts'

export interface Memory {
  known: Map<string, Known>
  links: Map<string, SessionLink>
  /** Null before they were loaded. */
  states: Map<string, SourceState> | null
  /** Sources whose stamps were loaded. */
  loaded: Set<string>
  /** Of sources that tell cheaply whether anything has changed. */
  listings: Map<string, { fingerprint: string; sessions: ReadonlyMap<string, ListedSession> }>
  /** What could not be listed or read, by source, with the time when it was first seen. */
  problems: Map<string, Map<string, StoredRejection>>
  /** What was last saved of rejections. */
  rejected: string
}

export const emptyMemory = (): Memory => ({
  known: new Map(),
  links: new Map(),
  states: null,
  loaded: new Set(),
  listings: new Map(),
  problems: new Map(),
  rejected: '',
})

export const keyOfLink = (link: SessionLink): string => `${link.fromSessionId} ${link.toSessionId}`

/** Gives the states that were saved. Stamps are loaded once a source, of those that were and of those that are. */
export async function load(
  memory: Memory,
  store: TraceWriter,
  sourceIds: readonly string[],
): Promise<Map<string, SourceState>> {
  let { states } = memory
  if (states === null) {
    const [saved, links, rejected] = await Promise.all([store.loadSources(), store.loadLinks(), store.loadRejections()])
    states = memory.states = new Map(saved.map((state) => [state.source.id, state]))
    memory.rejected = keyOfRejections(rejected)
    for (const link of links) memory.links.set(keyOfLink(link), link)
  }
  for (const id of [...states.keys(), ...sourceIds]) {
    if (memory.loaded.has(id)) continue
    memory.loaded.add(id)
    const pace = createPace()
    for (const stamp of await store.loadStamps(id)) {
      const known = fromStamp(stamp)
      if (known !== null) memory.known.set(stamp.sessionId, known)
      if (pace.isDue()) await pace.rest()
    }
  }
  return states
}

export const keyOfRejections = (rejected: readonly StoredRejection[]): string =>
  JSON.stringify(rejected.map(({ sourceId, path, reason }) => [sourceId, path, reason].join('\n')).sort())
