/** The context of every resolver: the store, the loaders of the request, and the ingest, live and terminal services. */
import type {
  AnalyticsReader,
  AnomalyReader,
  PatternReader,
  SessionRow,
  StaleRule,
  TextReader,
  TraceReader,
  TraceRow,
} from '../store/store.ts'
import type { LinkedTree } from './linked-tree.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** The part of the context that lives as long as the server. */
export interface Services {
  store: TraceReader & PatternReader & AnalyticsReader & AnomalyReader & TextReader
  ingest: IngestService
  live: LiveService
  terminal: TerminalService
  /** How long nothing may be written to a tree before its running traces count as INTERRUPTED. */
  staleAfterMs: number
  /** The robust z-score from which a value is an anomaly. */
  anomalyThreshold: number
}

/** The whole context: it lives as long as one request. */
export interface Context extends Services {
  /** One "now" for the whole request, so that it can't contradict itself. */
  rule: StaleRule
  loaders: Loaders
  /** The `Last-Event-ID` header, with which a client resumes a subscription after a lost connection; null if absent. */
  lastEventId: string | null
  /** The linked tree of each row that was read as part of one. */
  trees: WeakMap<TraceRow, LinkedTree>
}

export function createContext(services: Services, nowMs = Date.now(), lastEventId: string | null = null): Context {
  const rule: StaleRule = { nowMs, staleAfterMs: services.staleAfterMs }
  const trees = new WeakMap<TraceRow, LinkedTree>()
  // Named one by one: `services` may be a class instance, and a spread would lose its prototype's members.
  const { store, ingest, live, terminal, staleAfterMs, anomalyThreshold } = services
  const loaders = createLoaders(store, rule, anomalyThreshold, trees)
  return { store, ingest, live, terminal, staleAfterMs, anomalyThreshold, lastEventId, rule, trees, loaders }
}

// ---------------------------------------------------------------- reading OpenCode's files

export type IngestStatus = 'IDLE' | 'RUNNING' | 'WATCHING' | 'FAILED'

export interface SourceReport {
  /** `<kind>:<path>`, see SourceRef. */
  sourceId: string
  sessions: number
  files: number
  bytes: number
  rejected: number
}

export interface Rejected {
  path: string
  reason: string
  atMs: number
}

export interface IngestReport {
  status: IngestStatus
  startedAtMs: number | null
  finishedAtMs: number | null
  durationMs: number | null
  /**
   * For the user: what is being served, or what went wrong and what to do about it. Null if there is nothing to say.
   */
  message: string | null
  /** Whether the bundled recordings are served because no OpenCode data was found. */
  demo: boolean
  /** What the store holds; queried lazily, since most callers only want the status. */
  findings(): Promise<Findings>
}

export interface Findings {
  sources: SourceReport[]
  rejected: Rejected[]
}

export interface IngestService {
  report(): IngestReport
  /** Ingests what has changed; resolves when that is done. */
  ingestNow(): Promise<IngestReport>
}

// ---------------------------------------------------------------- live changes

export interface Change {
  /** Opaque; passed as `after`, it resumes the stream after this change. */
  cursor: string
  /** False if more has changed than is listed here. */
  complete: boolean
  /** The root sessions of the trees that changed. */
  sessionIds: string[]
  removedSessionIds: string[]
  traceIds: string[]
  removedTraceIds: string[]
  atMs: number
}

export interface IngestProgress {
  /** In sessions, as is `total`. */
  done: number
  total: number
  phase: string
  elapsedMs: number
}

export interface LiveService {
  /**
   * Changes from now on, or since the cursor `after`: those that were missed come first.
   *
   * @param scope limits the changes to the tree of one session; `rootId` is its root session as known so far
   */
  changes(after: string | null, scope: { sessionId: string; rootId: string } | null): AsyncIterableIterator<Change>
  progress(): AsyncIterableIterator<IngestProgress>
}

// ---------------------------------------------------------------- the user's terminal

export interface OpenSessionResult {
  opened: boolean
  /** The command to type in a shell to do the same. */
  command: string
  /** Why no terminal was opened; null when one was. */
  message: string | null
}

export interface TerminalService {
  openSession(session: Pick<SessionRow, 'id' | 'directory'>): Promise<OpenSessionResult>
}
