/** What every command that reads works with: the store, the sources, the reading and the services of the API. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Config, environment, homeOf } from '../config.ts'
import { DelegraphError } from '../errors.ts'
import { findSources, resolveSources } from '../ingest/opencode/discover.ts'
import { createIngester, type IngestProgress, type IngestResult } from '../ingest/run.ts'
import type { SourceSpec } from '../ingest/source.ts'
import type { Services } from '../resolvers/context.ts'
import { moveAside, openStore, type Store } from '../store/duckdb/open.ts'
import { createTerminal, realDesktop } from '../terminal.ts'
import { printable } from './printable.ts'
import { createReading, type Reading } from './reading.ts'

export interface Workshop {
  store: Store
  services: Services
  reading: Reading
  /** What the last reading came to; null before its end, and when it failed. */
  result: () => IngestResult | null
  close: () => Promise<void>
}

export interface WorkshopOptions {
  /** Nothing is read of OpenCode's files, and nothing is written; the configuration says when this does not. */
  readOnly?: boolean
  onProgress?: (progress: IngestProgress) => void
  /** A line for the person in front. */
  onNotice?: (line: string) => void
}

const DEMO =
  "No data of OpenCode's was found here, so these are recordings that come with delegraph. " +
  'Give yours with --source, or start again when OpenCode has run.'
const READ_ONLY = 'Read-only: this is what another delegraph had read when this one was started.'

export async function openWorkshop(config: Config, options: WorkshopOptions = {}): Promise<Workshop> {
  const { readOnly = config.readOnly, onNotice = notice } = options
  const sources = sourcesOf(config)
  const isDemo = () => !readOnly && sources().demo
  // The recordings are no history of the user's: they are not kept.
  const store = await openOrRebuild(isDemo() ? ':memory:' : config.db, readOnly, onNotice)
  let result: IngestResult | null = null
  const ingester = createIngester({
    store,
    findSources: () => sources().specs,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  })
  const reading = createReading({
    store,
    about: () => {
      const demo = isDemo()
      return { demo, message: demo ? DEMO : readOnly ? READ_ONLY : null }
    },
    read: async () => {
      result = null
      if (!readOnly) result = await ingester.run()
    },
    onError: (error) => onNotice(`Reading failed: ${error instanceof Error ? error.message : error}`),
  })
  return {
    store,
    reading,
    result: () => result,
    services: {
      store,
      ingest: reading,
      terminal: createTerminal(realDesktop(environment)),
      staleAfterMs: config.staleAfterMs,
    },
    close: async () => {
      // A reading that is under way ends at its next save, which the store refuses; what it has not saved is read again
      // at the next start.
      const stopped = reading.stop()
      await store.close()
      await atMost(END_WITHIN_MS, stopped.then(ingester.close))
    },
  }
}

const END_WITHIN_MS = 1500

/** Waits for work, but not longer than this. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

/** Everything in the database can be read again, so a damaged one is put aside and made anew. */
async function openOrRebuild(path: string, readOnly: boolean, onNotice: (line: string) => void): Promise<Store> {
  try {
    return await openStore({ path, readOnly })
  } catch (error) {
    if (!(error instanceof DelegraphError) || error.code !== 'STORE_CORRUPT' || readOnly) throw error
    onNotice(`The database ${path} is damaged. It is now ${moveAside(path)}; a new one is made from OpenCode's files.`)
    return openStore({ path, readOnly })
  }
}

// ---------------------------------------------------------------- sources

interface Sources {
  specs: SourceSpec[]
  /** None of OpenCode's: those that come with the package. */
  demo: boolean
}

/** What there is at this moment: sources may appear while delegraph runs. Those that were given must be there. */
export function sourcesOf(config: Config): () => Sources {
  const find = (): Sources => {
    if (config.sources.length > 0) return { specs: resolveSources(config.sources), demo: false }
    const specs = findSources({ platform: process.platform, home: homeOf(environment), env: environment })
    return specs.length > 0 ? { specs, demo: false } : { specs: bundledSources(), demo: true }
  }
  find()
  return find
}

const fixtures = new URL('../../fixtures/', import.meta.url)

/** Recordings of real sessions, listed in `fixtures/demo.json`. */
function bundledSources(): SourceSpec[] {
  const { sources }: { sources: string[] } = JSON.parse(readFileSync(new URL('demo.json', fixtures), 'utf8'))
  return resolveSources(sources.map((path) => fileURLToPath(new URL(path, fixtures))))
}

/** For the error stream: never what a command was asked for. */
export function notice(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}
