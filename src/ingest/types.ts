/** What a run of the ingester is given, what it gives, and what it holds meanwhile. */
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
  /** Asked at every run: sources may appear and go. */
  findSources: () => SourceSpec[]
  /** Reading threads at most; 0 reads in the main thread. Unless said, by the processors and the kind of the sources. */
  threads?: number | undefined
  /** A thread that was started already: see `startReader`. */
  hand?: Hand | undefined
  /** At most ten times a second. */
  onProgress?: (progress: IngestProgress) => void
  /** After every transaction. */
  onSaved?: (change: SavedChange) => void
  now?: () => number
}

export interface IngestProgress {
  phase: 'looking' | 'reading' | 'done'
  /** Sessions. */
  done: number
  total: number
  elapsedMs: number
}

export interface IngestResult {
  startedAtMs: number
  finishedAtMs: number
  /** Sessions whose messages and parts were read. */
  sessionsRead: number
  sessionsRemoved: number
  /** Anything was saved. */
  changed: boolean
  sources: SourceState[]
  /** Sources of before that are not among those of now, as they were: what was read of them alone is gone. */
  sourcesGone: SourceState[]
  /** Sources of which nothing could be read at all; what was read of them before stays. */
  unreadable: Problem[]
  /** The first of them; `rejectedCount` counts all. */
  rejected: StoredRejection[]
  rejectedCount: number
}

/** One run, from looking to saving. */
export interface Run {
  options: IngestOptions & { now: () => number }
  memory: Memory
  startedAtMs: number
  /** Of sources that could not be opened where they are: private copies, by the source's id. */
  copies: Map<string, string>
  /** For every session, the store that it is read from. */
  holdings: ReadonlyMap<string, Holding>
  families: Families
  /** Ids of sessions that have to be read. */
  fresh: Set<string>
  /** Ids of sessions that no source has any more. */
  removed: Set<string>
  /** Of the sessions that are read in this run: see `Known.version`. */
  versions: Map<string, number>
  /** What was read in this run; it is known for good when its family is saved. */
  read: Map<string, Known>
  /** Of sources of which something could not be read as it should, by their ids: why. */
  failed: Map<string, string>
  /** Those among them that could not even be listed. */
  unreadable: Problem[]
  saver: Saver
  sessionsRead: number
  /** Sessions to be read, as far as is known. */
  total: number
  progress: (phase: IngestProgress['phase'], done: number, total: number) => void
}
