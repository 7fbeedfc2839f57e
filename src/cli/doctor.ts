/** What is found where, what could not be read, and what to do about it. Nothing is read or written but the database. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Config, environment, homeOf } from '../config.ts'
import { DelegraphError } from '../errors.ts'
import { dataDirectories } from '../ingest/opencode/discover.ts'
import { openStore, type Store } from '../store/duckdb/open.ts'
import type { Page, SessionRow } from '../store/store.ts'
import { EXIT } from './exit.ts'
import { printable } from './printable.ts'
import { group, size } from './progress.ts'
import { plural } from './summary.ts'
import { sourcesOf } from './workshop.ts'

export interface Findings {
  lines: string[]
  /** Each with what to do. */
  trouble: string[]
}

export async function doctor(config: Config): Promise<number> {
  const findings: Findings = { lines: [], trouble: [] }
  findings.lines.push(`delegraph on Node ${process.versions.node}, ${process.platform} ${process.arch}`)
  examineSources(config, findings)
  await examineDatabase(config, findings)
  const { lines, trouble } = findings
  const said = [
    ...lines,
    '',
    ...(trouble.length === 0 ? ['All is well.'] : ['What to do:', ...trouble.map((each) => `- ${each}`)]),
  ]
  process.stdout.write(`${said.map(printable).join('\n')}\n`)
  return trouble.length === 0 ? EXIT.done : EXIT.trouble
}

function examineSources(config: Config, { lines, trouble }: Findings): void {
  lines.push('', 'Sources')
  try {
    const { specs, demo } = sourcesOf(config)()
    if (demo) {
      const looked = dataDirectories({ platform: process.platform, home: homeOf(environment), env: environment })
      lines.push(
        ...looked.map((path) => `  nothing of OpenCode's in ${path}`),
        `  ${plural(specs.length, 'bundled recording')} instead`,
      )
      trouble.push('OpenCode has left nothing where it usually does. If yours is elsewhere, give it: --source PATH.')
      return
    }
    for (const { ref } of specs) {
      const found = `  ${ref.kind} ${ref.path}`
      try {
        accessSync(ref.path, constants.R_OK)
        lines.push(found)
      } catch {
        lines.push(`${found}: may not be read`)
        trouble.push(
          `${ref.path} may not be read by this user. Run delegraph as the user of OpenCode, or grant reading.`,
        )
      }
    }
  } catch (error) {
    if (!(error instanceof DelegraphError)) throw error
    lines.push(`  ${error.message}`)
    trouble.push(error.message)
  }
}

async function examineDatabase(config: Config, findings: Findings): Promise<void> {
  const { lines, trouble } = findings
  const path = config.db
  lines.push('', `Database ${path}`)
  if (path === ':memory:') return void lines.push('  in memory: it is gone when delegraph ends')
  let file: ReturnType<typeof statSync>
  try {
    file = statSync(path)
  } catch {
    lines.push('  not there yet')
    const directory = nearestDirectory(path)
    if (!mayWrite(directory))
      trouble.push(`${directory} may not be written to. Grant writing, or give another file: --db PATH.`)
    else trouble.push('Nothing has been read yet: run "delegraph ingest", or just "delegraph".')
    return
  }
  lines.push(`  ${size(file.size)}`)
  if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) {
    trouble.push(
      `Others may read ${path}, and with it every prompt: chmod 600 it. (delegraph does so when it next opens it.)`,
    )
  }
  if (!mayWrite(path)) trouble.push(`${path} may not be written to. Grant writing, or use --read-only.`)
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
    await examineContents(store, findings)
  } finally {
    await store.close()
  }
}

/** Of rejections so many are shown; the API has all. */
const SHOWN = 20

async function examineContents(store: Store, { lines, trouble }: Findings): Promise<void> {
  const [{ sessions, traces }, states, rejections] = await Promise.all([
    store.countAll(),
    store.loadSources(),
    store.loadRejections(),
  ])
  lines.push(`  ${plural(sessions, 'session')}, ${plural(traces, 'trace')}`)
  for (const state of states) {
    const read = new Date(state.readAtMs).toISOString()
    lines.push(
      `  from ${state.source.path}: ${plural(state.sessions, 'session')}, ${plural(state.files, 'file')}, ${size(state.bytes)}, read ${read}`,
    )
  }
  const versions = await versionsIn(store)
  if (versions.length > 0) lines.push(`  made by OpenCode ${versions.join(', ')}`)
  if (rejections.length === 0) return
  lines.push('', `Could not be read (${group(rejections.length)})`)
  for (const { path, reason } of rejections.slice(0, SHOWN)) lines.push(`  ${path}: ${reason}`)
  if (rejections.length > SHOWN)
    lines.push(`  … and ${group(rejections.length - SHOWN)} more: ask { ingest { rejected { path reason } } }`)
  trouble.push(
    'Some files or values of OpenCode could not be read, and what they held is missing; everything else is there. A damaged file stays so; a locked or half-written one is read at the next start.',
  )
}

/** The versions of OpenCode that made the sessions, with how many each, the commonest first. */
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

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
