/** The options and the result of an ingest run, and the state that it holds while it is under way. */
import type { SavedChange, SourceState, StoredRejection, TraceWriter } from '../store/store.ts'
import type { Hand } from './crew.ts'
import type { Families } from './families.ts'
import type { Holding } from './history.ts'
import type { Memory } from './memory.ts'
import type { Saver } from './saver.ts'
import type { Problem, SourceSpec } from './source.ts'
import type { Known } from './stamp.ts'

export interface IngestOptions {
  store: TraceWriter
  /** Called at every run, since sources may appear and disappear. */
  findSources: () => SourceSpec[]
  /**
   * Maximum number of reading threads; 0 reads on the main thread. Chosen by processors and kind of source by default.
   */
  threads?: number | undefined
  /** A worker thread that was started ahead: see `startReader`. */
  hand?: Hand | undefined
  /** Called at most ten times a second, and at the end. */
  onProgress?: (progress: IngestProgress) => void
  /** Called after every transaction of traces. */
  onSaved?: (change: SavedChange) => void
  now?: () => number
}

export interface IngestProgress {
  phase: 'looking' | 'reading' | 'done'
  /** In sessions, as is `total`. */
  done: number
  total: number
  elapsedMs: number
}

export interface IngestResult {
  startedAtMs: number
  finishedAtMs: number
  /** Number of sessions whose messages and parts were read. */
  sessionsRead: number
  sessionsRemoved: number
  /** Whether any sessions were saved or removed, or the set of sources differs. */
  changed: boolean
  sources: SourceState[]
  /** Last states of sources that no longer exist; sessions that were read from no other source are gone. */
  sourcesGone: SourceState[]
  /** Sources that could not be read at all; what was read from them earlier stays. */
  unreadable: Problem[]
  /** The first rejections; `rejectedCount` counts all. */
  rejected: StoredRejection[]
  rejectedCount: number
}

/** The state of one run, from listing to saving. */
export interface Run {
  options: IngestOptions & { now: () => number }
  memory: Memory
  startedAtMs: number
  /** Paths of private copies of sources that could not be opened in place, by source id. */
  copies: Map<string, string>
  /** The store from which each session is read, by session id. */
  holdings: ReadonlyMap<string, Holding>
  families: Families
  /** Ids of sessions that have to be read. */
  fresh: Set<string>
  /** Ids of sessions that no source has any more. */
  removed: Set<string>
  /** By id, for sessions read in this run: see `Known.version`. */
  versions: Map<string, number>
  /** Sessions read in this run. Each becomes permanently known when its family is handed to the saver. */
  read: Map<string, Known>
  /** Why a source could not be read completely, by source id. */
  failed: Map<string, string>
  /** Those of the failed sources that could not even be listed. */
  unreadable: Problem[]
  saver: Saver
  sessionsRead: number
  /** Sessions to be read, as far as is known yet. */
  total: number
  progress: (phase: IngestProgress['phase'], done: number, total: number) => void
}
