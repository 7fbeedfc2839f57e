/** A store in memory that keeps the promises of `TraceWriter`, for tests of what fills it. */
import type { Session, Trace } from '../../src/records.ts'
import type {
  SaveBatch,
  SessionLink,
  SessionStamp,
  SourceState,
  StoredRejection,
  TraceWriter,
} from '../../src/store/store.ts'

export interface MemoryStore extends TraceWriter {
  sessions: Map<string, Session>
  traces: Map<string, Trace>
  stamps: Map<string, SessionStamp>
  links: SessionLink[]
  states: SourceState[]
  rejections: StoredRejection[]
  batches: SaveBatch[]
  /** Everything that a reader could see, in a fixed order. */
  table(): { sessions: Session[]; traces: Trace[] }
}

export function memoryStore(): MemoryStore {
  const sessions = new Map<string, Session>()
  const traces = new Map<string, Trace>()
  const stamps = new Map<string, SessionStamp>()
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  const store: MemoryStore = {
    sessions,
    traces,
    stamps,
    links: [],
    states: [],
    rejections: [],
    batches: [],
    table: () => ({ sessions: [...sessions.values()].sort(byId), traces: [...traces.values()].sort(byId) }),
    async saveTraces(batch) {
      store.batches.push(batch)
      const roots = new Set([...batch.forests.flatMap((f) => f.sessionIds), ...batch.removedSessionIds])
      const before = new Map(traces)
      const sessionsBefore = new Map(sessions)
      for (const [id, trace] of traces) if (roots.has(trace.rootSessionId)) traces.delete(id)
      for (const [id, session] of sessions) if (roots.has(session.rootId)) sessions.delete(id)
      for (const forest of batch.forests) {
        if ('kind' in forest) throw new Error('forests come packed from other threads alone')
        for (const session of forest.sessions) sessions.set(session.id, session)
        for (const trace of forest.traces) traces.set(trace.id, trace)
      }
      for (const id of batch.removedSessionIds) stamps.delete(id)
      for (const stamp of batch.stamps) stamps.set(stamp.sessionId, stamp)
      for (const link of batch.links) store.links.push(link)
      if (batch.sources !== undefined) await store.saveSources(batch.sources)
      return {
        sessionIds: [...roots],
        traceIds: [...traces.keys()].filter((id) => !before.has(id)),
        removedTraceIds: [...before.keys()].filter((id) => !traces.has(id)),
        removedSessionIds: [...sessionsBefore.keys()].filter((id) => !sessions.has(id)),
        rootOf: new Map([
          ...[...before, ...traces].map(([id, { rootSessionId }]) => [id, rootSessionId] as const),
          ...[...sessionsBefore, ...sessions].map(([id, { rootId }]) => [id, rootId] as const),
        ]),
        movedFrom: new Map(),
      }
    },
    async saveSources({ states, rejections }) {
      store.states = [...states]
      store.rejections = [...(rejections ?? store.rejections)]
    },
    loadSources: async () => store.states,
    loadRejections: async () => store.rejections,
    loadStamps: async (sourceId) => [...stamps.values()].filter((stamp) => stamp.sourceId === sourceId),
    loadLinks: async () => store.links,
    giveWay: async () => {},
  }
  return store
}
