/** What every resolver gets: the store, the request's loaders, and the two services that do something. */
import type {
  AnalyticsReader,
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
  store: TraceReader & PatternReader & AnalyticsReader & TextReader
  ingest: IngestService
  terminal: TerminalService
  /** How long a tree may be silent before what runs in it counts as INTERRUPTED. */
  staleAfterMs: number
}

/** What lives as long as one request does. */
export interface Context extends Services {
  /** One "now" for the whole request, so that it can't contradict itself. */
  rule: StaleRule
  loaders: Loaders
  /** Of rows that were read as part of a whole tree: that tree, linked. */
  trees: WeakMap<TraceRow, LinkedTree>
}

export function createContext(services: Services, nowMs = Date.now()): Context {
  const rule: StaleRule = { nowMs, staleAfterMs: services.staleAfterMs }
  const trees = new WeakMap<TraceRow, LinkedTree>()
  // Named one by one: services may be an instance whose methods a spread would lose.
  const { store, ingest, terminal, staleAfterMs } = services
  return { store, ingest, terminal, staleAfterMs, rule, trees, loaders: createLoaders(store, rule, trees) }
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
  sources: SourceReport[]
  rejected: Rejected[]
}

export interface IngestService {
  report(): Promise<IngestReport>
  /** Reads what has changed and resolves when that is done. */
  ingestNow(): Promise<IngestReport>
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
