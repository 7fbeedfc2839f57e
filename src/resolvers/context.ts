/** What every resolver gets: the store, the request's loaders, and the two services that do something. */
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

/** What lives as long as the server does. */
export interface Services {
  store: TraceReader & PatternReader & AnalyticsReader & AnomalyReader & TextReader
  ingest: IngestService
  live: LiveService
  terminal: TerminalService
  /** How long a tree may be silent before what runs in it counts as INTERRUPTED. */
  staleAfterMs: number
  /** From which robust z-score on something stands out. */
  anomalyThreshold: number
}

/** What lives as long as one request does. */
export interface Context extends Services {
  /** One "now" for the whole request, so that it can't contradict itself. */
  rule: StaleRule
  loaders: Loaders
  /** Where a subscriber that lost its connection wants to go on (`Last-Event-ID`); null when it does not say. */
  lastEventId: string | null
  /** Of rows that were read as part of a whole tree: that tree, linked. */
  trees: WeakMap<TraceRow, LinkedTree>
}

export function createContext(services: Services, nowMs = Date.now(), lastEventId: string | null = null): Context {
  const rule: StaleRule = { nowMs, staleAfterMs: services.staleAfterMs }
  const trees = new WeakMap<TraceRow, LinkedTree>()
  // Named one by one: services may be an instance whose methods a spread would lose.
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
  /** For a person: what is being served, or what went wrong and what to do. Null when there is nothing to say. */
  message: string | null
  /** No data of OpenCode's was found: the bundled recordings are served instead. */
  demo: boolean
  /** What the store has of it: asked there when it is first wanted, since most who ask want to know the status. */
  findings(): Promise<Findings>
}

export interface Findings {
  sources: SourceReport[]
  rejected: Rejected[]
}

export interface IngestService {
  report(): IngestReport
  /** Reads what has changed and resolves when that is done. */
  ingestNow(): Promise<IngestReport>
}

// ---------------------------------------------------------------- what happens while it happens

export interface Change {
  /** Says where to go on after this one: opaque. */
  cursor: string
  /** False: more has changed than is named here. */
  complete: boolean
  /** Root sessions of the trees in which something changed. */
  sessionIds: string[]
  removedSessionIds: string[]
  traceIds: string[]
  removedTraceIds: string[]
  atMs: number
}

export interface IngestProgress {
  /** Sessions. */
  done: number
  total: number
  phase: string
  elapsedMs: number
}

export interface LiveService {
  /**
   * From now on, or from `after` on: what was missed comes at once.
   *
   * @param scope the tree of one session, with its root as far as it is known
   */
  changes(after: string | null, scope: { sessionId: string; rootId: string } | null): AsyncIterableIterator<Change>
  progress(): AsyncIterableIterator<IngestProgress>
}

// ---------------------------------------------------------------- the user's terminal

export interface OpenSessionResult {
  opened: boolean
  /** What a person types to do the same. */
  command: string
  /** Why no terminal was opened; null when one was. */
  message: string | null
}

export interface TerminalService {
  openSession(session: Pick<SessionRow, 'id' | 'directory'>): Promise<OpenSessionResult>
}
