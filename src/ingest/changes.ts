/** Lists the sessions of every source, and finds out which of them have changed since they were read. */

import { createPace } from '../pace.ts'
import type { StoredRejection } from '../store/store.ts'
import type { Hand } from './crew.ts'
import type { Holding, Listing } from './history.ts'
import type { ChangesRequest, ListAnswer } from './requests.ts'
import { byId, type ListedSession, type Problem, type SourceSpec, UNSETTLED_MS } from './source.ts'
import type { Known } from './stamp.ts'
import type { Run } from './types.ts'

// ---------------------------------------------------------------- listing

export async function listAll(
  run: Run,
  specs: readonly SourceSpec[],
  fingerprints: ReadonlyMap<string, string | null>,
  hand: Hand,
): Promise<Listing[]> {
  const { memory } = run
  for (const id of new Set([...memory.problems.keys(), ...memory.listings.keys()])) {
    if (fingerprints.has(id)) continue
    // A source that is missing now is listed from scratch once it is back.
    memory.problems.delete(id)
    memory.listings.delete(id)
  }
  const listings: Listing[] = []
  for (const spec of specs) listings.push(await listOne(run, spec, fingerprints.get(spec.ref.id) ?? null, hand))
  return listings
}

async function listOne(run: Run, spec: SourceSpec, print: string | null, hand: Hand): Promise<Listing> {
  const { memory, copies, failed, unreadable } = run
  const { id, kind, path } = spec.ref
  const held = memory.listings.get(id)
  const before = held?.importedMs ?? null
  if (print !== null && held?.fingerprint === print)
    return { spec, sessions: held.sessions, newIds: [], importedMs: before }
  const known = () => [...memory.known.values()].flatMap(({ sourceId, listed }) => (sourceId === id ? [listed] : []))
  const answer = await hand.list({
    kind: 'list',
    spec,
    since: held?.serial ?? null,
    known: held !== undefined || kind === 'OPENCODE_SQLITE' ? [] : known(),
  })
  if (answer.copy !== null) copies.set(id, answer.copy)
  const failure = answer.failure === null ? null : { path, reason: answer.failure }
  const problems = failure === null ? answer.problems : [...answer.problems, failure]
  memory.problems.set(id, noteProblems(problems, id, memory.problems.get(id), run.options.now()))
  if (failure !== null) {
    failed.set(id, failure.reason)
    unreadable.push(failure)
    // The sessions read from it earlier stay.
    return { spec, sessions: byId(known()), newIds: null, importedMs: before }
  }
  const sessions = listed(answer, held?.sessions)
  const { serial, importedMs } = answer
  memory.listings.set(id, { serial, fingerprint: print, sessions, importedMs })
  const newIds = answer.whole ? null : [...answer.sessions.map((session) => session.id), ...answer.removedIds]
  return { spec, sessions, newIds, importedMs }
}

/** @param before the listing that the answer builds on; updated in place */
function listed(answer: ListAnswer, before: Map<string, ListedSession> | undefined): Map<string, ListedSession> {
  if (answer.whole || before === undefined) return byId(answer.sessions)
  for (const id of answer.removedIds) before.delete(id)
  for (const session of answer.sessions) before.set(session.id, session)
  return before
}

export function noteProblems(
  problems: readonly Problem[],
  sourceId: string,
  before: ReadonlyMap<string, StoredRejection> | undefined,
  atMs: number,
): Map<string, StoredRejection> {
  const noted = new Map<string, StoredRejection>()
  for (const { path, reason } of problems) {
    const key = `${path}\n${reason}`
    noted.set(key, before?.get(key) ?? { sourceId, path, reason, atMs })
  }
  return noted
}

// ---------------------------------------------------------------- changes

/**
 * Fills `run.fresh` with the sessions to be read and `run.removed` with those that no source has any more.
 *
 * @param newIds ids of all sessions that may have changed; null if any may have
 * @param untouched whether a source has not changed at all; none of its sessions is then checked
 */
export async function findChanges(
  run: Run,
  hand: Hand,
  newIds: ReadonlySet<string> | null,
  untouched: (spec: SourceSpec) => boolean,
): Promise<void> {
  const { memory, holdings } = run
  const pace = createPace()
  for (const id of newIds ?? memory.known.ids()) if (memory.known.get(id) && !holdings.has(id)) run.removed.add(id)
  for (const id of newIds === null ? holdings.keys() : new Set([...newIds, ...memory.unread])) {
    if (pace.isDue()) await pace.rest()
    const holding = holdings.get(id)
    if (holding !== undefined && !isKnown(memory.known.get(id), holding)) run.fresh.add(id)
  }
  const toCheck = new Map<string, Check>()
  for (const { listed, signature } of memory.known.allThat('unsettled')) {
    const holding = holdings.get(listed.id)
    if (holding === undefined || run.fresh.has(listed.id) || untouched(holding.spec)) continue
    const { spec, session } = holding
    if (signature === null) run.fresh.add(listed.id)
    else if (!run.failed.has(spec.ref.id)) {
      const check: Check = toCheck.get(spec.ref.id) ?? { spec, sessions: [] }
      check.sessions.push({ session, signature })
      toCheck.set(spec.ref.id, check)
    }
  }
  for (const { spec, sessions } of toCheck.values()) {
    const copy = run.copies.get(spec.ref.id) ?? null
    const { changedIds } = await hand.changes({ kind: 'changes', spec, copy, sessions })
    const changed = new Set(changedIds)
    for (const { session } of sessions) {
      const known = memory.known.get(session.id)
      if (known === undefined) continue
      if (changed.has(session.id)) run.fresh.add(session.id)
      else if (!isUnsettled(run, spec, known)) run.saver.add({ known: [{ ...known, unsettled: false }] })
    }
  }
}

type Check = Pick<ChangesRequest, 'spec' | 'sessions'>

/** Whether a session is the one that was read, as far as can be told without opening it. */
export const isKnown = (known: Known | undefined, { spec, session }: Holding): boolean =>
  known !== undefined &&
  known.sourceId === spec.ref.id &&
  known.listed.mark === session.mark &&
  known.listed.place === session.place

/**
 * Sessions active since this time (UTC ms) count as unsettled. Capped at the start of the run, so that one activity
 * time in the future, written under a wrong clock, does not make every other session count as settled.
 */
export const settledBeforeMs = ({ memory, startedAtMs }: Run, { ref }: SourceSpec): number =>
  Math.max(0, Math.min(memory.history.newestMs(ref.id), startedAtMs) - UNSETTLED_MS)

/**
 * Whether a session may change without a change of its mark: it is running, or it was active shortly before the newest
 * activity in its source (not before "now", since a copied data directory has a clock of its own), or part of it could
 * not be read and may be repaired in place.
 */
export const isUnsettled = (
  run: Run,
  spec: SourceSpec,
  { running, problemCount, lastActivityMs }: Pick<Known, 'running' | 'problemCount' | 'lastActivityMs'>,
): boolean => running || problemCount > 0 || lastActivityMs >= settledBeforeMs(run, spec)
