/** Reads the families of what has changed, bundle by bundle, and hands what was built to the saver. */
import { availableParallelism } from 'node:os'
import { pushTo } from '../group.ts'
import { createPace, othersTurn } from '../pace.ts'
import type { SessionLink } from '../store/store.ts'
import { isUnsettled, settledBeforeMs } from './changes.ts'
import type { Hand } from './crew.ts'
import type { Holding } from './history.ts'
import type { DigestAnswer, FamilyAnswer, Member, Note } from './reader.ts'
import type { Known } from './stamp.ts'
import type { Run } from './types.ts'

/** Sessions that a thread is given at once. */
const BUNDLE = 24
/** Reading so many sessions takes longer than a thread takes to start: it is seldom more while OpenCode works. */
const WORTH_HIRING = 10 * BUNDLE
/** Families that are read before the large ones: what a list shows at first. */
const SEEN_FIRST = 50
/** So many trees at most are expected to be worked on at a time. */
const FAMILIES_UNDER_WAY = 32
const PROCESSORS = availableParallelism()
/** One a core: measured, more only take each other's time while everything is in the page cache. */
const WARM_THREADS = Math.min(2, PROCESSORS)
/** Of a database: saving what one thread reads keeps a second core busy. On two, one more gains a tenth, for 80 MB. */
const DATABASE_THREADS = Math.min(2, Math.ceil(PROCESSORS / 2))
/** Opening a file on a cold disk waits: then more threads wait side by side. */
const COLD_THREADS = 4
/** Files that have to be read before it is said whether the disk is cold: fewer say little. */
const COLD_AFTER_FILES = 2000
/** Per file, in ms: cached it takes 10 to 20 µs of a quiet machine, from a disk 100 µs and more. */
const COLD_MS = 0.06
/** Per file, in blocks of 512 bytes that came from a disk: a busy machine is as slow, and one more thread makes it slower. */
const COLD_BLOCKS = 4

/** @param crew who reads; grows by whom `hire` gives */
export async function readFamilies(run: Run, crew: Hand[], hire: (count: number) => Hand[]): Promise<void> {
  let dirty = new Set([...run.fresh, ...run.removed])
  for (let pass = 1; dirty.size > 0; pass++) {
    const jobs = await jobsOf(run, dirty)
    run.total += jobs.reduce((sum, job) => sum + job.members.length, 0)
    const fresh = jobs.flatMap((job) => job.members.filter((member) => member.fresh))
    const inFiles = fresh.filter(({ spec }) => spec.ref.kind !== 'OPENCODE_SQLITE')
    await othersTurn()
    if (fresh.length > WORTH_HIRING) crew.push(...hire(inFiles.length > WORTH_HIRING ? WARM_THREADS : DATABASE_THREADS))
    await othersTurn()
    const again = await readJobs(run, jobs, crew, hire, pass === 1)
    for (const link of await forkLinks(run)) if (addLink(run, link)) again.add(link.fromSessionId)
    dirty = again
  }
}

interface Job {
  members: Member[]
  removed: string[]
}

/** The whole families of some sessions, the latest first: somebody may be waiting for them. */
async function jobsOf(run: Run, dirty: ReadonlySet<string>): Promise<Job[]> {
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

/** Worth being read by several hands at once, which costs handing the digests of all to one of them. In sessions. */
const LARGE_FAMILY = 8 * BUNDLE
const isLarge = (job: Job): boolean => job.members.length > LARGE_FAMILY

let lastVersion = 0

/** What a hand does in one go. */
type Task = (hand: Hand) => Promise<void>

/** Gives the sessions whose families have to be built once more, with what was found out meanwhile. */
async function readJobs(
  run: Run,
  jobs: Job[],
  crew: Hand[],
  hire: (count: number) => Hand[],
  isFirst: boolean,
): Promise<Set<string>> {
  const again = new Set<string>()
  // Digests are kept when few families are read: then these are under way, and will change again.
  const keep = jobs.length <= FAMILIES_UNDER_WAY
  const cost = { files: 0, ms: 0 }
  const blocksBefore = blocksRead()
  const isCold = () =>
    cost.files > COLD_AFTER_FILES &&
    cost.ms > cost.files * COLD_MS &&
    blocksRead() - blocksBefore > cost.files * COLD_BLOCKS
  const account = ({ notes, readMs }: Pick<FamilyAnswer, 'notes' | 'readMs'>) => {
    cost.files += notes.reduce((sum, note) => sum + note.files, 0)
    cost.ms += readMs
  }

  const bundleTask =
    (bundle: readonly Job[]): Task =>
    async (hand) => {
      const families = bundle.map((job) => job.members)
      const answers = await hand.families({ kind: 'families', families, keep })
      for (const [i, job] of bundle.entries()) {
        const answer = answers[i]
        if (answer === undefined) continue
        account(answer)
        settle(run, job, answer, again, isFirst)
      }
    }

  /** For a large family, which all hands read; the one that has the last portion builds it. */
  const portionTasks = (job: Job): Task[] => {
    const portions = chunksOf(job.members, BUNDLE)
    const read: DigestAnswer[] = []
    return portions.map((members) => async (hand) => {
      const answer = await hand.digests({ kind: 'digests', members })
      account(answer)
      if (read.push(answer) < portions.length) return
      const notes = read.flatMap((portion) => portion.notes)
      settle(run, job, { ...(await built(job, read, hand)), notes }, again, isFirst)
    })
  }

  const isShared = (job: Job) => isLarge(job) && crew.length > 1
  for (const job of jobs) if (job.members.length === 0) run.saver.add({ removed: job.removed })
  const others = jobs.filter((job) => !isShared(job))
  // What is shared comes before the others' end: it would be built when nobody else has anything left to do.
  const tasks = [
    ...bundlesOf(others.slice(0, SEEN_FIRST)).map(bundleTask),
    ...jobs.filter(isShared).flatMap(portionTasks),
    // From the oldest on, as they lie on the disk: backwards a cold one takes a twentieth longer.
    ...bundlesOf(others.slice(SEEN_FIRST).reverse()).map(bundleTask),
  ]
  const work = async (hand: Hand) => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      await run.saver.ready()
      await task(hand)
      run.progress('reading', run.sessionsRead, run.total)
      if (isCold()) start(hire(COLD_THREADS))
    }
  }
  const working: Promise<void>[] = []
  const errors: unknown[] = []
  const start = (hands: Hand[], isNew = true) => {
    if (isNew) crew.push(...hands)
    // Two requests a hand: it has something to do while the last answer is taken in.
    for (const hand of [...hands, ...hands]) working.push(work(hand).catch((error: unknown) => void errors.push(error)))
  }
  start([...crew], false)
  // More may join while these work; all come to their end before an error is passed on.
  for (let i = 0; i < working.length; i++) await working[i]
  if (errors.length > 0) throw errors[0]
  return again
}

/** By all threads of this process. */
const blocksRead = (): number => process.resourceUsage().fsRead

async function built(
  { members }: Job,
  read: readonly DigestAnswer[],
  hand: Hand,
): Promise<Pick<FamilyAnswer, 'links' | 'forest' | 'failure'>> {
  const failure = read.find((portion) => portion.failure !== null)?.failure ?? null
  if (failure !== null) return { links: [], forest: null, failure }
  const digests = read.flatMap((portion) => portion.digests ?? [])
  return hand.build({ kind: 'build', members, digests })
}

function bundlesOf(jobs: readonly Job[]): Job[][] {
  const bundles: Job[][] = []
  let size = BUNDLE
  for (const job of jobs) {
    if (job.members.length === 0) continue
    if (size + job.members.length > BUNDLE) {
      bundles.push([])
      size = 0
    }
    bundles.at(-1)?.push(job)
    size += job.members.length
  }
  return bundles
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Takes in what one family gave: saves it, or puts it off until all that it belongs to is known. */
function settle(run: Run, job: Job, answer: Omit<FamilyAnswer, 'readMs'>, again: Set<string>, isFirst: boolean): void {
  const { holdings } = run
  if (answer.failure !== null || answer.forest === null) {
    for (const { spec } of job.members) run.failed.set(spec.ref.id, answer.failure ?? 'it could not be read')
    return
  }
  const members = new Map(job.members.map((m) => [m.session.id, m]))
  // What was known and cannot be read just now: its rows go, and so does what is known of it.
  const gone = answer.notes.flatMap(({ id, gone }) => (gone && run.memory.known.get(id) !== undefined ? id : []))
  for (const id of gone) run.fresh.add(id)
  for (const note of answer.notes) {
    const member = members.get(note.id)
    if (note.gone || member === undefined) continue
    run.sessionsRead++
    run.read.set(note.id, knownOf(run, member, note))
  }
  const built = new Set(answer.forest.sessionIds)
  // What was read and makes no sense has no rows any more, and is known all the same.
  const senseless = answer.notes.flatMap(({ id, gone }) => (gone || built.has(id) ? [] : id))
  let complete = true
  for (const link of answer.links) {
    addLink(run, link)
    if (holdings.has(link.toSessionId) && !members.has(link.toSessionId)) complete = false
  }
  // A fork's original is known when everything has been read once.
  if (isFirst && job.members.some((m) => isOpenFork(run, m.session.id))) complete = false
  if (!complete) {
    for (const id of members.keys()) again.add(id)
    return
  }
  run.saver.add({
    forest: { ...answer.forest, sessionIds: [...answer.forest.sessionIds, ...senseless, ...job.removed] },
    known: [...members.keys()].flatMap((id) => run.read.get(id) ?? []),
    removed: [...job.removed, ...gone],
  })
}

function knownOf(run: Run, { spec, session, version }: Member, note: Note): Known {
  const { firstMs, copiedFromMs, lastActivityMs, running, senseless, files, bytes, problems, problemCount, signature } =
    note
  return {
    sourceId: spec.ref.id,
    listed: session,
    signature,
    firstMs,
    copiedFromMs,
    lastActivityMs,
    running,
    senseless,
    unsettled: isUnsettled(run, spec, note),
    files,
    bytes,
    problems,
    problemCount,
    seenAtMs: run.startedAtMs,
    version,
  }
}

// ---------------------------------------------------------------- links

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
 * A fork begins with copies of its original's messages, which keep their times: by the first they find each other. Of two
 * that belong together one was read just now: the others have found each other before.
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
