/** Requests to a reader and its answers: plain data, passed between threads. */
import type { Forest } from '../records.ts'
import type { PackedForest, SessionLink } from '../store/store.ts'
import type { ListedSession, Problem, SourceSpec } from './source.ts'
import type { SessionFacts } from './stamp.ts'

export interface ListRequest {
  kind: 'list'
  spec: SourceSpec
  /** Serial of this reader's listing that the caller holds; null if it holds none. */
  since: number | null
  /** The sessions that the caller knows without a listing. */
  known: ListedSession[]
}
export interface ListAnswer {
  /** Identifies this listing. */
  serial: number
  /** Whether `sessions` are all sessions of the source, not just those added or changed since the caller's listing. */
  whole: boolean
  sessions: ListedSession[]
  /** Sessions in the caller's listing that are gone. */
  removedIds: string[]
  problems: Problem[]
  /** See `Source.importedMs`. */
  importedMs: number | null
  /** Why the source could not be listed at all. */
  failure: string | null
  /** Path of a private copy to be opened instead of the source; the caller removes it in the end. */
  copy: string | null
}

/** Asks which of these sessions are no longer what was read. */
export interface ChangesRequest {
  kind: 'changes'
  spec: SourceSpec
  copy: string | null
  /** `signature`: see `Source.isAsRead`. */
  sessions: { session: ListedSession; signature: string }[]
}
export interface ChangesAnswer {
  changedIds: string[]
}

export interface Member {
  spec: SourceSpec
  copy: string | null
  session: ListedSession
  /** The session has to be read even if a digest of it is kept. */
  fresh: boolean
  /** The reading that a kept digest must come from: see `Known.version`. */
  version: number
  withSignature: boolean
  /** Sessions active since this time (UTC ms) are unsettled, and need a signature. */
  settledBeforeMs: number
}
export interface FamilyRequest {
  kind: 'families'
  families: Member[][]
  /** Whether to keep the digests for the next request. */
  keep: boolean
}
/** Some sessions of a family so large that several threads read it; one of them then builds it. */
export interface DigestRequest {
  kind: 'digests'
  members: Member[]
}
export interface DigestAnswer {
  notes: Note[]
  /** Serialised, since only the thread that builds the family needs them. Null if the sessions could not be read. */
  digests: Uint8Array<ArrayBuffer> | null
  failure: string | null
  readMs: number
}
export interface BuildRequest {
  kind: 'build'
  members: Member[]
  /** The digests of all members, in portions. */
  digests: Uint8Array<ArrayBuffer>[]
}

export interface Note extends SessionFacts {
  id: string
  /** The session was listed, but was gone or its file unreadable when it was to be read. */
  gone: boolean
}
export interface FamilyAnswer {
  notes: Note[]
  /** Links to sessions that calls name and that are not the caller's children. */
  links: SessionLink[]
  /** Null if the family could not be read or built. */
  forest: Forest | PackedForest | null
  /** Why the family could not be read or built; the rest of the answer is then void. */
  failure: string | null
  /** Time spent reading, in milliseconds. */
  readMs: number
}

export type Request = ListRequest | ChangesRequest | FamilyRequest | DigestRequest | BuildRequest
export type Answer = ListAnswer | ChangesAnswer | FamilyAnswer[] | DigestAnswer | FamilyAnswer
