/**
 * Reads when something was written, soon after, and now and then anyway. The operating system gives hints, which may get
 * lost; looking at a database's own times costs nothing; and a whole look at everything (a sweep) comes so seldom that
 * all of them together take a two-hundredth of a core.
 */
import { join } from 'node:path'
import { namesIn, statOf } from '../files.ts'
import { type Hints, hintsOf } from './opencode/hints.ts'
import { fingerprint } from './opencode/open.ts'
import type { SourceSpec } from './source.ts'

export interface WatchOptions {
  /** What there is at this moment. */
  findSources: () => readonly SourceSpec[]
  /** Directories of OpenCode's, whether or not they exist: a store may come into each. */
  places?: readonly string[]
  /** Reads what has changed. Never rejects: who wants to know how it went is told elsewhere. */
  read: () => Promise<unknown>
  /** Between sweeps: at least, however cheap they are, and at most. */
  sweepMs?: { least: number; most: number }
  /** Said once: nothing gives hints, so that changes are seen later. */
  onTrouble: (error: Error) => void
}

/** Between a hint and the reading that it causes: a file is seldom written alone. */
const SETTLE_MS = 15
/** Where in a directory of OpenCode's its stores are made, and where in one of a project that 0.5 makes. */
const MADE_IN = ['.', 'storage', 'storage/session', 'project']
const MADE_IN_PROJECT = ['.', 'storage', 'storage/session']
/** Between the looks at databases. */
const GLANCE_MS = 200
const SWEEP_MS = { least: 2000, most: 60_000 }
/** After a sweep that took one millisecond the next one comes after so many. */
const SWEEP_FACTOR = 200
/** Reading may go on and on while OpenCode writes: for as long as it took, the machine is left to others. */
const REST = { least: 30, most: 1000 }

export function watchSources({ findSources, places = [], read, sweepMs = SWEEP_MS, onTrouble }: WatchOptions): {
  stop: () => void
} {
  const hints = new Map<string, Hints>()
  let specs: readonly SourceSpec[] = []
  let stamps: ReadonlyMap<string, string> = new Map()
  let stopped = false
  let isTroubled = false
  let reading = false
  let hinted = false
  let notBefore = 0
  /** What looking takes when nothing has changed, as far as that is known. */
  let costMs = Number.POSITIVE_INFINITY
  let soon: NodeJS.Timeout | undefined
  let sweep: NodeJS.Timeout | undefined

  const trouble = (error: Error) => {
    if (!isTroubled) onTrouble(error)
    isTroubled = true
  }

  function onHint(): void {
    hinted = true
    if (reading || stopped || soon !== undefined) return
    soon = setTimeout(run, Math.max(SETTLE_MS, notBefore - performance.now()))
    soon.unref()
  }

  /** What has come since, and what is gone. */
  function look(): void {
    // Before it is looked for: what is made from now on is seen by the next glance, whether or not it is found.
    const made = stampsOf(nurseries())
    try {
      specs = findSources()
    } catch {
      // The reading says what is wrong.
      return
    }
    const ids = new Set(specs.map(({ ref }) => ref.id))
    for (const [id, known] of hints) {
      if (ids.has(id)) known.refresh()
      else {
        known.stop()
        hints.delete(id)
      }
    }
    for (const spec of specs) {
      if (!hints.has(spec.ref.id)) hints.set(spec.ref.id, hintsOf(spec, onHint, trouble))
    }
    // What has been written until now is about to be read.
    stamps = new Map([...made, ...stampsOfFiles()])
  }

  async function run(): Promise<void> {
    clearTimeout(soon)
    clearTimeout(sweep)
    soon = undefined
    reading = true
    hinted = false
    const begun = performance.now()
    // Before the reading: what is written while it goes on is a hint for the next.
    look()
    await read()
    const tookMs = performance.now() - begun
    reading = false
    if (stopped) return
    notBefore = performance.now() + Math.min(REST.most, Math.max(REST.least, tookMs))
    // A reading that found much took longer; should looking itself have become dearer, that shows after a few.
    costMs = Math.min(tookMs, 1.5 * costMs)
    const pauseMs = Math.min(sweepMs.most, Math.max(sweepMs.least, costMs * SWEEP_FACTOR))
    sweep = setTimeout(run, pauseMs)
    sweep.unref()
    if (hinted) onHint()
  }

  function glance(): void {
    const before = stamps
    stamps = new Map([...stampsOf(nurseries()), ...stampsOfFiles()])
    if ([...stamps].some(([path, stamp]) => (before.get(path) ?? stamp) !== stamp)) onHint()
  }

  /** A directory's own time changes with what is made in it. */
  function nurseries(): string[] {
    const known = new Set(specs.map(({ ref }) => ref.path))
    const projects = places
      .flatMap((place) => namesIn(join(place, 'project')).map((slug) => join(place, 'project', slug)))
      .filter((project) => !known.has(join(project, 'storage/session')))
    const below = (parents: readonly string[], paths: readonly string[]) =>
      parents.flatMap((parent) => paths.map((path) => join(parent, path)))
    return [...below(places, MADE_IN), ...below(projects, MADE_IN_PROJECT)]
  }

  function stampsOfFiles(): [string, string][] {
    const files = specs.filter(({ ref }) => ref.kind !== 'OPENCODE_JSON')
    return files.map((spec) => [spec.ref.path, fingerprint(spec) ?? stampOf(spec.ref.path)])
  }

  void run()
  const glances = setInterval(glance, GLANCE_MS)
  glances.unref()
  return {
    stop() {
      stopped = true
      clearInterval(glances)
      clearTimeout(soon)
      clearTimeout(sweep)
      for (const known of hints.values()) known.stop()
      hints.clear()
    },
  }
}

const stampsOf = (paths: readonly string[]): [string, string][] => paths.map((path) => [path, stampOf(path)])

function stampOf(path: string): string {
  // It is not there, or where a directory would be is a file, or it may not be looked at: reading says so if it matters.
  const stat = statOf(path)
  return stat == null ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`
}
