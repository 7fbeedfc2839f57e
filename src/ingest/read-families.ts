/** Reads the families of changed sessions in bundles, and hands the built trees to the saver. */
import { availableParallelism } from 'node:os'
import { othersTurn } from '../pace.ts'
import type { Hand } from './crew.ts'
import { type Job, jobsOf } from './jobs.ts'
import type { DigestAnswer, FamilyAnswer } from './requests.ts'
import { linkForks, takeIn } from './take-in.ts'
import type { Run } from './types.ts'

/** Sessions given to a thread at once. */
const BUNDLE = 24
/**
 * Reading more sessions than this takes longer than starting a thread. While OpenCode works, a run seldom has as many.
 */
const WORTH_HIRING = 10 * BUNDLE
/** Number of families read before the large ones: those that a list shows first. */
const SEEN_FIRST = 50
/** The number of trees expected to be worked on at the same time, at most. */
const FAMILIES_UNDER_WAY = 32
const PROCESSORS = availableParallelism()
/** One thread per core, two at most: measured, more only slow each other down while all files are in the page cache. */
const WARM_THREADS = Math.min(2, PROCESSORS)
/**
 * For a database. Saving what one thread reads keeps a second core busy; on two cores a second thread gains a tenth of
 * the time, for 80 MB.
 */
const DATABASE_THREADS = Math.min(2, Math.ceil(PROCESSORS / 2))
/** On a cold disk opening a file blocks, so more threads wait side by side. */
const COLD_THREADS = 4
/** Files to be read before the disk is judged: fewer say little. */
const COLD_AFTER_FILES = 2000
/** Per file, in ms: a cached file takes 10 to 20 µs on a quiet machine, one from disk 100 µs and more. */
const COLD_MS = 0.06
/**
 * Per file, in blocks of 512 bytes read from disk. Time alone does not suffice: a busy machine is just as slow, and
 * another thread would make it slower.
 */
const COLD_BLOCKS = 4

/**
 * @param crew the hands that read; new ones are added to it
 * @param hire starts hands until there are `count` of them, and gives the new ones
 */
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
    for (const id of await linkForks(run)) again.add(id)
    dirty = again
  }
}

/**
 * A family with more sessions than this is worth being read by several hands, although one of them then needs the
 * digests of all.
 */
const LARGE_FAMILY = 8 * BUNDLE
const isLarge = (job: Job): boolean => job.members.length > LARGE_FAMILY

/** One unit of work for a hand. */
type Task = (hand: Hand) => Promise<void>

/** @returns ids of the sessions whose families have to be built again, with links found in the meantime */
async function readJobs(
  run: Run,
  jobs: Job[],
  crew: Hand[],
  hire: (count: number) => Hand[],
  isFirst: boolean,
): Promise<Set<string>> {
  const again = new Set<string>()
  // If only a few families are read, they are under way and will change again, so their digests are kept.
  const keep = jobs.length <= FAMILIES_UNDER_WAY
  const disk = watchDisk()
  const takeInOrPutOff = (job: Job, answer: Omit<FamilyAnswer, 'readMs'>) => {
    if (!takeIn(run, job, answer, isFirst)) for (const { session } of job.members) again.add(session.id)
  }

  const bundleTask =
    (bundle: readonly Job[]): Task =>
    async (hand) => {
      const families = bundle.map((job) => job.members)
      const answers = await hand.families({ kind: 'families', families, keep })
      for (const [i, job] of bundle.entries()) {
        const answer = answers[i]
        if (answer === undefined) continue
        disk.note(answer)
        takeInOrPutOff(job, answer)
      }
    }

  /** For a large family, which all hands read. The hand that finishes the last portion builds it. */
  const portionTasks = (job: Job): Task[] => {
    const portions = chunksOf(job.members, BUNDLE)
    const read: DigestAnswer[] = []
    return portions.map((members) => async (hand) => {
      const answer = await hand.digests({ kind: 'digests', members })
      disk.note(answer)
      if (read.push(answer) < portions.length) return
      const notes = read.flatMap((portion) => portion.notes)
      takeInOrPutOff(job, { ...(await built(job, read, hand)), notes })
    })
  }

  const isShared = (job: Job) => isLarge(job) && crew.length > 1
  for (const job of jobs) if (job.members.length === 0) run.saver.add({ removed: job.removed })
  const others = jobs.filter((job) => !isShared(job))
  // Shared families come before the bulk of the others: at the very end, one hand would build while the rest are idle.
  const tasks = [
    ...bundlesOf(others.slice(0, SEEN_FIRST)).map(bundleTask),
    ...jobs.filter(isShared).flatMap(portionTasks),
    // Oldest first, as the files lie on the disk: reading a cold disk backwards takes a twentieth longer.
    ...bundlesOf(others.slice(SEEN_FIRST).reverse()).map(bundleTask),
  ]
  await workOff(tasks, run, crew, () => (disk.isCold() ? hire(COLD_THREADS) : []))
  return again
}

/**
 * @param crew the hands at work; those that `more` gives are added
 * @param more asked after every task
 */
async function workOff(tasks: Task[], run: Run, crew: Hand[], more: () => Hand[]): Promise<void> {
  const working: Promise<void>[] = []
  const errors: unknown[] = []
  const start = (hands: readonly Hand[]) => {
    // Two requests per hand, so that it has work while its last answer is taken in.
    for (const hand of [...hands, ...hands]) working.push(work(hand).catch((error: unknown) => void errors.push(error)))
  }
  const work = async (hand: Hand) => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      await run.saver.ready()
      await task(hand)
      run.progress('reading', run.sessionsRead, run.total)
      const hands = more()
      crew.push(...hands)
      start(hands)
    }
  }
  start(crew)
  // Hands may join while others work. All finish before an error is thrown.
  for (let i = 0; i < working.length; i++) await working[i]
  if (errors.length > 0) throw errors[0]
}

/** Tells from the time that reading takes, and from the blocks read, whether files come from a cold disk. */
function watchDisk() {
  const blocksBefore = blocksRead()
  let files = 0
  let ms = 0
  return {
    note({ notes, readMs }: Pick<FamilyAnswer, 'notes' | 'readMs'>): void {
      files += notes.reduce((sum, note) => sum + note.files, 0)
      ms += readMs
    },
    isCold: (): boolean =>
      files > COLD_AFTER_FILES && ms > files * COLD_MS && blocksRead() - blocksBefore > files * COLD_BLOCKS,
  }
}

/** Blocks read from disk by all threads of this process. */
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
