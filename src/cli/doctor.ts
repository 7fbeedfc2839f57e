/**
 * `delegraph doctor`: what was found where, what could not be read, and what to do about it. Sources are only listed,
 * the first step of any reading, and nothing is written.
 */
import { accessSync, constants, rmSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Config } from '../config.ts'
import { DelegraphError } from '../errors.ts'
import { localHand } from '../ingest/crew.ts'
import { watchesOf } from '../ingest/opencode/hints.ts'
import { isUnread } from '../ingest/report.ts'
import type { ListAnswer } from '../ingest/requests.ts'
import type { SourceSpec } from '../ingest/source.ts'
import { behindLink } from '../store/duckdb/file.ts'
import { openStore, type Store } from '../store/duckdb/open.ts'
import type { Page, SessionRow } from '../store/store.ts'
import { EXIT } from './exit.ts'
import { group, plural, size } from './figures.ts'
import { readInotify } from './inotify.ts'
import { print } from './output.ts'
import { printable } from './printable.ts'
import { inWords, placesOf, sourcesOf, strayInWords } from './workshop.ts'

interface Findings {
  lines: string[]
  /** Problems, each with what to do about it. */
  trouble: string[]
}

export async function doctor(config: Config): Promise<number> {
  const findings: Findings = { lines: [], trouble: config.strayVariables.map(strayInWords) }
  findings.lines.push(`delegraph on Node ${process.versions.node}, ${process.platform} ${process.arch}`)
  const examined = await examineSources(config, findings)
  examineWatching(examined.specs, findings)
  await examineDatabase(config, examined, findings)
  const { lines, trouble } = findings
  const said = [
    ...lines,
    '',
    ...(trouble.length === 0 ? ['All is well.'] : ['What to do:', ...trouble.map((each) => `- ${each}`)]),
  ]
  await print(`${said.map(printable).join('\n')}\n`)
  return trouble.length === 0 ? EXIT.done : EXIT.trouble
}

interface Examined {
  specs: SourceSpec[]
  /** The latest activity in all sources; 0 if there is none. */
  lastActivityMs: number
}

const NOTHING: Examined = { specs: [], lastActivityMs: 0 }

async function examineSources(config: Config, findings: Findings): Promise<Examined> {
  const { lines, trouble } = findings
  lines.push('', 'Sources')
  try {
    const { specs, demo, isFound } = sourcesOf(config)()
    if (!isFound) {
      const places = placesOf(config)
      lines.push(...places.map((path) => `  no OpenCode data in ${path}`))
      if (places.length === 0) lines.push('  this user has no home directory to look in (HOME)')
      if (demo) lines.push(`  ${plural(specs.length, 'bundled recording')} instead`)
      trouble.push('There is no OpenCode data in the usual places. If yours is elsewhere, point to it: --source PATH.')
      return NOTHING
    }
    const examined: Examined = { ...NOTHING, specs }
    for (const spec of specs) {
      const updatedMs = await examineSource(spec, findings)
      examined.lastActivityMs = updatedMs.reduce((last, ms) => Math.max(last, ms), examined.lastActivityMs)
    }
    return examined
  } catch (error) {
    if (!(error instanceof DelegraphError)) throw error
    lines.push(`  ${error.message}`)
    trouble.push(error.message)
    return NOTHING
  }
}

/** @returns the time of each session's last activity; empty if the source cannot be read */
async function examineSource(spec: SourceSpec, { lines, trouble }: Findings): Promise<number[]> {
  const { kind, path } = spec.ref
  const found = `  ${kind} ${path}`
  if (!may(constants.R_OK, path)) {
    lines.push(`${found}: not readable by this user`)
    trouble.push(
      `${path} is not readable by this user. Run delegraph as the user that runs OpenCode, or grant read access.`,
    )
    return []
  }
  const { sessions, failure, problems, copy } = await listed(spec)
  if (copy !== null) rmSync(dirname(copy), { recursive: true, force: true })
  if (failure !== null) {
    lines.push(`${found}: ${failure}`)
    trouble.push(
      `${inWords({ path, reason: failure })}. Check whether OpenCode can still open it; what was read from it before is kept.`,
    )
    return []
  }
  lines.push(found, ...problems.slice(0, SHOWN).map((problem) => `    ${problem.path}: ${problem.reason}`))
  if (problems.length > SHOWN) lines.push(`    … and ${group(problems.length - SHOWN)} more`)
  if (problems.length > 0)
    trouble.push(
      `${path} could not be read completely; what is listed above is missing. A damaged file stays missing; a locked or half-written one is read later.`,
    )
  return sessions.map(({ updatedMs }) => updatedMs)
}

async function listed(spec: SourceSpec): Promise<ListAnswer> {
  const hand = localHand()
  try {
    return await hand.list({ kind: 'list', spec, since: null, known: [] })
  } finally {
    await hand.dismiss()
  }
}

/** Checks the inotify limits: without enough watches, changes are noticed some seconds late. */
function examineWatching(specs: readonly SourceSpec[], { lines, trouble }: Findings): void {
  const inotify = readInotify()
  const wanted = specs.reduce((sum, spec) => sum + watchesOf(spec), 0)
  if (inotify === null || wanted === 0) return
  const { watches, maxWatches, instances, maxInstances } = inotify
  lines.push(
    '',
    'Watching',
    `  ${group(watches)} of ${group(maxWatches)} watches and ${group(instances)} of ${group(maxInstances)} watchers are in use; delegraph needs up to ${group(wanted)} and 1`,
  )
  if (watches + wanted > maxWatches) {
    trouble.push(
      `This user has too few inotify watches left: sudo sysctl fs.inotify.max_user_watches=${maxWatches * 2 + wanted}. Without it, changes are noticed a few seconds late.`,
    )
  }
  if (instances + 1 > maxInstances) {
    trouble.push(
      `This user has no inotify instance left: sudo sysctl fs.inotify.max_user_instances=${maxInstances * 2}. Without it, changes are noticed a few seconds late.`,
    )
  }
}

async function examineDatabase(config: Config, examined: Examined, findings: Findings): Promise<void> {
  const { lines, trouble } = findings
  const path = config.db
  lines.push('', `Database ${path}`)
  if (path === ':memory:') return void lines.push('  in memory: it is lost when delegraph exits')
  let file: ReturnType<typeof statSync>
  try {
    file = statSync(path)
  } catch {
    lines.push('  does not exist yet')
    const directory = nearestDirectory(path)
    examineSpace(directory, 0, findings)
    if (!mayWrite(directory))
      trouble.push(`${directory} is not writable. Grant write access, or choose another file: --db PATH.`)
    else trouble.push('Nothing has been read yet: run "delegraph ingest", or just "delegraph".')
    return
  }
  lines.push(`  ${size(file.size)}`)
  examineSpace(dirname(behindLink(path)), file.size, findings)
  examinePermissions(path, findings)
  if (!mayWrite(path)) trouble.push(`${path} is not writable. Grant write access, or use --read-only.`)
  let store: Store
  try {
    store = await openStore({ path, readOnly: true })
  } catch (error) {
    if (!(error instanceof DelegraphError)) throw error
    lines.push(`  ${error.message}`)
    trouble.push(error.message)
    return
  }
  try {
    await examineContents(store, examined, findings)
  } finally {
    await store.close()
  }
}

/** Room for one large transaction and its write-ahead log. */
const ROOM_BYTES = 50_000_000

/** @param taken size of the database in bytes: a checkpoint that compacts it may need as much again */
function examineSpace(directory: string, taken: number, { trouble }: Findings): void {
  let free: number
  try {
    const { bavail, bsize } = statfsSync(directory)
    free = bavail * bsize
  } catch {
    return
  }
  if (free < Math.max(ROOM_BYTES, taken)) {
    trouble.push(
      `Only ${size(free)} are free in ${directory}, and reading fails when the disk is full. Make room, or choose another file: --db PATH.`,
    )
  }
}

/** The database and its WAL must be private, and so must their directory: who may write to it can replace the files. */
function examinePermissions(given: string, { trouble }: Findings): void {
  if (process.platform === 'win32') return
  const path = behindLink(given)
  for (const each of [path, `${path}.wal`]) {
    const mode = statSync(each, { throwIfNoEntry: false })?.mode ?? 0
    if ((mode & 0o077) !== 0) {
      trouble.push(
        `Other users can read ${each}, and with it every prompt. Run: chmod 600 ${each} (delegraph does so when it next opens the file).`,
      )
    }
  }
  const directory = dirname(path)
  const { mode } = statSync(directory)
  const isOurs = basename(directory) === 'delegraph'
  // The sticky bit lets users remove only their own files from a shared directory, such as /tmp.
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) {
    trouble.push(`Other users can write to ${directory}, and could replace the database. Run: chmod go-w ${directory}`)
  } else if (isOurs && (mode & 0o077) !== 0) {
    trouble.push(`Other users can list ${directory}. Run: chmod 700 ${directory}`)
  }
}

/** Activity of OpenCode that has gone unread for this long is worth a warning. */
const STALE_MS = 24 * 60 * 60 * 1000

/** How many rejections are shown; the API lists all. */
const SHOWN = 20

async function examineContents(store: Store, examined: Examined, { lines, trouble }: Findings): Promise<void> {
  const { lastActivityMs } = examined
  if (store.copiedAtMs !== null) lines.push('  in use by another delegraph; this is a copy of it')
  const [{ sessions, traces }, states, rejections] = await Promise.all([
    store.countAll(),
    store.loadSources(),
    store.loadRejections(),
  ])
  lines.push(`  ${plural(sessions, 'session')}, ${plural(traces, 'trace')}`)
  try {
    await store.verify()
  } catch (error) {
    if (!(error instanceof DelegraphError)) throw error
    lines.push(`  ${error.message}`)
    trouble.push(error.message)
  }
  for (const state of states) {
    const read = new Date(state.readAtMs).toISOString()
    const what = isUnread(state)
      ? `its first read, started ${read}, has not finished`
      : `${plural(state.sessions, 'session')}, ${plural(state.files, 'file')}, ${size(state.bytes)}, read ${read}`
    lines.push(`  from ${state.source.path}: ${what}`)
  }
  // A process that is using the database may be reading right now.
  if (states.some(isUnread) && store.copiedAtMs === null) {
    trouble.push('The first read has not finished: run "delegraph ingest", or just "delegraph", to continue it.')
  }
  const lastReadMs = Math.max(...states.map(({ readAtMs }) => readAtMs))
  // If OpenCode wrote nothing, there was nothing new to read: that is no problem.
  const isBehind = lastActivityMs > lastReadMs && Date.now() - lastReadMs > STALE_MS
  if (states.length > 0 && store.copiedAtMs === null && isBehind) {
    trouble.push(
      `Nothing has been read since ${new Date(lastReadMs).toISOString()}: what agents did after that is missing until delegraph runs again.`,
    )
  }
  const versions = await versionsIn(store)
  if (versions.length > 0) lines.push(`  made by OpenCode ${versions.join(', ')}`)
  if (rejections.length === 0) return
  lines.push('', `Could not be read (${group(rejections.length)})`)
  for (const { path, reason } of rejections.slice(0, SHOWN)) lines.push(`  ${path}: ${reason}`)
  if (rejections.length > SHOWN)
    lines.push(`  … and ${group(rejections.length - SHOWN)} more: query { ingest { rejected { path reason } } }`)
  trouble.push(
    "Some of OpenCode's files or values could not be read, and their content is missing; everything else is there. A damaged file stays missing; a locked or half-written one is read at the next start.",
  )
}

/** The versions of OpenCode that made the sessions and how many each made, the most common first. */
async function versionsIn(store: Store): Promise<string[]> {
  const counts = new Map<string, number>()
  const rule = { nowMs: 0, staleAfterMs: 0 }
  const order = { field: 'STARTED_AT', direction: 'ASC' } as const
  let after: string | null = null
  for (let isMore = true; isMore; ) {
    const page: Page<SessionRow> = await store.pageSessions({ rootsOnly: false }, order, { first: 500, after }, rule)
    for (const { node } of page.items) {
      if (node.version !== null) counts.set(node.version, (counts.get(node.version) ?? 0) + 1)
    }
    after = page.items.at(-1)?.cursor ?? null
    isMore = page.hasNextPage
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([version, count]) => `${version} (${group(count)})`)
}

function nearestDirectory(path: string): string {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    try {
      if (statSync(directory).isDirectory()) return directory
    } catch {
      if (directory === dirname(directory)) return directory
    }
  }
}

const mayWrite = (path: string): boolean => may(constants.W_OK, path)

function may(mode: number, path: string): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
