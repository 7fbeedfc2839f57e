/**
 * Triggers a reading soon after something was written, and now and then regardless. Events of the operating system are
 * only hints and may get lost; a glance at a few modification times costs next to nothing; and complete checks (sweeps)
 * are so rare that together they take a two-hundredth of a core (more if a single one takes over 300 ms).
 */
import { join } from 'node:path'
import { namesIn, statOf } from '../files.ts'
import { type Hints, hintsOf } from './opencode/hints.ts'
import { fingerprint } from './opencode/open.ts'
import type { SourceSpec } from './source.ts'

export interface WatchOptions {
  /** The sources that exist at this moment. */
  findSources: () => readonly SourceSpec[]
  /** OpenCode's data directories, whether or not they exist: a store may be created in any of them. */
  places?: readonly string[]
  /** Reads what has changed. Must not reject: errors are reported elsewhere. */
  read: () => Promise<unknown>
  /** Minimum and maximum pause between sweeps; the minimum holds however cheap sweeps are. */
  sweepMs?: { least: number; most: number }
  /** Called once, if the system gives no hints, so that changes are noticed later. */
  onTrouble: (error: Error) => void
}

/** Pause between a hint and the reading that it triggers: a file is seldom written alone. */
const SETTLE_MS = 15
/** Where stores are created: below a data directory of OpenCode, and below a project directory of 0.5. */
const MADE_IN = ['.', 'storage', 'storage/session', 'project']
const MADE_IN_PROJECT = ['.', 'storage', 'storage/session']
/** Interval between glances. */
const GLANCE_MS = 200
const SWEEP_MS = { least: 2000, most: 60_000 }
/** Pause before the next sweep, per millisecond that a sweep takes. */
const SWEEP_FACTOR = 200
/**
 * While OpenCode keeps writing, readings would follow one another without a break. After each, the machine is left to
 * others for as long as the reading took, within these limits.
 */
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
  /** Duration of a check that finds no change, as far as is known. */
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

  /** Starts watching new sources and stops watching those that are gone. */
  function look(): void {
    // Taken before the search: what is created from now on shows at the next glance, whether or not the search finds
    // it.
    const made = stampsOf(nurseries())
    try {
      specs = findSources()
    } catch {
      // The reading reports what is wrong.
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
    // Everything written until now is about to be read.
    stamps = new Map([...made, ...stampsOfFiles()])
  }

  async function run(): Promise<void> {
    clearTimeout(soon)
    clearTimeout(sweep)
    soon = undefined
    reading = true
    hinted = false
    const begun = performance.now()
    // Before the reading, so that a write during it counts as a hint for the next one.
    look()
    await read()
    const tookMs = performance.now() - begun
    reading = false
    if (stopped) return
    notBefore = performance.now() + Math.min(REST.most, Math.max(REST.least, tookMs))
    // A reading that found much took longer than a mere check. If checks have become slower, the estimate follows in a
    // few runs.
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

  /** The directories in which a store may be created: a directory's own time changes when an entry is created in it. */
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
  // Either nothing is there, or a file is where a directory is expected, or access is denied: reading reports it if it
  // matters.
  const stat = statOf(path)
  return stat == null ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`
}
