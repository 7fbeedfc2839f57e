/** What a reader is asked and answers: plain data, which goes from thread to thread. */
import type { Forest } from '../records.ts'
import type { PackedForest, SessionLink } from '../store/store.ts'
import type { ListedSession, Problem, SourceSpec } from './source.ts'
import type { SessionFacts } from './stamp.ts'

export interface ListRequest {
  kind: 'list'
  spec: SourceSpec
  /** The listing of this reader's that the asker holds; null where it holds none. */
  since: number | null
  /** What it knows without one. */
  known: ListedSession[]
}
export interface ListAnswer {
  /** Names this listing. */
  serial: number
  /** Whether `sessions` are all there are, and not what is new or different since the listing that the asker holds. */
  whole: boolean
  sessions: ListedSession[]
  /** In the asker's listing, and gone. */
  removedIds: string[]
  problems: Problem[]
  /** See `Source.importedMs`. */
  importedMs: number | null
  /** Why the source could not be listed at all. */
  failure: string | null
  /** A private copy that has to be opened in its place, and removed in the end. */
  copy: string | null
}

/** Which of these are no longer what was read. */
export interface ChangesRequest {
  kind: 'changes'
  spec: SourceSpec
  copy: string | null
  /** See `Source.isAsRead`. */
  sessions: { session: ListedSession; signature: string }[]
}
export interface ChangesAnswer {
  changedIds: string[]
}

export interface Member {
  spec: SourceSpec
  copy: string | null
  session: ListedSession
  /** It has to be read even if a digest is at hand. */
  fresh: boolean
  /** Of which reading a digest at hand must be. */
  version: number
  withSignature: boolean
  /** What was active since is unsettled, and needs a signature. */
  settledBeforeMs: number
}
export interface FamilyRequest {
  kind: 'families'
  families: Member[][]
  /** Keep the digests for the next time. */
  keep: boolean
}
/** Sessions of a family so large that several threads read it; one of them then builds it. */
export interface DigestRequest {
  kind: 'digests'
  members: Member[]
}
export interface DigestAnswer {
  notes: Note[]
  /** Serialized: whoever builds the family makes sense of them, and nobody on the way. Null where they could not be read. */
  digests: Uint8Array<ArrayBuffer> | null
  failure: string | null
  readMs: number
}
export interface BuildRequest {
  kind: 'build'
  members: Member[]
  /** Of all of them, in portions. */
  digests: Uint8Array<ArrayBuffer>[]
}

export interface Note extends SessionFacts {
  id: string
  /** It vanished between listing and reading. */
  gone: boolean
}
export interface FamilyAnswer {
  notes: Note[]
  /** Calls that name other sessions than the caller's children. */
  links: SessionLink[]
  /** Null where the family could not be read. */
  forest: Forest | PackedForest | null
  /** Why the family could not be read; nothing of it counts then. */
  failure: string | null
  /** What reading it took. */
  readMs: number
}

export type Request = ListRequest | ChangesRequest | FamilyRequest | DigestRequest | BuildRequest
export type Answer = ListAnswer | ChangesAnswer | FamilyAnswer[] | DigestAnswer | FamilyAnswer
