/**
 * The slow part of ingest: listing, reading, digesting and building. It runs in worker threads (`crew.ts`) or on the
 * main thread, as generators that pause between steps, so that the main thread's event loop is never blocked for long.
 */
import { deserialize, serialize } from 'node:v8'
import { messageOf } from '../errors.ts'
import type { Forest } from '../records.ts'
import type { PackedForest } from '../store/store.ts'
import { buildForest, digestSession, type SessionDigest } from '../trace/build.ts'
import { KeptDigests } from './kept-digests.ts'
import { createOpener } from './opencode/open.ts'
import { privateCopy } from './opencode/private-copy.ts'
import type {
  BuildRequest,
  ChangesAnswer,
  ChangesRequest,
  DigestAnswer,
  DigestRequest,
  FamilyAnswer,
  FamilyRequest,
  ListAnswer,
  ListRequest,
  Member,
  Note,
} from './requests.ts'
import {
  byId,
  type FailedReading,
  type ListedSession,
  type SessionReading,
  type Source,
  type SourceSpec,
} from './source.ts'
import { MAX_PROBLEMS } from './stamp.ts'

export interface Reader {
  list(request: ListRequest): Generator<void, ListAnswer>
  changes(request: ChangesRequest): Generator<void, ChangesAnswer>
  families(request: FamilyRequest): Generator<void, FamilyAnswer[]>
  digests(request: DigestRequest): Generator<void, DigestAnswer>
  build(request: BuildRequest): Generator<void, FamilyAnswer>
  /** Called after a run: closes what the next run has to open anew; digests stay. */
  rest(): void
  close(): void
}

/** @param finish turns a built forest into the form in which it is handed over */
export function createReader(finish: (forest: Forest) => Forest | PackedForest): Reader {
  const open = new Map<string, Source>()
  const listings = new Map<string, { serial: number; sessions: Map<string, ListedSession> }>()
  let lastSerial = 0
  const kept = new KeptDigests()
  const openSource = createOpener()

  function sourceOf(spec: SourceSpec, copy: string | null): Source {
    const key = copy ?? spec.ref.id
    const held = open.get(key)
    if (held !== undefined) return held
    const source = openSource(spec, copy ?? undefined)
    open.set(key, source)
    return source
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
      importedMs: null,
      failure: null,
      copy: null,
    }
    try {
      let source: Source
      try {
        source = sourceOf(spec, null)
      } catch (error) {
        answer.copy = privateCopy(spec, error)
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
      answer.importedMs = source.importedMs?.() ?? null
      listings.set(spec.ref.id, { serial: answer.serial, sessions })
    } catch (error) {
      answer.failure = messageOf(error)
      // The source may regard sessions as listed that never got here, so the next listing is a complete one.
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
    kept.beginRequest()
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
      const held = member.fresh ? null : kept.get(member)
      if (held !== null) {
        digests.push(held)
        if (isKept) kept.keep(member, held)
        continue
      }
      const startedMs = performance.now()
      const read = readOne(member)
      readMs += performance.now() - startedMs
      notes.push(read.note)
      if (read.digest !== null) {
        digests.push(read.digest)
        if (isKept) kept.keep(member, read.digest)
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
    // Each portion is released at once: together they are as large as the forest built from them.
    for (let portion = portions.shift(); portion !== undefined; portion = portions.shift()) {
      for (const digest of deserialized(portion)) digests.push(digest)
      yield
    }
    return { ...familyOf(members, digests), notes: [], readMs: 0 }
  }

  /** @param digests emptied before the forest is finished, since both are equally large */
  function familyOf(members: readonly Member[], digests: SessionDigest[]): Omit<FamilyAnswer, 'notes' | 'readMs'> {
    const sources = new Map(members.map((m) => [m.session.id, m.spec.ref.id]))
    const parents = new Map(members.map((m) => [m.session.id, m.session.parentId]))
    const links = digests.flatMap((digest) =>
      digest.namedSessionIds
        // A parent and the children that it calls are one family without a link. If a child gets another parent, it is
        // listed anew.
        .filter((named) => parents.get(named) !== digest.sessionId)
        .map((named) => ({ fromSessionId: digest.sessionId, toSessionId: named })),
    )
    const forest = buildForest(digests, (id) => sources.get(id) ?? '')
    digests.length = 0
    return { links, forest: finish(forest), failure: null }
  }

  function readOne(member: Member): { note: Note; digest: SessionDigest | null } {
    const { spec, copy, session, withSignature, settledBeforeMs } = member
    const reading = sourceOf(spec, copy).read(session, withSignature)
    if (reading === null || reading.content === null) return { note: noteOf(session.id, reading, null), digest: null }
    const digest = digestSession(reading.content)
    const isSettled = !digest.running && reading.problems.length === 0 && digest.lastActivityMs < settledBeforeMs
    if (!withSignature && !isSettled) {
      // An unsettled session is checked again at every start. That is cheap with a signature, so read it once more for
      // one.
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

const isSame = (a: ListedSession | undefined, b: ListedSession): boolean =>
  a === b ||
  (a !== undefined &&
    a.mark === b.mark &&
    a.place === b.place &&
    a.parentId === b.parentId &&
    a.createdMs === b.createdMs &&
    a.updatedMs === b.updatedMs)

/** An error in one family costs only that family. */
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
