/** Runs the reading of the sources: once, on demand, or on every change; one at a time, with a report of its state. */
import { messageOf } from '../errors.ts'
import type { Findings, IngestReport, IngestService, IngestStatus } from '../resolvers/context.ts'
import type { TraceWriter } from '../store/store.ts'

export interface ReadingOptions {
  store: Pick<TraceWriter, 'loadSources' | 'loadRejections'>
  /** Reads and saves what has changed; null if nothing is ever read, and the database stays as it is. */
  read: (() => Promise<void>) | null
  /** What every report says about the sources. */
  about: () => { demo: boolean; message: string | null }
  onError: (error: unknown) => void
  now?: () => number
}

export interface Reading extends IngestService {
  /** Reads what has changed; if a reading is under way, reads again after it. Never rejects: see `report`. */
  readNow: () => Promise<void>
  /** Whether a reading has succeeded since the start. */
  isReady: () => boolean
  /** Starts a watch, which calls `read` on every change until `stop`. */
  watch: (begin: (read: () => Promise<void>) => { stop: () => void }) => void
  /** Starts no more readings, and waits for the one that is under way. */
  stop: () => Promise<void>
}

export function createReading({ store, read, about, onError, now = Date.now }: ReadingOptions): Reading {
  let status: IngestStatus = 'IDLE'
  let failure: string | null = null
  let startedAtMs: number | null = null
  let finishedAtMs: number | null = null
  let isReady = false
  let isStopped = false
  let watching: { stop: () => void } | null = null
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null

  const run = async (read: () => Promise<void>) => {
    status = 'RUNNING'
    startedAtMs = now()
    finishedAtMs = null
    try {
      await read()
      failure = null
      isReady = true
    } catch (error) {
      failure = messageOf(error)
      // A reading that was cut short by stopping is no error.
      if (!isStopped) onError(error)
    }
    finishedAtMs = now()
    running = null
    status = failure !== null ? 'FAILED' : watching === null ? 'IDLE' : 'WATCHING'
  }

  const readNow = (): Promise<void> => {
    if (isStopped) return Promise.resolve()
    if (read === null) {
      isReady = true
      return Promise.resolve()
    }
    if (running === null) {
      running = run(read)
      return running
    }
    // A change during a reading may have come too late for it.
    next ??= running.then(() => {
      next = null
      return readNow()
    })
    return next
  }

  const report = (): IngestReport => {
    const { demo, message } = about()
    let found: Promise<Findings> | null = null
    return {
      status,
      demo,
      message: failure ?? message,
      startedAtMs,
      finishedAtMs,
      durationMs: startedAtMs === null || finishedAtMs === null ? null : Math.max(0, finishedAtMs - startedAtMs),
      findings() {
        found ??= findingsIn(store)
        return found
      },
    }
  }

  return {
    report,
    readNow,
    ingestNow: async () => {
      await readNow()
      return report()
    },
    isReady: () => isReady,
    watch: (begin) => {
      if (isStopped || watching !== null) return
      watching = begin(readNow)
      if (status === 'IDLE') status = 'WATCHING'
    },
    stop: async () => {
      isStopped = true
      watching?.stop()
      await running
    },
  }
}

async function findingsIn(store: ReadingOptions['store']): Promise<Findings> {
  const [states, rejections] = await Promise.all([store.loadSources(), store.loadRejections()])
  return {
    sources: states.map(({ source, sessions, files, bytes }) => ({
      sourceId: source.id,
      sessions,
      files,
      bytes,
      rejected: rejections.filter((rejection) => rejection.sourceId === source.id).length,
    })),
    rejected: rejections
      .map(({ path, reason, atMs }) => ({ path, reason, atMs }))
      .sort((a, b) => b.atMs - a.atMs || (a.path < b.path ? -1 : 1)),
  }
}
