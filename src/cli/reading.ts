/** Reading the sources, once, on demand or whenever something was written: never twice at the same time, always reported. */
import { messageOf } from '../errors.ts'
import type { Findings, IngestReport, IngestService, IngestStatus } from '../resolvers/context.ts'
import type { TraceWriter } from '../store/store.ts'

export interface ReadingOptions {
  store: Pick<TraceWriter, 'loadSources' | 'loadRejections'>
  /** Reads what has changed and saves it; null where nothing is read, and what is stored is all there is. */
  read: (() => Promise<void>) | null
  /** What is to be said of the sources in every report. */
  about: () => { demo: boolean; message: string | null }
  onError: (error: unknown) => void
  now?: () => number
}

export interface Reading extends IngestService {
  /** Reads what has changed; when a reading is under way, once more after it. Never rejects: see `report`. */
  readNow: () => Promise<void>
  /** Whether a reading has succeeded since the start. */
  isReady: () => boolean
  /** Reads again whenever the watch that is begun says so, until `stop`. */
  watch: (begin: (read: () => Promise<void>) => { stop: () => void }) => void
  /** Begins nothing more, and waits for what is under way. */
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
      // One that was cut short by the end is no news.
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
    // What changes while a reading is under way may have been passed by it.
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
