/**
 * What delegraph asks of a place that holds sessions. A new agent is a new folder beside `opencode/` with functions of
 * this shape. Everything here is synchronous: sources are read in worker threads, where that is fastest by far, or
 * in the main thread with pauses between the sessions.
 */
import type { SessionContent, SourceRef } from '../records.ts'

/** What is known of a session without reading its messages. */
export interface ListedSession {
  id: string
  parentId: string | null
  createdMs: number
  updatedMs: number
  /** Differs when the session itself, or the list of its messages, has changed; compared, never interpreted. */
  mark: string
  /** Where the source finds it again. */
  place: string
}

export const byId = (sessions: readonly ListedSession[]): Map<string, ListedSession> =>
  new Map(sessions.map((session) => [session.id, session]))

/** A file, row or value that could not be read; everything around it was. */
export interface Problem {
  path: string
  reason: string
  /** What stands there is unknown, and so is whether it is still the same. */
  isDamage?: true
}

export interface SessionReading {
  content: SessionContent
  files: number
  bytes: number
  problems: Problem[]
  /** For `Source.isAsRead`; it belongs to exactly what was read. Null where it was not asked for, or cannot be told. */
  signature: string | null
}

/** Of a session that is there and makes no sense. */
export interface FailedReading {
  content: null
  /** Why. */
  problems: Problem[]
}

export interface Source {
  /**
   * The sessions, in portions. `known` spares opening what has not changed since. Problems go into `problems`.
   *
   * @param isAgain the asker has what this source listed last
   * @returns whether these were all; otherwise the others are what they were then (only where `isAgain`)
   */
  list(
    known: ReadonlyMap<string, ListedSession>,
    problems: Problem[],
    isAgain?: boolean,
  ): Generator<ListedSession[], boolean>
  /**
   * Whether a session is what it was when it was read with this signature; false also where that cannot be told. Finds
   * what the mark does not show, and costs more than the mark, less than reading.
   */
  isAsRead(session: ListedSession, signature: string): boolean
  /** When it took in the sessions of an older layout, should it have; absent where that does not show. */
  importedMs?(): number | null
  /** Null when the session is gone. */
  read(session: ListedSession, withSignature: boolean): SessionReading | FailedReading | null
  /** Between two runs: lets go of what may change meanwhile, and says whether it can be used again. */
  rest(): boolean
  close(): void
}

/** How to open a source; plain data, so that a worker thread can be told. */
export interface SourceSpec {
  ref: SourceRef
  /** `home` groups the stores of one data directory; `layer` says which of them is newer (0 the newest). */
  home: string
  layer: number
}

/**
 * So long after something was written, what belongs to it may still be: the time that OpenCode gives a session or a
 * message can be hundreds of milliseconds older than its last part.
 */
export const UNSETTLED_MS = 60_000

/** A value larger than this is rejected unread, so that memory stays bounded. */
export const MAX_VALUE_BYTES = 48 * 1024 * 1024
