/**
 * The part of ingest that takes time: listing, reading, digesting and building. It runs in worker threads (`crew.ts`)
 * or in the main thread; in both it goes step by step, so that the main thread can breathe in between.
 */
import { accessSync, chmodSync, constants, copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { messageOf } from '../errors.ts'
import type { Forest } from '../records.ts'
import { makeScratch } from '../scratch.ts'
import type { PackedForest, SessionLink } from '../store/store.ts'
import { buildForest, digestSession, type SessionDigest } from '../trace/build.ts'
import { fingerprint, openSource } from './opencode/open.ts'
import { isUnwritable } from './opencode/sqlite-file.ts'
import { noMessageCounts } from './opencode/sqlite-listing.ts'
import type { FailedReading, ListedSession, Problem, SessionReading, Source, SourceSpec } from './source.ts'
import { MAX_PROBLEMS } from './stamp.ts'

// ---------------------------------------------------------------- what is asked and answered; plain data

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

/** What reading a session told of it. */
export interface Note {
  id: string
  /** It vanished between listing and reading. */
  gone: boolean
  firstMs: number | null
  copiedFromMs: number | null
  lastActivityMs: number
  running: boolean
  /** It is there and makes no sense. */
  senseless: boolean
  files: number
  bytes: number
  problems: Problem[]
  problemCount: number
  signature: string | null
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

// ---------------------------------------------------------------- the reader

export interface Reader {
  list(request: ListRequest): Generator<void, ListAnswer>
  changes(request: ChangesRequest): Generator<void, ChangesAnswer>
  families(request: FamilyRequest): Generator<void, FamilyAnswer[]>
  digests(request: DigestRequest): Generator<void, DigestAnswer>
  build(request: BuildRequest): Generator<void, FamilyAnswer>
  /** After a run: closes what the next one has to open anew; digests stay. */
  rest(): void
  close(): void
}

/** Of digests kept for the next change of their family, by `weightOf`: about twice what they take. */
const KEPT_BYTES = 64 * 1024 * 1024

/** @param finish brings what was built into the form in which it is handed over */
export function createReader(finish: (forest: Forest) => Forest | PackedForest): Reader {
  const open = new Map<string, Source>()
  const counts = new Map<string, ReturnType<typeof noMessageCounts>>()
  const listings = new Map<string, { serial: number; sessions: Map<string, ListedSession> }>()
  let lastSerial = 0
  const kept = new Map<string, { version: number; mark: string; digest: SessionDigest; bytes: number; use: number }>()
  let keptBytes = 0
  /** Counts the requests for families. */
  let use = 0

  function sourceOf(spec: SourceSpec, copy: string | null): Source {
    const key = copy ?? spec.ref.id
    const held = open.get(key)
    if (held !== undefined) return held
    const counted = counts.get(spec.ref.id) ?? noMessageCounts()
    counts.set(spec.ref.id, counted)
    const source = openSource(spec, copy ?? undefined, counted)
    open.set(key, source)
    return source
  }

  /**
   * What was not used for longest makes room. What this very request has used does not: of a family that is larger than
   * the room, the next change would find none, since each of its digests would have made room for the last ones.
   */
  function keep(key: string, version: number, mark: string, digest: SessionDigest): void {
    const bytes = weightOf(digest)
    forget(key)
    for (const [oldest, entry] of kept) {
      if (keptBytes + bytes <= KEPT_BYTES || entry.use === use) break
      forget(oldest)
    }
    if (keptBytes + bytes > KEPT_BYTES) return
    kept.set(key, { version, mark, digest, bytes, use })
    keptBytes += bytes
  }

  function forget(key: string): void {
    keptBytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }

  function* list({ spec, since, known }: ListRequest): Generator<void, ListAnswer> {
    const held = listings.get(spec.ref.id)
    const before = held !== undefined && held.serial === since ? held.sessions : null
    const answer: ListAnswer = {
      serial: ++lastSerial,
      whole: before === null,
      sessions: [],
      removedIds: [],
      problems: [],
      failure: null,
      copy: null,
    }
    try {
      let source: Source
      try {
        source = sourceOf(spec, null)
      } catch (error) {
        answer.copy = isUnwritable(error) ? privateCopy(spec) : null
        if (answer.copy === null) throw error
        source = sourceOf(spec, answer.copy)
      }
      const found = new Map<string, ListedSession>()
      const portions = source.list(held?.sessions ?? byId(known), answer.problems, held !== undefined)
      let portion = portions.next()
      for (; !portion.done; portion = portions.next()) {
        for (const session of portion.value) found.set(session.id, session)
        yield
      }
      const news = [...found.values()].filter((session) => !isSame(held?.sessions.get(session.id), session))
      const sessions = portion.value || held === undefined ? found : held.sessions
      for (const session of news) sessions.set(session.id, session)
      if (before === null) answer.sessions = [...sessions.values()]
      else {
        answer.sessions = news
        if (sessions !== before) for (const id of before.keys()) if (!sessions.has(id)) answer.removedIds.push(id)
      }
      listings.set(spec.ref.id, { serial: answer.serial, sessions })
    } catch (error) {
      answer.failure = messageOf(error)
      // The source may have listed what was not taken in: the next time it lists all.
      listings.delete(spec.ref.id)
    }
    return answer
  }

  function* changes({ spec, copy, sessions }: ChangesRequest): Generator<void, ChangesAnswer> {
    const changedIds: string[] = []
    for (const { session, signature } of sessions) {
      try {
        if (!sourceOf(spec, copy).isAsRead(session, signature)) changedIds.push(session.id)
      } catch {
        changedIds.push(session.id)
      }
      yield
    }
    return { changedIds }
  }

  function* families(request: FamilyRequest): Generator<void, FamilyAnswer[]> {
    const answers: FamilyAnswer[] = []
    use++
    for (const members of request.families) answers.push(yield* orFailure(family(members, request)))
    return answers
  }

  function* family(members: Member[], request: FamilyRequest): Generator<void, FamilyAnswer> {
    const { digests, notes, readMs } = yield* readAll(members, request.keep)
    return { ...familyOf(members, digests), notes, readMs }
  }

  function* readAll(
    members: readonly Member[],
    isKept: boolean,
  ): Generator<void, { digests: SessionDigest[]; notes: Note[]; readMs: number }> {
    const digests: SessionDigest[] = []
    const notes: Note[] = []
    let readMs = 0
    for (const member of members) {
      const key = `${member.spec.ref.id} ${member.session.id}`
      const held = kept.get(key)
      if (!member.fresh && held?.version === member.version && held.mark === member.session.mark) {
        digests.push(held.digest)
        if (isKept) keep(key, held.version, held.mark, held.digest)
        continue
      }
      const startedMs = performance.now()
      const read = readOne(member)
      readMs += performance.now() - startedMs
      notes.push(read.note)
      if (read.digest !== null) {
        digests.push(read.digest)
        if (isKept) keep(key, member.version, member.session.mark, read.digest)
      }
      yield
    }
    return { digests, notes, readMs }
  }

  function* digests({ members }: DigestRequest): Generator<void, DigestAnswer> {
    try {
      const { digests, notes, readMs } = yield* readAll(members, false)
      return { notes, digests: serialized(digests), failure: null, readMs }
    } catch (error) {
      return { notes: [], digests: null, failure: messageOf(error), readMs: 0 }
    }
  }

  const build = (request: BuildRequest): Generator<void, FamilyAnswer> => orFailure(familyOfPortions(request))

  function* familyOfPortions({ members, digests: portions }: BuildRequest): Generator<void, FamilyAnswer> {
    const digests: SessionDigest[] = []
    // Each is let go of at once: together they are as large as what is made of them.
    for (let portion = portions.shift(); portion !== undefined; portion = portions.shift()) {
      for (const digest of deserialized(portion)) digests.push(digest)
      yield
    }
    return { ...familyOf(members, digests), notes: [], readMs: 0 }
  }

  function familyOf(members: readonly Member[], digests: SessionDigest[]): Omit<FamilyAnswer, 'notes' | 'readMs'> {
    const sources = new Map(members.map((m) => [m.session.id, m.spec.ref.id]))
    const parents = new Map(members.map((m) => [m.session.id, m.session.parentId]))
    const links = digests.flatMap((digest) =>
      digest.namedSessionIds
        // Whose parent calls it belongs to the family as it is, unless it gets another parent: then it is listed anew.
        .filter((named) => parents.get(named) !== digest.sessionId)
        .map((named) => ({ fromSessionId: digest.sessionId, toSessionId: named })),
    )
    return { links, forest: finish(buildForest(digests, (id) => sources.get(id) ?? '')), failure: null }
  }

  function readOne(member: Member): { note: Note; digest: SessionDigest | null } {
    const { spec, copy, session, withSignature, settledBeforeMs } = member
    const reading = sourceOf(spec, copy).read(session, withSignature)
    if (reading === null || reading.content === null) return { note: noteOf(session.id, reading, null), digest: null }
    const digest = digestSession(reading.content)
    const isSettled = !digest.running && reading.problems.length === 0 && digest.lastActivityMs < settledBeforeMs
    if (!withSignature && !isSettled) {
      // What is unsettled is looked at again at every start: that must be cheap, so once more, with its signature.
      return readOne({ ...member, withSignature: true })
    }
    return { note: noteOf(session.id, reading, digest), digest }
  }

  return {
    list,
    changes,
    families,
    digests,
    build,
    rest() {
      for (const [key, source] of open) {
        if (source.rest()) continue
        source.close()
        open.delete(key)
      }
    },
    close() {
      for (const source of open.values()) source.close()
      open.clear()
    },
  }
}

export const byId = (sessions: readonly ListedSession[]): Map<string, ListedSession> =>
  new Map(sessions.map((session) => [session.id, session]))

const isSame = (a: ListedSession | undefined, b: ListedSession): boolean =>
  a === b ||
  (a !== undefined &&
    a.mark === b.mark &&
    a.place === b.place &&
    a.parentId === b.parentId &&
    a.createdMs === b.createdMs &&
    a.updatedMs === b.updatedMs)

/** What goes wrong with one family costs that one only. */
function* orFailure(steps: Generator<void, FamilyAnswer>): Generator<void, FamilyAnswer> {
  try {
    return yield* steps
  } catch (error) {
    return { notes: [], links: [], forest: null, failure: messageOf(error), readMs: 0 }
  }
}

const serialized = (digests: SessionDigest[]): Uint8Array<ArrayBuffer> => new Uint8Array(serialize(digests))
const deserialized = (digests: Uint8Array): SessionDigest[] => deserialize(digests)

function noteOf(id: string, reading: SessionReading | FailedReading | null, digest: SessionDigest | null): Note {
  const whole = reading !== null && reading.content !== null ? reading : null
  const messages = whole?.content.messages ?? []
  return {
    id,
    gone: reading === null,
    firstMs:
      messages.length === 0 ? null : messages.reduce((ms, m) => Math.min(ms, m.createdMs), Number.POSITIVE_INFINITY),
    copiedFromMs: digest?.copiedFromMs ?? null,
    lastActivityMs: Math.max(digest?.lastActivityMs ?? 0, whole?.content.session.updatedMs ?? 0),
    running: digest?.running ?? false,
    senseless: reading !== null && reading.content === null,
    files: whole?.files ?? 0,
    bytes: whole?.bytes ?? 0,
    problems: reading?.problems.slice(0, MAX_PROBLEMS) ?? [],
    problemCount: reading?.problems.length ?? 0,
    signature: whole?.signature ?? null,
  }
}

/** Roughly, what a digest takes in memory. */
function weightOf(digest: SessionDigest): number {
  let bytes = 500
  for (const run of digest.runs) {
    bytes += 500 + 2 * (run.prompt.length + (run.outcome.output?.length ?? 0)) + 200 * run.toolCalls.length
  }
  for (const call of digest.calls) {
    bytes += 500 + 2 * ((call.task.prompt?.length ?? 0) + (call.task.output?.length ?? 0))
  }
  return bytes
}

/**
 * SQLite needs to write beside a database that was written with a log. Where that directory may not be written, the
 * database and its log are copied, into a directory of our own that nobody else may read.
 */
function privateCopy(spec: SourceSpec): string | null {
  const { kind, path } = spec.ref
  if (kind !== 'OPENCODE_SQLITE' || !existsSync(path)) return null
  // Otherwise that would be said of the copy, whose name is another one each time.
  accessSync(path, constants.R_OK)
  const directory = makeScratch()
  const copy = join(directory, 'opencode.db')
  let isWhole = false
  try {
    for (let attempt = 0; attempt < 3 && !isWhole; attempt++) {
      const before = fingerprint(spec)
      for (const suffix of ['', '-wal']) {
        rmSync(copy + suffix, { force: true })
        if (statSync(path + suffix, { throwIfNoEntry: false })?.isFile()) copyPrivately(path + suffix, copy + suffix)
      }
      // If somebody else wrote meanwhile, the two may not belong together.
      isWhole = before !== null && before === fingerprint(spec)
    }
  } finally {
    // Also where the disk is full: each reading would leave another half of a database there.
    if (!isWhole) rmSync(directory, { recursive: true, force: true })
  }
  return isWhole ? copy : null
}

function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
}
