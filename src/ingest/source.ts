/**
 * The interface of a source, a place that holds sessions. A new agent is a new folder beside `opencode/` that
 * implements it. Everything here is synchronous: sources are read in worker threads, where that is fastest by far, or
 * on the main thread with pauses between sessions.
 */
import type { SessionContent, SourceRef } from '../records.ts'

/** What is known of a session without reading its messages. Times are UTC milliseconds. */
export interface ListedSession {
  id: string
  parentId: string | null
  createdMs: number
  updatedMs: number
  /** Changes when the session itself or the list of its messages changes; compared, never interpreted. */
  mark: string
  /** Tells the source where to find the session again. */
  place: string
}

export const byId = (sessions: readonly ListedSession[]): Map<string, ListedSession> =>
  new Map(sessions.map((session) => [session.id, session]))

/** A file, row or value that could not be read, while everything around it was. */
export interface Problem {
  path: string
  reason: string
  /** The content itself is unknown, so nobody can tell whether it has changed since. */
  isDamage?: true
}

export interface SessionReading {
  content: SessionContent
  files: number
  bytes: number
  problems: Problem[]
  /** For `Source.isAsRead`; describes exactly what was read. Null if it was not asked for, or cannot be determined. */
  signature: string | null
}

/** The reading of a session that exists but makes no sense. */
export interface FailedReading {
  content: null
  /** Why it makes no sense. */
  problems: Problem[]
}

export interface Source {
  /**
   * Yields the sessions in portions. A session in `known` whose mark is unchanged need not be opened again. Problems
   * are added to `problems`.
   *
   * @param isAgain whether the caller still has this source's last listing
   * @returns whether all sessions were yielded; if not (only with `isAgain`), the others are as in the last listing
   */
  list(
    known: ReadonlyMap<string, ListedSession>,
    problems: Problem[],
    isAgain?: boolean,
  ): Generator<ListedSession[], boolean>
  /**
   * Whether a session is still what was read with this signature; false if that cannot be told. Detects changes that
   * leave the mark unchanged, and costs more than comparing marks but less than reading.
   */
  isAsRead(session: ListedSession, signature: string): boolean
  /**
   * When OpenCode imported the sessions of an older layout into this store (UTC milliseconds); meaningless if it did not,
   * null if unknown. Absent if this kind of store cannot tell.
   */
  importedMs?(): number | null
  /** Null if the session is gone. */
  read(session: ListedSession, withSignature: boolean): SessionReading | FailedReading | null
  /** Called between runs: drops what may change in the meantime, and tells whether the source can be used again. */
  rest(): boolean
  close(): void
}

/** How to open a source; plain data, to be sent to a worker thread. */
export interface SourceSpec {
  ref: SourceRef
  /** `home` groups the stores of one data directory; `layer` orders them by layout, 0 being the newest. */
  home: string
  layer: number
}

/**
 * For this long after something was written, more may follow without a change of the mark: the time that OpenCode gives
 * a session or message can be hundreds of milliseconds older than its last part.
 */
export const UNSETTLED_MS = 60_000

/** A value larger than this is rejected unread, so that memory stays bounded. */
export const MAX_VALUE_BYTES = 48 * 1024 * 1024
