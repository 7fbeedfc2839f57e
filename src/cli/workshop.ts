/** Sets up what all reading commands share: the store, the sources, the reading and the services of the API. */
import { existsSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { type Config, environment, homeOf } from '../config.ts'
import { DelegraphError, messageOf } from '../errors.ts'
import { dataDirectories, findSources, resolveSources } from '../ingest/opencode/discover.ts'
import { isPartlyRead } from '../ingest/report.ts'
import { createIngester, type IngestProgress, type IngestResult, startReader } from '../ingest/run.ts'
import type { Problem, SourceSpec } from '../ingest/source.ts'
import { watchSources } from '../ingest/watch.ts'
import { createChangeFeed } from '../live/changes.ts'
import { createProgressFeed } from '../live/progress.ts'
import { atMost } from '../pace.ts'
import { pathInPackage } from '../package.ts'
import type { Services } from '../resolvers/context.ts'
import { isLoopback } from '../server/own-pages.ts'
import { moveAside } from '../store/duckdb/file.ts'
import { openStore, type Store } from '../store/duckdb/open.ts'
import type { SavedChange, SourceState } from '../store/store.ts'
import { commandAlone, createTerminal, realDesktop } from '../terminal.ts'
import { plural } from './figures.ts'
import { printable } from './printable.ts'
import { createReading, type Reading } from './reading.ts'

export interface Workshop {
  store: Store
  services: Services
  reading: Reading
  /** Calls `read` whenever OpenCode wrote something. */
  watch: (read: () => Promise<void>) => { stop: () => void }
  /** Ends every subscription. */
  endSubscriptions: () => void
  /** Result of the last reading; null until it finishes, or if it failed. */
  result: () => IngestResult | null
  /** The store is read-only and holds a first reading that has not finished, so sessions are missing. */
  isPartial: boolean
  /** Ends the reading and checkpoints what was saved. What was not saved is read again at the next start. */
  stopReading: () => Promise<void>
  close: () => Promise<void>
}

export interface WorkshopOptions {
  /** Reads none of OpenCode's files and writes nothing; by default as configured. */
  readOnly?: boolean
  /** Number of reading threads; 0: read in this thread. By default it depends on the processors and the sources. */
  threads?: number
  onProgress?: (progress: IngestProgress) => void
  /** Receives a line for the user. */
  onNotice?: (line: string) => void
  /** Called after every reading; null if it failed. */
  onReading?: (result: IngestResult | null) => void
  onSaved?: (change: SavedChange) => void
}

const DEMO =
  'No OpenCode data was found here, so these are recordings that come with delegraph. ' +
  'Point to yours with --source, or restart delegraph when OpenCode has run.'
const KEPT = 'No OpenCode data was found, so this is what was read before.'
const ELSEWHERE =
  'delegraph opens terminals only when it listens on this machine alone, and this one can be reached by others.'
const UNWATCHED =
  'The system has no file watches left, so changes are noticed a few seconds late. On Linux, raise fs.inotify.max_user_watches ' +
  'and fs.inotify.max_user_instances.'
/** @param copiedAtMs when another delegraph's database was copied; null if no other process was using it */
function readOnlyMessage(copiedAtMs: number | null, isPartial: boolean): string {
  const what =
    copiedAtMs === null
      ? 'Read-only: this is the content of the database; nothing newer is read.'
      : `Read-only: this is a copy of the database of another delegraph, taken at ${new Date(copiedAtMs).toISOString()}; nothing newer is read.`
  return isPartial ? `${what} ${PARTIAL}` : what
}
const PARTIAL = 'The first read had not finished: sessions are missing.'

export const strayInWords = (name: string): string =>
  `${name} is not an option of delegraph and is ignored: --help lists them.`

export async function openWorkshop(config: Config, options: WorkshopOptions = {}): Promise<Workshop> {
  const { readOnly = config.readOnly, onNotice = notice } = options
  for (const name of config.strayVariables) onNotice(strayInWords(name))
  const sources = readOnly ? unread : sourcesOf(config)
  // The recordings are not the user's history, so they are not stored on disk.
  const db = sources().demo ? ':memory:' : config.db
  const hand = !readOnly && options.threads !== 0 && !existsSync(db) ? startReader() : undefined
  const store = await openOrRebuild(config, db, readOnly, onNotice)
  if (readOnly) stayLean()
  const isPartial = readOnly && isPartlyRead(await store.loadSources())
  let result: IngestResult | null = null
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  let isTold = false
  /** Message of the last reading, if it failed. */
  let failure: string | null = null
  const ingester = createIngester({
    store,
    hand,
    threads: options.threads,
    findSources: () => sources().specs,
    onProgress: (made) => {
      options.onProgress?.(made)
      // Watching looks again and again: without findings, that is not worth an event.
      isTold ||= made.phase === 'looking' ? !reading.isReady() : made.total > 0
      if (isTold) progress.publish(made)
      if (made.phase === 'done') isTold = false
    },
    onSaved: (change) => {
      changes.publish(change)
      options.onSaved?.(change)
    },
  })
  const reading = createReading({
    store,
    about: () => {
      if (readOnly) return { demo: false, message: readOnlyMessage(store.copiedAtMs, isPartial) }
      // The given sources exist, or reading them fails and says so.
      if (config.sources.length > 0) return { demo: false, message: null }
      const { demo, isFound } = sources()
      return { demo, message: demo ? DEMO : isFound ? null : KEPT }
    },
    read: readOnly
      ? null
      : async () => {
          result = null
          stayLean()
          const made = await ingester.run()
          for (const line of made.sourcesGone.flatMap(goneInWords)) onNotice(line)
          if (made.unreadable.length > 0 && made.unreadable.length === made.sources.length) throw nothingRead(made)
          result = made
          failure = null
          options.onReading?.(result)
        },
    onError: (error) => {
      options.onReading?.(null)
      // A disk that is offline overnight fails at every look: one notice is enough.
      if (messageOf(error) !== failure) onNotice(`Reading failed: ${messageOf(error)}`)
      failure = messageOf(error)
    },
  })
  // Aborts even a transaction in progress, which may be seconds of work.
  const endReading = () => Promise.all([reading.stop(), ingester.stop(), store.stopWriting()])
  let stopping: Promise<void> | null = null
  const stopReading = () => {
    stopping ??= atMost(END_WITHIN_MS, endReading().then(store.checkpoint))
    return stopping
  }
  return {
    store,
    reading,
    result: () => result,
    isPartial,
    watch: (read) =>
      watchSources({
        findSources: () => sources().specs,
        places: placesOf(config),
        read,
        onTrouble: (error) => onNotice(`${UNWATCHED} (${error.message})`),
      }),
    endSubscriptions: () => {
      changes.close()
      progress.close()
    },
    services: {
      store,
      ingest: reading,
      live: { changes: changes.changes, progress: progress.progress },
      terminal: isLoopback(config.host) ? createTerminal(realDesktop(environment)) : commandAlone(ELSEWHERE),
      staleAfterMs: config.staleAfterMs,
      anomalyThreshold: config.anomalyThreshold,
    },
    stopReading,
    close: async () => {
      await stopReading()
      await store.close()
    },
  }
}

/**
 * Makes V8 collect garbage earlier: by default, each thread's heap may grow to four times the live data. That saves 50
 * MB in a first reading, and 85 to 170 MB that come and go while requests are answered, for less than 1% of a core
 * under load and no measurable cost in a first reading. It is set after the start, which would take longer with it.
 */
function stayLean(): void {
  setFlagsFromString('--heap-growing-percent=30')
}

const nothingRead = ({ unreadable }: IngestResult): DelegraphError =>
  new DelegraphError('SOURCE_UNREADABLE', unreadable.map(inWords).join('; '))

/** Describes a source that exists but cannot be read. */
export const inWords = ({ path, reason }: Problem): string => `${path} cannot be read: ${reason}`

/**
 * The notice that a source has disappeared. None if all its sessions are in other sources, such as after OpenCode moved
 * its JSON files to a database, and none for the bundled recordings, which go as soon as there is something to read.
 */
function goneInWords({ source, sessions }: SourceState): string[] {
  if (sessions === 0 || source.path.startsWith(pathInPackage(RECORDINGS))) return []
  return [
    `${source.path} is no longer a source, so what was read only from it is no longer shown (${plural(sessions, 'session')}).`,
  ]
}

const END_WITHIN_MS = 1500

/** Opens the store. A damaged database is moved aside and created anew, since everything in it can be read again. */
async function openOrRebuild(
  { queryTimeoutMs, limits }: Config,
  path: string,
  readOnly: boolean,
  onNotice: (line: string) => void,
): Promise<Store> {
  const { maxResponse: maxText, maxWaiting, maxMatches } = limits
  const options = { path, readOnly, queryTimeoutMs, maxText, maxWaiting, patterns: { maxMatches } }
  try {
    return await openStore(options)
  } catch (error) {
    if (!(error instanceof DelegraphError) || error.code !== 'STORE_CORRUPT' || readOnly) throw error
    onNotice(
      `The database ${path} is damaged. It was renamed to ${moveAside(path)}; a new one is built from OpenCode's files.`,
    )
    return openStore(options)
  }
}

// ---------------------------------------------------------------- sources

interface Sources {
  specs: SourceSpec[]
  /** The specs are the recordings bundled with the package, for want of OpenCode's. */
  demo: boolean
  /** OpenCode's own sources were found or given. */
  isFound: boolean
}

const surroundings = () => ({ platform: process.platform, home: homeOf(environment), env: environment })

const unread = (): Sources => ({ specs: [], demo: false, isFound: false })

/** Directories in which sources may appear. */
export const placesOf = ({ sources }: Config): string[] =>
  sources.length > 0 ? sources : dataDirectories(surroundings())

/** Returns a function that looks for sources anew, as they may appear at any time. Throws if a given one is missing. */
export function sourcesOf(config: Config): () => Sources {
  const isGiven = config.sources.length > 0
  const find = () => (isGiven ? resolveSources(config.sources) : findSources(surroundings()))
  // The demo is for users without any history: recordings never mix with one, even when its sources are gone.
  const hasNothing = find().length === 0 && !isGiven && !hasDatabase(config)
  return () => {
    const specs = find()
    const isFound = isGiven || specs.length > 0
    const demo = hasNothing && !isFound
    return { specs: demo ? bundledSources() : specs, demo, isFound }
  }
}

/** Whether there may be data from an earlier reading. */
export const hasDatabase = ({ db }: Config): boolean => db !== ':memory:' && existsSync(db)

const RECORDINGS = 'fixtures/'

/** Recordings of real sessions, listed in `fixtures/demo.json`. */
function bundledSources(): SourceSpec[] {
  const { sources }: { sources: string[] } = JSON.parse(readFileSync(pathInPackage(`${RECORDINGS}demo.json`), 'utf8'))
  return resolveSources(sources.map((path) => pathInPackage(`${RECORDINGS}${path}`)))
}

/** Writes a line to stderr; the result of a command never goes through here. */
export function notice(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}
