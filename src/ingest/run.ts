/**
 * From OpenCode's files to saved trees: what changed → read → digest → build → save. One function for the first read,
 * for the next start and for watching, so that they cannot differ. Of the history, only what tells whether a session
 * has changed is held in memory; trees are read, built and saved family by family.
 */
import { rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import type { Forest } from '../records.ts'
import type {
  SaveBatch,
  SavedChange,
  SessionLink,
  SessionStamp,
  SourceState,
  StoredRejection,
  TraceWriter,
} from '../store/store.ts'
import { type Hand, localHand, workerHand } from './crew.ts'
import { Families } from './families.ts'
import { type Holding, type Listing, oneHistory } from './history.ts'
import { fingerprint } from './opencode/open.ts'
import { type FamilyAnswer, type Member, type Note, weightOfTrace } from './reader.ts'
import type { ListedSession, Problem, SourceSpec } from './source.ts'
import { fromStamp, type Known, toStamp } from './stamp.ts'

export interface IngestOptions {
  store: TraceWriter
  /** Asked at every run: sources may appear and go. */
  findSources: () => SourceSpec[]
  /** Reading threads at most; 0 reads in the main thread. Unless said, by the kind of the sources. */
  threads?: number
  /** At most ten times a second. */
  onProgress?: (progress: IngestProgress) => void
  /** After every transaction. */
  onSaved?: (change: SavedChange) => void
  now?: () => number
}

export interface IngestProgress {
  phase: 'looking' | 'reading' | 'done'
  /** Sessions. */
  done: number
  total: number
  elapsedMs: number
}

export interface IngestResult {
  startedAtMs: number
  finishedAtMs: number
  /** Sessions whose messages and parts were read. */
  sessionsRead: number
  sessionsRemoved: number
  /** Anything was saved. */
  changed: boolean
  sources: SourceState[]
  /** The first of them; `rejectedCount` counts all. */
  rejected: StoredRejection[]
  rejectedCount: number
}

export interface Ingester {
  /** Reads and saves what has changed. Calls during a run wait for it and then run again. */
  run(): Promise<IngestResult>
  close(): Promise<void>
}

/** Relative to the newest activity in the same source: copies of homes, old ones too, keep their own clock. */
const UNSETTLED_MS = 60_000
/** Transactions are about this large; see `weightOfTrace`. */
const BATCH_WEIGHT = 6_000_000
/** Reading pauses while this much waits for being saved. */
const MAX_WAITING_WEIGHT = 24_000_000
/** Sessions that a thread is given at once. */
const BUNDLE = 24
/** Rejections that are stored. */
const MAX_REJECTED = 10_000

export function createIngester(options: IngestOptions): Ingester {
  const { now = Date.now } = options
  let memory = emptyMemory()
  const compiled = import.meta.url.endsWith('.js')
  const inThread = compiled && options.threads !== 0
  let first: Hand | null = null
  let lastRun: Promise<unknown> = Promise.resolve()
  let closed = false

  async function runOnce(): Promise<IngestResult> {
    if (closed) throw new Error('the ingester is closed')
    first ??= inThread ? workerHand() : localHand()
    const hand = first
    try {
      return await ingest({ ...options, now }, memory, hand, (most) => {
        const threads = Math.min(options.threads ?? most, most)
        return inThread ? Array.from({ length: Math.max(0, threads - 1) }, workerHand) : []
      })
    } catch (error) {
      // What was not saved is not known: the next run begins from what the store has, with another thread.
      memory = emptyMemory()
      first = null
      await hand.dismiss().catch(() => {})
      throw error
    }
  }

  return {
    run() {
      const run = lastRun.catch(() => {}).then(runOnce)
      lastRun = run
      return run
    },
    async close() {
      await lastRun.catch(() => {})
      closed = true
      await first?.dismiss()
      first = null
    },
  }
}

// ---------------------------------------------------------------- what is held between runs

interface Memory {
  loaded: boolean
  known: Map<string, Known>
  links: Map<string, SessionLink>
  states: Map<string, SourceState>
  /** Of sources that tell cheaply whether anything has changed. */
  listings: Map<string, { fingerprint: string; sessions: ReadonlyMap<string, ListedSession> }>
  /** What could not be listed, by source, with the time when it was first seen. */
  problems: Map<string, Map<string, StoredRejection>>
  /** What was last saved of rejections. */
  rejected: string
}

const emptyMemory = (): Memory => ({
  loaded: false,
  known: new Map(),
  links: new Map(),
  states: new Map(),
  listings: new Map(),
  problems: new Map(),
  rejected: '',
})

const keyOf = (link: SessionLink): string => `${link.fromSessionId} ${link.toSessionId}`

async function load(memory: Memory, store: TraceWriter): Promise<void> {
  if (memory.loaded) return
  const [states, links, rejected] = await Promise.all([store.loadSources(), store.loadLinks(), store.loadRejections()])
  memory.rejected = keyOfRejections(rejected)
  for (const link of links) memory.links.set(keyOf(link), link)
  for (const state of states) {
    memory.states.set(state.source.id, state)
    for (const [i, stamp] of (await store.loadStamps(state.source.id)).entries()) {
      const known = fromStamp(stamp)
      if (known !== null) memory.known.set(stamp.sessionId, known)
      // A large history must not hold up whoever else is served.
      if (i % 2000 === 1999) await breathe()
    }
  }
  memory.loaded = true
}

const breathe = () => new Promise((resolve) => setImmediate(resolve))

// ---------------------------------------------------------------- one run

interface Run {
  options: IngestOptions & { now: () => number }
  memory: Memory
  startedAtMs: number
  copies: Map<string, string>
  holdings: Map<string, Holding>
  families: Families
  /** By source: what was active since is unsettled. */
  settledBeforeMs: Map<string, number>
  fresh: Set<string>
  removed: Set<string>
  versions: Map<string, number>
  /** What was read in this run; it is known for good when its family is saved. */
  read: Map<string, Known>
  failed: Map<string, string>
  saver: Saver
  sessionsRead: number
  total: number
  progress: (phase: IngestProgress['phase'], done: number, total: number) => void
}

async function ingest(
  options: IngestOptions & { now: () => number },
  memory: Memory,
  hand: Hand,
  hire: (most: number) => Hand[],
): Promise<IngestResult> {
  const startedAtMs = options.now()
  const { store } = options
  await load(memory, store)
  const specs = options.findSources()
  const fingerprints = new Map(specs.map((spec) => [spec.ref.id, fingerprint(spec)]))
  const result = (over: Partial<IngestResult>): IngestResult => ({
    startedAtMs,
    finishedAtMs: options.now(),
    sessionsRead: 0,
    sessionsRemoved: 0,
    changed: false,
    sources: [...memory.states.values()],
    ...rejections(memory),
    ...over,
  })
  const sameSources = specs.length === memory.states.size && specs.every((spec) => memory.states.has(spec.ref.id))
  const untouched = (spec: SourceSpec) => {
    const print = fingerprints.get(spec.ref.id)
    return print !== null && print !== undefined && print === memory.states.get(spec.ref.id)?.fingerprint
  }
  if (sameSources && specs.every(untouched)) return result({})

  const progress = throttled(options, startedAtMs)
  progress('looking', 0, memory.known.size)
  const copies = new Map<string, string>()
  const failed = new Map<string, string>()
  const hired: Hand[] = []
  const saver = createSaver(store, options.onSaved)
  try {
    const listings = await listAll(specs, memory, hand, fingerprints, copies, failed, options.now)
    const holdings = oneHistory(listings)
    const run: Run = {
      options,
      memory,
      startedAtMs,
      copies,
      holdings,
      families: new Families(),
      settledBeforeMs: settledBefore(holdings),
      fresh: new Set(),
      removed: new Set([...memory.known.keys()].filter((id) => !holdings.has(id))),
      versions: new Map(),
      read: new Map(),
      failed,
      saver,
      sessionsRead: 0,
      total: 0,
      progress,
    }
    await findChanges(run, hand, (spec) => untouched(spec))
    joinFamilies(run)
    await readFamilies(run, hand, hired, hire)
    await saver.end()
    const changed = saver.saved() || !sameSources
    await saveSources(run, specs, fingerprints, changed)
    progress('done', run.total, run.total)
    return result({ sessionsRead: run.sessionsRead, sessionsRemoved: run.removed.size, changed })
  } finally {
    await Promise.all(hired.map((extra) => extra.dismiss().catch(() => {})))
    await hand.rest().catch(() => {})
    for (const copy of copies.values()) rmSync(dirname(copy), { recursive: true, force: true })
  }
}

function throttled(options: IngestOptions & { now: () => number }, startedAtMs: number): Run['progress'] {
  let last = Number.NEGATIVE_INFINITY
  return (phase, done, total) => {
    const elapsedMs = Math.max(0, options.now() - startedAtMs)
    const at = performance.now()
    if (options.onProgress === undefined || (at - last < 100 && phase !== 'done')) return
    last = at
    options.onProgress({ phase, done, total, elapsedMs })
  }
}

// ---------------------------------------------------------------- what there is

async function listAll(
  specs: readonly SourceSpec[],
  memory: Memory,
  hand: Hand,
  fingerprints: ReadonlyMap<string, string | null>,
  copies: Map<string, string>,
  failed: Map<string, string>,
  now: () => number,
): Promise<Listing[]> {
  const listings: Listing[] = []
  const bySource = new Map<string, ListedSession[]>()
  for (const known of memory.known.values()) {
    const list = bySource.get(known.sourceId)
    if (list === undefined) bySource.set(known.sourceId, [known.listed])
    else list.push(known.listed)
  }
  for (const id of [...memory.problems.keys()]) if (!fingerprints.has(id)) memory.problems.delete(id)
  for (const spec of specs) {
    const { id, kind } = spec.ref
    const print = fingerprints.get(id) ?? null
    const held = memory.listings.get(id)
    if (held !== undefined && held.fingerprint === print) {
      listings.push({ spec, sessions: held.sessions })
      continue
    }
    const known = bySource.get(id) ?? []
    const answer = await hand.list({ kind: 'list', spec, known: kind === 'OPENCODE_SQLITE' ? [] : known })
    if (answer.copy !== null) copies.set(id, answer.copy)
    if (answer.failure !== null) failed.set(id, answer.failure)
    // A source that cannot be listed just now keeps what was read of it.
    const sessions = new Map((answer.failure === null ? answer.sessions : known).map((s) => [s.id, s]))
    if (print !== null && answer.failure === null) memory.listings.set(id, { fingerprint: print, sessions })
    const problems =
      answer.failure === null ? answer.problems : [...answer.problems, { path: spec.ref.path, reason: answer.failure }]
    memory.problems.set(id, noteProblems(problems, id, memory.problems.get(id), now()))
    listings.push({ spec, sessions })
  }
  return listings
}

function noteProblems(
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

function settledBefore(holdings: ReadonlyMap<string, Holding>): Map<string, number> {
  const before = new Map<string, number>()
  for (const { listing, session } of holdings.values()) {
    const id = listing.spec.ref.id
    before.set(id, Math.max(before.get(id) ?? 0, session.updatedMs - UNSETTLED_MS))
  }
  return before
}

// ---------------------------------------------------------------- what changed

async function findChanges(run: Run, hand: Hand, untouched: (spec: SourceSpec) => boolean): Promise<void> {
  const { memory, holdings } = run
  const toCheck = new Map<SourceSpec, ListedSession[]>()
  for (const [id, { listing, session }] of holdings) {
    const known = memory.known.get(id)
    if (
      known === undefined ||
      known.sourceId !== listing.spec.ref.id ||
      known.listed.mark !== session.mark ||
      known.listed.place !== session.place
    ) {
      run.fresh.add(id)
    } else if (known.unsettled && !untouched(listing.spec)) {
      if (known.signature === null) run.fresh.add(id)
      else if (!run.failed.has(listing.spec.ref.id)) {
        const list = toCheck.get(listing.spec)
        if (list === undefined) toCheck.set(listing.spec, [session])
        else list.push(session)
      }
    }
  }
  for (const [spec, sessions] of toCheck) {
    const copy = run.copies.get(spec.ref.id) ?? null
    const { signatures } = await hand.signatures({ kind: 'signatures', spec, copy, sessions })
    sessions.forEach((session, i) => {
      const known = memory.known.get(session.id)
      if (known === undefined) return
      if (signatures[i] !== known.signature) run.fresh.add(session.id)
      else if (!isUnsettled(run, spec, known)) run.saver.add({ known: [{ ...known, unsettled: false }] }, memory)
    })
  }
}

const isUnsettled = (run: Run, spec: SourceSpec, of: { running: boolean; lastActivityMs: number }): boolean =>
  of.running || of.lastActivityMs >= (run.settledBeforeMs.get(spec.ref.id) ?? 0)

function joinFamilies({ families, holdings, memory }: Run): void {
  for (const [id, { session }] of holdings) if (session.parentId !== null) families.join(id, session.parentId)
  // A parent of before, too: the rows stand under its root.
  for (const [id, { listed }] of memory.known) if (listed.parentId !== null) families.join(id, listed.parentId)
  for (const { fromSessionId, toSessionId } of memory.links.values()) families.join(fromSessionId, toSessionId)
}

// ---------------------------------------------------------------- reading

async function readFamilies(run: Run, hand: Hand, hired: Hand[], hire: (most: number) => Hand[]): Promise<void> {
  let dirty = new Set([...run.fresh, ...run.removed])
  for (let pass = 1; dirty.size > 0; pass++) {
    const jobs = jobsOf(run, dirty)
    run.total += jobs.reduce((sum, job) => sum + job.members.length, 0)
    const sessions = jobs.flatMap((job) => job.members)
    if (hired.length === 0 && sessions.length > BUNDLE) hired.push(...hire(threadsFor(sessions)))
    // Digests are kept when little is read: then the same family is likely to change again.
    const keep = sessions.length <= 4 * BUNDLE
    const again = await readJobs(run, jobs, [hand, ...hired], keep, pass === 1)
    for (const link of forkLinks(run)) if (addLink(run, link)) again.add(link.fromSessionId)
    dirty = again
  }
}

interface Job {
  members: Member[]
  removed: string[]
}

/** The whole families of some sessions, in the order in which their data lies on the disk, large ones first. */
function jobsOf(run: Run, dirty: ReadonlySet<string>): Job[] {
  const { families, holdings, memory } = run
  const jobs = new Map<string, Job>()
  for (const id of dirty) jobs.set(families.of(id), { members: [], removed: [] })
  for (const [id, { listing, session }] of holdings) {
    const job = jobs.get(families.of(id))
    if (job === undefined) continue
    const { spec } = listing
    const settledBeforeMs = run.settledBeforeMs.get(spec.ref.id) ?? 0
    const known = memory.known.get(id)
    const fresh = run.fresh.has(id) && !run.read.has(id)
    if (fresh) run.versions.set(id, ++lastVersion)
    const version = run.versions.get(id) ?? known?.version ?? 0
    job.members.push({
      spec,
      copy: run.copies.get(spec.ref.id) ?? null,
      session,
      fresh,
      version,
      withSignature: session.updatedMs >= settledBeforeMs || known?.unsettled === true,
      settledBeforeMs,
    })
  }
  for (const id of run.removed) jobs.get(families.of(id))?.removed.push(id)
  const startOf = (job: Job) =>
    job.members.reduce((ms, m) => Math.min(ms, m.session.createdMs), Number.POSITIVE_INFINITY)
  const sized = [...jobs.values()].map((job) => ({
    job,
    large: job.members.length > 8 * BUNDLE,
    startMs: startOf(job),
  }))
  return sized.sort((a, b) => Number(b.large) - Number(a.large) || a.startMs - b.startMs).map(({ job }) => job)
}

let lastVersion = 0

/** Measured on two cores: files want more threads than cores, since opening waits; a database wants one a core. */
function threadsFor(members: readonly Member[]): number {
  const files = members.filter((m) => m.spec.ref.kind !== 'OPENCODE_SQLITE').length
  return files > members.length / 2 ? 4 : Math.min(2, Math.max(1, availableParallelism()))
}

/** Gives the sessions whose families have to be built once more, with what was found out meanwhile. */
async function readJobs(run: Run, jobs: Job[], hands: Hand[], keep: boolean, isFirst: boolean): Promise<Set<string>> {
  const again = new Set<string>()
  let next = 0
  const takeBundle = (): Job[] => {
    const bundle: Job[] = []
    for (let size = 0; next < jobs.length && size < BUNDLE; next++) {
      const job = jobs[next]
      if (job === undefined) break
      if (bundle.length > 0 && size + job.members.length > BUNDLE) break
      size += job.members.length
      bundle.push(job)
    }
    return bundle
  }
  const work = async (hand: Hand) => {
    for (let bundle = takeBundle(); bundle.length > 0; bundle = takeBundle()) {
      await run.saver.ready()
      const asked = bundle.filter((job) => job.members.length > 0)
      const answers =
        asked.length === 0
          ? []
          : await hand.families({ kind: 'families', families: asked.map((job) => job.members), keep })
      for (const job of bundle) {
        const answer = answers[asked.indexOf(job)]
        if (job.members.length === 0) run.saver.add({ removed: job.removed }, run.memory)
        else if (answer !== undefined) settle(run, job, answer, again, isFirst)
        run.progress('reading', run.sessionsRead, run.total)
      }
    }
  }
  // Two requests a hand: it has something to do while the last answer is taken in.
  await Promise.all(hands.flatMap((hand) => [work(hand), work(hand)]))
  return again
}

/** Takes in what one family gave: saves it, or puts it off until all that it belongs to is known. */
function settle(run: Run, job: Job, answer: FamilyAnswer, again: Set<string>, isFirst: boolean): void {
  const { memory, holdings } = run
  if (answer.failure !== null || answer.forest === null) {
    for (const { spec } of job.members) run.failed.set(spec.ref.id, answer.failure ?? 'it could not be read')
    return
  }
  const members = new Map(job.members.map((m) => [m.session.id, m]))
  for (const note of answer.notes) {
    const member = members.get(note.id)
    if (note.gone || member === undefined) continue
    run.sessionsRead++
    run.read.set(note.id, knownOf(run, member, note))
  }
  let complete = true
  for (const link of answer.links) {
    addLink(run, link)
    if (holdings.has(link.toSessionId)) complete = false
  }
  // A fork's original is known when everything has been read once.
  if (isFirst && job.members.some((m) => isOpenFork(run, m.session.id))) complete = false
  if (!complete) {
    for (const id of members.keys()) again.add(id)
    return
  }
  run.saver.add(
    {
      forest: { ...answer.forest, sessionIds: [...answer.forest.sessionIds, ...job.removed] },
      known: [...members.keys()].flatMap((id) => run.read.get(id) ?? []),
      removed: job.removed,
    },
    memory,
  )
}

function knownOf(run: Run, { spec, session, version }: Member, note: Note): Known {
  const { firstMs, copiedFromMs, lastActivityMs, running, files, bytes, problems, problemCount, signature } = note
  return {
    sourceId: spec.ref.id,
    listed: session,
    signature,
    firstMs,
    copiedFromMs,
    lastActivityMs,
    running,
    unsettled: isUnsettled(run, spec, note),
    files,
    bytes,
    problems,
    problemCount,
    readAtMs: run.startedAtMs,
    version,
  }
}

// ---------------------------------------------------------------- links

function addLink(run: Run, link: SessionLink): boolean {
  const key = keyOf(link)
  if (run.memory.links.has(key)) return false
  run.memory.links.set(key, link)
  run.families.join(link.fromSessionId, link.toSessionId)
  run.saver.add({ links: [link] }, run.memory)
  return true
}

const knownNow = (run: Run, id: string): Known | undefined => run.read.get(id) ?? run.memory.known.get(id)

function isOpenFork(run: Run, id: string): boolean {
  if (knownNow(run, id)?.copiedFromMs == null) return false
  return ![...run.memory.links.values()].some((link) => link.fromSessionId === id)
}

/** A fork begins with copies of its original's messages, which keep their times: by the first they find each other. */
function forkLinks(run: Run): SessionLink[] {
  const originals = new Map<number, Known[]>()
  const forks: Known[] = []
  for (const id of run.holdings.keys()) {
    const known = knownNow(run, id)
    if (known === undefined) continue
    if (known.copiedFromMs !== null) forks.push(known)
    if (known.firstMs === null) continue
    const list = originals.get(known.firstMs)
    if (list === undefined) originals.set(known.firstMs, [known])
    else list.push(known)
  }
  return forks.flatMap((fork) =>
    (originals.get(fork.copiedFromMs ?? Number.NaN) ?? [])
      .filter(({ listed }) => listed.id !== fork.listed.id && listed.createdMs < fork.listed.createdMs)
      .map(({ listed }) => ({ fromSessionId: fork.listed.id, toSessionId: listed.id })),
  )
}

// ---------------------------------------------------------------- saving

interface Portion {
  forest?: Forest
  known?: Known[]
  links?: SessionLink[]
  removed?: string[]
}

interface Saver {
  add(portion: Portion, memory: Memory): void
  /** Resolves when there is room for more. */
  ready(): Promise<void>
  end(): Promise<void>
  saved(): boolean
}

/** Saves in order, one transaction after the other, each of many families. */
function createSaver(store: TraceWriter, onSaved: IngestOptions['onSaved']): Saver {
  let batch = emptyBatch()
  let pending: Portion[] = []
  let weight = 0
  let waiting = 0
  let saving: Promise<void> = Promise.resolve()
  let hasSaved = false
  let failure: { error: unknown } | null = null

  function flush(memory: Memory): void {
    const [full, portions, size] = [batch, pending, weight]
    batch = emptyBatch()
    pending = []
    weight = 0
    hasSaved = true
    saving = saving.then(async () => {
      if (failure !== null) return
      try {
        const change = await store.saveTraces(full)
        for (const portion of portions) {
          for (const known of portion.known ?? []) memory.known.set(known.listed.id, known)
          for (const id of portion.removed ?? []) memory.known.delete(id)
        }
        onSaved?.(change)
      } catch (error) {
        failure = { error }
      } finally {
        waiting -= size
      }
    })
  }

  let lastMemory: Memory | null = null
  return {
    add(portion, memory) {
      lastMemory = memory
      pending.push(portion)
      if (portion.forest !== undefined) putForest(batch, portion.forest)
      batch.stamps.push(...(portion.known ?? []).map(toStamp))
      batch.links.push(...(portion.links ?? []))
      batch.removedSessionIds.push(...(portion.removed ?? []))
      const more = weightOf(portion)
      weight += more
      waiting += more
      if (weight >= BATCH_WEIGHT) flush(memory)
    },
    async ready() {
      while (failure === null && waiting - weight > MAX_WAITING_WEIGHT) await saving
      if (failure !== null) throw failure.error
    },
    async end() {
      if (lastMemory !== null && pending.length > 0) flush(lastMemory)
      await saving
      if (failure !== null) throw failure.error
    },
    saved: () => hasSaved,
  }
}

interface Batch extends SaveBatch {
  forests: Forest[]
  forestOf: Map<string, Forest>
  stamps: SessionStamp[]
  links: SessionLink[]
  removedSessionIds: string[]
}

/** Families only grow during a run: a later forest holds all sessions of an earlier one that it has any of. */
function putForest(batch: Batch, forest: Forest): void {
  for (const id of forest.sessionIds) {
    const before = batch.forestOf.get(id)
    if (before !== undefined) batch.forests.splice(batch.forests.indexOf(before), 1)
    for (const other of before?.sessionIds ?? []) batch.forestOf.delete(other)
  }
  for (const id of forest.sessionIds) batch.forestOf.set(id, forest)
  batch.forests.push(forest)
}

const emptyBatch = (): Batch => ({ forests: [], forestOf: new Map(), stamps: [], links: [], removedSessionIds: [] })

function weightOf({ forest, known = [], links = [], removed = [] }: Portion): number {
  let weight = 500 * known.length + 100 * (links.length + removed.length)
  if (forest === undefined) return weight
  weight += 600 * forest.sessions.length
  for (const trace of forest.traces) weight += weightOfTrace(trace)
  return weight
}

async function saveSources(
  run: Run,
  specs: readonly SourceSpec[],
  fingerprints: ReadonlyMap<string, string | null>,
  changed: boolean,
): Promise<void> {
  const { memory, failed, options } = run
  const totals = new Map(specs.map((spec) => [spec.ref.id, { sessions: 0, files: 0, bytes: 0 }]))
  for (const { sourceId, files, bytes } of memory.known.values()) {
    const total = totals.get(sourceId)
    if (total === undefined) continue
    total.sessions++
    total.files += files
    total.bytes += bytes
  }
  for (const [id, reason] of failed) {
    const spec = specs.find((s) => s.ref.id === id)
    if (spec === undefined) continue
    const before = memory.problems.get(id)
    const merged = new Map([
      ...(before ?? []),
      ...noteProblems([{ path: spec.ref.path, reason }], id, before, options.now()),
    ])
    memory.problems.set(id, merged)
    memory.listings.delete(id)
  }
  const states = specs.map((spec): SourceState => {
    const { id, kind, path } = spec.ref
    const total = totals.get(id) ?? { sessions: 0, files: 0, bytes: 0 }
    const size = kind === 'OPENCODE_SQLITE' ? { files: 1, bytes: sizeOf(path) + sizeOf(`${path}-wal`) } : {}
    // Without a fingerprint the next run looks at everything again.
    const print = failed.has(id) ? null : (fingerprints.get(id) ?? null)
    return { source: spec.ref, fingerprint: print, ...total, ...size, readAtMs: run.startedAtMs }
  })
  const before = [...memory.states.values()]
  memory.states = new Map(states.map((state) => [state.source.id, state]))
  const { rejected } = rejections(memory)
  const stripped = (list: readonly SourceState[]) => JSON.stringify(list.map((state) => ({ ...state, readAtMs: 0 })))
  if (changed || stripped(before) !== stripped(states) || memory.rejected !== keyOfRejections(rejected)) {
    await options.store.saveSources(states, rejected)
    memory.rejected = keyOfRejections(rejected)
  }
}

const keyOfRejections = (rejected: readonly StoredRejection[]): string =>
  JSON.stringify(rejected.map(({ sourceId, path, reason }) => [sourceId, path, reason].join('\n')).sort())

function rejections(memory: Memory): Pick<IngestResult, 'rejected' | 'rejectedCount'> {
  const rejected: StoredRejection[] = []
  let rejectedCount = 0
  for (const problems of memory.problems.values()) {
    rejectedCount += problems.size
    rejected.push(...problems.values())
  }
  for (const { sourceId, problems, problemCount, readAtMs } of memory.known.values()) {
    rejectedCount += problemCount
    if (rejected.length >= MAX_REJECTED) continue
    for (const { path, reason } of problems) rejected.push({ sourceId, path, reason, atMs: readAtMs })
  }
  return { rejected: rejected.slice(0, MAX_REJECTED), rejectedCount }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
