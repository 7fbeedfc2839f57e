/**
 * The pipeline from OpenCode's files to saved trees: find changes → read → digest → build → save. The first read, the
 * next start and watching share this one function, so they cannot differ. Memory holds only what tells whether a
 * session has changed; trees are read, built and saved family by family.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { createPace, othersTurn } from '../pace.ts'
import { findChanges, isKnown, listAll } from './changes.ts'
import { type Hand, localHand, workerHand } from './crew.ts'
import { Families } from './families.ts'
import { emptyMemory, loadStamps, loadStates, type Memory } from './memory.ts'
import { fileOf, fingerprint, identity } from './opencode/open.ts'
import { readFamilies } from './read-families.ts'
import { announceSources, knowsRejections, newsOfSources, rejections } from './report.ts'
import { createSaver } from './saver.ts'
import type { SourceSpec } from './source.ts'
import type { IngestOptions, IngestResult, Run } from './types.ts'

export type { IngestOptions, IngestProgress, IngestResult } from './types.ts'

export interface Ingester {
  /** Reads and saves what has changed. A call during a run waits for it and then runs again. */
  run(): Promise<IngestResult>
  /** Waits for the current run, then lets the reading thread go. */
  close(): Promise<void>
  /** Aborts the current run, whose promise rejects. What it has not saved is read again at the next start. */
  stop(): Promise<void>
}

/** Worker threads need compiled code. */
const isCompiled = import.meta.url.endsWith('.js')

/** Starts a worker thread before the ingester needs it: it takes about as long as creating a new database. */
export const startReader = (): Hand | undefined => (isCompiled ? workerHand() : undefined)

export function createIngester(options: IngestOptions): Ingester {
  const { now = Date.now } = options
  let memory = emptyMemory()
  const inThread = isCompiled && options.threads !== 0
  let first: Hand | null = options.hand ?? null
  /** All hands that are working or ready to work. */
  const hands = new Set<Hand>(first === null ? [] : [first])
  let lastRun: Promise<unknown> = Promise.resolve()
  let closed = false

  async function runOnce(): Promise<IngestResult> {
    if (first !== null && holdsReplaced(memory)) {
      // A file that the thread holds open was replaced; only ending the thread closes it for good.
      await first.dismiss()
      first = null
      memory.opened.clear()
    }
    // Checked after the wait above, during which the ingester may have been closed.
    if (closed) throw new Error('the ingester is closed')
    first ??= inThread ? workerHand() : localHand()
    const hand = first
    hands.add(hand)
    let count = 1
    let isLong = false
    try {
      return await ingest({ ...options, now }, memory, hand, (wanted) => {
        if (!inThread || closed) return []
        const more = Math.max(0, Math.min(wanted, options.threads ?? wanted) - count)
        count += more
        const hired = Array.from({ length: more }, workerHand)
        for (const each of hired) {
          hands.add(each)
          void each.giveWay().catch(() => {})
        }
        if (!isLong) {
          compileWithInlining(false)
          void hand.giveWay().catch(() => {})
          void options.store.giveWay(true).catch(() => {})
        }
        isLong = true
        return hired
      })
    } catch (error) {
      // What was not saved is not known. The next run starts from what the store has, with a new thread.
      memory = emptyMemory()
      first = null
      await hand.dismiss().catch(() => {})
      throw error
    } finally {
      if (isLong) {
        compileWithInlining(true)
        void options.store.giveWay(false).catch(() => {})
        // The threads hired for this run are gone by now; the first one gave way as well, so it goes, too.
        await first?.dismiss().catch(() => {})
        first = null
        memory.opened.clear()
      }
      hands.clear()
      if (first !== null) hands.add(first)
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
    async stop() {
      closed = true
      await Promise.all([...hands].map((hand) => hand.dismiss().catch(() => {})))
      await lastRun.catch(() => {})
    },
  }
}

/**
 * V8's optimising compiler inlines callees, in every thread separately. While all processors are busy reading, that
 * costs more time than a read of a few seconds gains: with inlining, a first read takes a twentieth longer.
 */
const compileWithInlining = (isOn: boolean): void =>
  setFlagsFromString(isOn ? '--turbo-inlining' : '--no-turbo-inlining')

// ---------------------------------------------------------------- one run

async function ingest(
  options: Run['options'],
  memory: Memory,
  hand: Hand,
  hire: (count: number) => Hand[],
): Promise<IngestResult> {
  const startedAtMs = options.now()
  const { store } = options
  const specs = options.findSources()
  const states = await loadStates(memory, store)
  const fingerprints = new Map(specs.map((spec) => [spec.ref.id, fingerprint(spec)]))
  const result = (over: Partial<IngestResult>): IngestResult => ({
    startedAtMs,
    finishedAtMs: options.now(),
    sessionsRead: 0,
    sessionsRemoved: 0,
    changed: false,
    sources: [...(memory.states ?? states).values()],
    sourcesGone: [],
    unreadable: [],
    ...rejections(memory),
    ...over,
  })
  // No source at all may mean that a disk is not mounted just now: what was read from it stays.
  if (specs.length === 0) return result({})
  const sameSources = specs.length === states.size && specs.every((spec) => states.has(spec.ref.id))
  const isUntouched = (spec: SourceSpec) => {
    const print = fingerprints.get(spec.ref.id)
    return print !== null && print !== undefined && print === states.get(spec.ref.id)?.fingerprint
  }
  if (sameSources && specs.every(isUntouched) && knowsRejections(memory)) return result({})
  await loadStamps(memory, store, [...states.keys(), ...specs.map((spec) => spec.ref.id)])
  if (sameSources && specs.every(isUntouched)) return result({})

  const run = newRun(options, memory, startedAtMs)
  const { progress } = run
  progress('looking', 0, memory.known.size)
  const crew = [hand]
  const files = new Map(specs.map((spec) => [spec.ref.id, fileOf(spec)]))
  try {
    // Whatever is saved from here on belongs to a source that the next start knows, even if this run is cut off.
    if (!sameSources) await announceSources(run, specs)
    const listings = await listAll(run, specs, fingerprints, hand)
    await othersTurn()
    const newIds = memory.history.update(listings)
    run.holdings = memory.history.holdings
    await othersTurn()
    await findChanges(run, hand, newIds, isUntouched)
    await othersTurn()
    await joinFamilies(run)
    await othersTurn()
    await readFamilies(run, crew, hire)
    memory.unread = unreadOf(run)
    const changed = run.saver.hasNews() || !sameSources
    await run.saver.end(newsOfSources(run, specs, fingerprints, changed))
    noteOpened(memory, specs, files)
    progress('done', run.total, run.total)
    const { sessionsRead, removed, unreadable } = run
    const sourcesGone = [...states.values()].filter(({ source }) => !files.has(source.id))
    return result({ sessionsRead, sessionsRemoved: removed.size, changed, sourcesGone, unreadable })
  } catch (error) {
    // Otherwise anyone who follows the progress would wait forever for its end.
    progress('done', run.sessionsRead, run.total)
    throw error
  } finally {
    await Promise.all(crew.slice(1).map((extra) => extra.dismiss().catch(() => {})))
    await hand.rest().catch(() => {})
    for (const copy of run.copies.values()) rmSync(dirname(copy), { recursive: true, force: true })
  }
}

function newRun(options: Run['options'], memory: Memory, startedAtMs: number): Run {
  return {
    options,
    memory,
    startedAtMs,
    copies: new Map(),
    holdings: new Map(),
    families: memory.families ?? new Families(),
    fresh: new Set(),
    removed: new Set(),
    versions: new Map(),
    read: new Map(),
    failed: new Map(),
    unreadable: [],
    saver: createSaver(options.store, memory, options.onSaved),
    sessionsRead: 0,
    total: 0,
    progress: throttled(options, startedAtMs),
  }
}

/**
 * Notes what the thread now holds open. Files opened in an earlier run are still open, also those of a source that
 * failed or is missing now.
 */
function noteOpened({ opened }: Memory, specs: readonly SourceSpec[], before: ReadonlyMap<string, string>): void {
  for (const spec of specs) {
    const { id } = spec.ref
    if (opened.has(id)) continue
    // If the file was replaced during the run, nobody knows which one was opened.
    opened.set(id, { spec, identity: fileOf(spec) === before.get(id) ? identity(spec) : null })
  }
}

const holdsReplaced = ({ opened }: Memory): boolean =>
  [...opened.values()].some((each) => identity(each.spec) !== each.identity)

/** Sessions that had to be read and still are not known: they vanished in the meantime, or could not be read. */
function unreadOf({ fresh, holdings, memory }: Run): Set<string> {
  const unread = new Set<string>()
  for (const id of fresh) {
    const holding = holdings.get(id)
    if (holding !== undefined && !isKnown(memory.known.get(id), holding)) unread.add(id)
  }
  return unread
}

function throttled(options: Run['options'], startedAtMs: number): Run['progress'] {
  let last = Number.NEGATIVE_INFINITY
  return (phase, done, total) => {
    const at = performance.now()
    if (options.onProgress === undefined || (at - last < 100 && phase !== 'done')) return
    last = at
    options.onProgress({ phase, done, total, elapsedMs: Math.max(0, options.now() - startedAtMs) })
  }
}

async function joinFamilies({ families, holdings, memory, fresh }: Run): Promise<void> {
  const pace = createPace()
  if (memory.families !== null) {
    for (const id of fresh) {
      const parentId = holdings.get(id)?.session.parentId ?? null
      if (parentId !== null) families.join(id, parentId)
    }
    return
  }
  for (const [id, { session }] of holdings) {
    if (session.parentId !== null) families.join(id, session.parentId)
    if (pace.isDue()) await pace.rest()
  }
  // Join by the previous parent, too: the session's rows are still stored under that parent's root.
  for (const { listed } of memory.known.values()) {
    if (listed.parentId !== null) families.join(listed.id, listed.parentId)
    if (pace.isDue()) await pace.rest()
  }
  for (const { fromSessionId, toSessionId } of memory.links) families.join(fromSessionId, toSessionId)
  memory.families = families
}
