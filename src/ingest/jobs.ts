/** Lists what has to be read and built, one job per family. */
import { createPace } from '../pace.ts'
import { settledBeforeMs } from './changes.ts'
import type { Holding } from './history.ts'
import type { Member } from './requests.ts'
import type { Run } from './types.ts'

/** One family: the members that exist, and the ids of those that were removed. */
export interface Job {
  members: Member[]
  removed: string[]
}

/** The complete families of the given sessions, latest activity first: somebody may be waiting for those. */
export async function jobsOf(run: Run, dirty: ReadonlySet<string>): Promise<Job[]> {
  const { families } = run
  const jobs = new Map<string, Job>()
  const pace = createPace()
  for (const one of dirty) {
    const family = families.of(one)
    if (jobs.has(family)) continue
    const members: Member[] = []
    for (const id of families.membersOf(family)) {
      if (pace.isDue()) await pace.rest()
      const holding = run.holdings.get(id)
      if (holding !== undefined) members.push(memberOf(run, holding))
    }
    jobs.set(family, { members: members.sort(byCreation), removed: [] })
  }
  for (const id of run.removed) jobs.get(families.of(id))?.removed.push(id)
  return [...jobs.values()]
    .map((job) => ({ job, lastMs: job.members.reduce((ms, m) => Math.max(ms, m.session.updatedMs), 0) }))
    .sort((a, b) => b.lastMs - a.lastMs)
    .map(({ job }) => job)
}

const byCreation = (a: Member, b: Member): number => a.session.createdMs - b.session.createdMs

let lastVersion = 0

function memberOf(run: Run, { spec, session }: Holding): Member {
  const settledMs = settledBeforeMs(run, spec)
  const known = run.memory.known.get(session.id)
  const fresh = run.fresh.has(session.id) && !run.read.has(session.id)
  if (fresh) run.versions.set(session.id, ++lastVersion)
  return {
    spec,
    copy: run.copies.get(spec.ref.id) ?? null,
    session,
    fresh,
    version: run.versions.get(session.id) ?? known?.version ?? 0,
    withSignature: session.updatedMs >= settledMs || known?.unsettled === true,
    settledBeforeMs: settledMs,
  }
}
