/**
 * Takes in what reading a family gave: notes what is known now, links related sessions, and passes the forest to the
 * saver.
 */
import { pushTo } from '../group.ts'
import { createPace } from '../pace.ts'
import type { SessionLink } from '../store/store.ts'
import { isUnsettled } from './changes.ts'
import type { Job } from './jobs.ts'
import type { FamilyAnswer, Member, Note } from './requests.ts'
import type { Known } from './stamp.ts'
import type { Run } from './types.ts'

/**
 * Takes in one family and queues it for saving.
 *
 * @param isFirst whether this is the first pass, in which other families may not have been read yet
 * @returns false if the family belongs together with others, and has to be built again once all of them are known
 */
export function takeIn(run: Run, job: Job, answer: Omit<FamilyAnswer, 'readMs'>, isFirst: boolean): boolean {
  const { holdings } = run
  if (answer.failure !== null || answer.forest === null) {
    for (const { spec } of job.members) run.failed.set(spec.ref.id, answer.failure ?? 'it could not be read')
    return true
  }
  const members = new Map(job.members.map((m) => [m.session.id, m]))
  // Sessions that were known and have vanished: their rows are removed, and what is known of them is forgotten.
  const gone = answer.notes.flatMap(({ id, gone }) => (gone && run.memory.known.get(id) !== undefined ? id : []))
  for (const id of gone) run.fresh.add(id)
  for (const note of answer.notes) {
    const member = members.get(note.id)
    if (note.gone || member === undefined) continue
    run.sessionsRead++
    run.read.set(note.id, knownOf(run, member, note))
  }
  const built = new Set(answer.forest.sessionIds)
  // Sessions that make no sense no longer have rows, but do count as known.
  const senseless = answer.notes.flatMap(({ id, gone }) => (gone || built.has(id) ? [] : id))
  let isComplete = true
  for (const link of answer.links) {
    addLink(run, link)
    if (holdings.has(link.toSessionId) && !members.has(link.toSessionId)) isComplete = false
  }
  // The original of a fork can be named only after everything has been read once.
  if (isFirst && job.members.some((m) => isOpenFork(run, m.session.id))) isComplete = false
  if (!isComplete) return false
  run.saver.add({
    forest: { ...answer.forest, sessionIds: [...answer.forest.sessionIds, ...senseless, ...job.removed] },
    known: [...members.keys()].flatMap((id) => run.read.get(id) ?? []),
    removed: [...job.removed, ...gone],
  })
  return true
}

function knownOf(run: Run, { spec, session, version }: Member, note: Note): Known {
  const { id: _id, gone: _gone, ...facts } = note
  return {
    ...facts,
    sourceId: spec.ref.id,
    listed: session,
    unsettled: isUnsettled(run, spec, note),
    seenAtMs: run.startedAtMs,
    version,
  }
}

// ---------------------------------------------------------------- links

/**
 * Links forks with their originals. Gives the ids of the forks whose families have to be built again because of a new
 * link.
 */
export async function linkForks(run: Run): Promise<string[]> {
  const links = await forkLinks(run)
  return links.flatMap((link) => (addLink(run, link) ? link.fromSessionId : []))
}

function addLink(run: Run, link: SessionLink): boolean {
  if (!run.memory.links.add(link)) return false
  run.families.join(link.fromSessionId, link.toSessionId)
  run.saver.add({ links: [link] })
  return true
}

const knownNow = (run: Run, id: string): Known | undefined => run.read.get(id) ?? run.memory.known.get(id)

function isOpenFork(run: Run, id: string): boolean {
  return knownNow(run, id)?.copiedFromMs != null && !run.memory.links.isLinked(id)
}

/**
 * A fork begins with copies of its original's messages, which keep their times, so the time of the first message
 * connects the two. Only pairs of which this run has read at least one session are of interest: the others were linked
 * earlier.
 */
async function forkLinks(run: Run): Promise<SessionLink[]> {
  const readForks = [...run.read.values()].filter((known) => known.copiedFromMs !== null)
  const olderForks = run.memory.known.allThat('forks').filter(({ listed }) => !run.read.has(listed.id))
  const forks = [...readForks, ...olderForks].filter(({ listed }) => run.holdings.has(listed.id))
  if (forks.length === 0) return []
  const originals = new Map<number, Known[]>()
  const pace = createPace()
  for (const id of readForks.length > 0 ? run.holdings.keys() : run.read.keys()) {
    if (pace.isDue()) await pace.rest()
    const known = knownNow(run, id)
    if (known?.firstMs == null || !run.holdings.has(id)) continue
    pushTo(originals, known.firstMs, known)
  }
  return forks.flatMap((fork) =>
    (originals.get(fork.copiedFromMs ?? Number.NaN) ?? [])
      .filter(({ listed }) => listed.id !== fork.listed.id && listed.createdMs < fork.listed.createdMs)
      .map(({ listed }) => ({ fromSessionId: fork.listed.id, toSessionId: listed.id })),
  )
}
