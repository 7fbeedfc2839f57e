/**
 * Saves batches of families in order, one transaction after the other, and holds up reading while too much is unsaved.
 */
import type { Forest, Trace } from '../records.ts'
import { bytesOf } from '../store/packing/rows.ts'
import type {
  PackedForest,
  SaveBatch,
  SavedChange,
  SessionLink,
  SessionStamp,
  SourceNews,
  TraceWriter,
} from '../store/store.ts'
import type { Memory } from './memory.ts'
import { type Known, toStamp } from './stamp.ts'

/** Approximate size of a transaction (see `weightOf`). Larger ones take more memory, ones half as large more time. */
const BATCH_WEIGHT = 4_000_000
/**
 * Size of the first transaction when more is to come. Each following one is twice as large, so that first results show
 * soon.
 */
const FIRST_WEIGHT = BATCH_WEIGHT / 32
/** Reading pauses while this much waits to be saved. */
const MAX_WAITING_WEIGHT = 8_000_000

export interface Portion {
  forest?: Forest | PackedForest
  known?: Known[]
  links?: SessionLink[]
  removed?: string[]
}

export interface Saver {
  /** Queues a portion. Its sessions count as known at once; if saving fails, the run discards all that is known. */
  add(portion: Portion): void
  /** Call before reading more: resolves when there is room for it. */
  ready(): Promise<void>
  /** Whether anything was added. */
  hasNews(): boolean
  /** Saves the rest together with the news of the sources in one transaction, since each one waits for the disk. */
  end(sources: SourceNews | null): Promise<void>
}

export function createSaver(
  store: TraceWriter,
  memory: Memory,
  onSaved: ((change: SavedChange) => void) | undefined,
): Saver {
  let batch = emptyBatch()
  let isEmpty = true
  let weight = 0
  let soon = FIRST_WEIGHT
  let waiting = 0
  let saving: Promise<void> = Promise.resolve()
  let hasNews = false
  let failure: { error: unknown } | null = null

  function flush(sources?: SourceNews): void {
    const [full, size] = [batch, weight]
    batch = emptyBatch()
    isEmpty = true
    weight = 0
    saving = saving.then(async () => {
      // What is being saved no longer counts as waiting, so that reading goes on while a large tree is saved.
      waiting -= size
      if (failure !== null) return
      try {
        const change = await store.saveTraces(sources === undefined ? full : { ...full, sources })
        onSaved?.(change)
      } catch (error) {
        failure = { error }
      }
    })
  }

  return {
    add(portion) {
      hasNews = true
      isEmpty = false
      const { forest, known = [], links = [], removed = [] } = portion
      if (forest !== undefined) putForest(batch, forest)
      for (const link of links) batch.links.push(link)
      for (const session of known) {
        batch.stamps.push(toStamp(session))
        memory.known.set(session)
      }
      for (const id of removed) {
        batch.removedSessionIds.push(id)
        memory.known.delete(id)
        memory.links.deleteFrom(id)
      }
      const more = weightOf(portion)
      weight += more
      waiting += more
      if (weight >= BATCH_WEIGHT) flush()
    },
    async ready() {
      if (weight >= soon) {
        soon = Math.min(BATCH_WEIGHT, 2 * soon)
        flush()
      }
      while (failure === null && waiting - weight > MAX_WAITING_WEIGHT) await saving
      if (failure !== null) throw failure.error
    },
    hasNews: () => hasNews,
    async end(sources) {
      if (!isEmpty) flush(sources ?? undefined)
      else if (sources !== null) saving = saving.then(() => (failure === null ? store.saveSources(sources) : undefined))
      await saving
      if (failure !== null) throw failure.error
    },
  }
}

interface Batch extends SaveBatch {
  forests: (Forest | PackedForest)[]
  forestOf: Map<string, Forest | PackedForest>
  stamps: SessionStamp[]
  links: SessionLink[]
  removedSessionIds: string[]
}

/** Families only grow during a run, so a later forest contains all sessions of any earlier one that it overlaps. */
function putForest(batch: Batch, forest: Forest | PackedForest): void {
  for (const id of forest.sessionIds) {
    const before = batch.forestOf.get(id)
    if (before !== undefined) batch.forests.splice(batch.forests.indexOf(before), 1)
    for (const other of before?.sessionIds ?? []) batch.forestOf.delete(other)
  }
  for (const id of forest.sessionIds) batch.forestOf.set(id, forest)
  batch.forests.push(forest)
}

const emptyBatch = (): Batch => ({ forests: [], forestOf: new Map(), stamps: [], links: [], removedSessionIds: [] })

/** A rough estimate of the bytes that a portion takes on its way to the store. */
function weightOf({ forest, known = [], links = [], removed = [] }: Portion): number {
  let weight = 500 * known.length + 100 * (links.length + removed.length)
  if (forest === undefined) return weight
  if ('kind' in forest) return weight + bytesOf(forest)
  weight += 600 * forest.sessions.length
  for (const trace of forest.traces) weight += weightOfTrace(trace)
  return weight
}

const weightOfTrace = (trace: Trace): number =>
  600 + trace.promptInput.length + (trace.promptOutput?.length ?? 0) + 150 * trace.toolCalls.length
