/**
 * Kills delegraph at random moments (`kill -9`), over and over, and checks what the next start makes of what is left:
 * the tables must be equal to those of a first read of the same sources. The killed process is a separate one; the next
 * start runs in this process, since loading the command again would be most of a round.
 *
 *   npm run kill-loop -- [--rounds 300] [--minutes 10] [--seed 1] [--only KIND] [--moments 1]
 */
import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  watch,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import Database from 'libsql'
import type { Size } from './corpus/plan.ts'
import { type Random, seededRandom } from './corpus/random.ts'
import { writeCorpus } from './corpus.ts'
import { now } from './measure.ts'
import { root } from './root.ts'
import { COMMAND, cleanEnvironment } from './server.ts'

/** What the process is doing when it is killed. */
const KINDS = ['first', 'more', 'less', 'watching', 'closing', 'migration', 'compaction'] as const
type Kind = (typeof KINDS)[number]

/** How far it had come, judging by its files: see `observe`. */
const PHASES = ['starting', 'making', 'working', 'logging', 'checkpoint', 'ended'] as const
type Phase = (typeof PHASES)[number]

export interface Tally {
  kind: Kind
  rounds: number
  /** Number of kills by phase; `ended`: the process had already finished. */
  died: Record<Phase, number>
  /**
   * How often the next start found the database damaged, moved it aside and read everything again: DuckDB overwrites
   * the blocks that hold its tables' metadata in place, so a kill in the middle leaves one half-written.
   */
  rebuilt: number
  /** Failures, a sentence each. */
  wrong: string[]
}

/**
 * The tables without what differs from run to run: when rows were written, and the state of the files that were read.
 * `meta` is left out, since it holds the schema version.
 */
const CONTENTS: Readonly<Record<string, string>> = {
  agent_traces: 'SELECT * EXCLUDE (created_at) FROM agent_traces',
  sessions: 'SELECT * FROM sessions',
  sources: 'SELECT * EXCLUDE (fingerprint, bytes, read_at) FROM sources',
  rejections: 'SELECT * EXCLUDE (rejected_at) FROM rejections',
  session_stamps: 'SELECT * EXCLUDE (stamp, unsettled) FROM session_stamps',
}
/** Compared separately: the length of a database depends on how it was written. */
const BYTES = 'SELECT source_id, bytes FROM sources ORDER BY 1'
/**
 * Which links are stored depends on the history of readings: a family that was read session by session has links
 * between its sessions, one that was read as a whole needs none. So those of either state may exist, each at most once,
 * and those of a first read must.
 */
const LINKS = "SELECT from_session_id || ' ' || to_session_id FROM session_links ORDER BY 1"
/** Calls that may have a link as well, if a session was read before the session that it calls existed. */
const CALLS = `SELECT DISTINCT caller.session_id || ' ' || called.session_id
  FROM agent_traces called JOIN agent_traces caller ON called.parent_trace_id = caller.trace_id
  WHERE called.session_id <> caller.session_id`

export async function killLoop(options: {
  rounds: number
  seed: number
  only?: string | undefined
  /**
   * How many rounds one process is good for: all but the last stop it and copy its files, which are what `kill -9` would
   * leave at this moment, and let it go on. 1 unless said: each process dies.
   */
  moments?: number
  /** No round begins later. */
  withinMs?: number
  say?: (line: string) => void
}): Promise<Tally[]> {
  const { rounds, seed, moments = 1, withinMs = Number.POSITIVE_INFINITY, say = () => {} } = options
  const random = seededRandom(seed)
  const kinds = KINDS.filter((kind) => options.only === undefined || kind === options.only)
  const home = mkdtempSync(join(tmpdir(), 'delegraph-kill-'))
  const tallies = new Map(
    kinds.map((kind): [Kind, Tally] => [
      kind,
      {
        kind,
        rounds: 0,
        died: { starting: 0, making: 0, working: 0, logging: 0, checkpoint: 0, ended: 0 },
        rebuilt: 0,
        wrong: [],
      },
    ]),
  )
  const begun = now()
  try {
    const place = await prepare(home, seed)
    const courses = new Map<Kind, Course>()
    for (let turn = 0, round = 0; round < rounds && now() - begun < withinMs; turn++) {
      const kind = kinds[turn % kinds.length]
      const tally = kind && tallies.get(kind)
      if (kind === undefined || tally === undefined) break
      // The durations of the phases come from a run that is not killed.
      const course = courses.get(kind) ?? (await play(place, kind, [])).course
      const wanted = Math.min(rounds - round, CAN_STOP ? moments : 1)
      const played = await play(place, kind, momentsIn(course, random, wanted))
      // Learn them anew from each run that was never suspended and ended by itself: the machine may have become faster or slower.
      courses.set(kind, played.hasEnded && wanted === 1 ? played.course : course)
      for (const { phase, sinceMs, rebuilt, wrong } of played.outcomes) {
        tally.rounds += 1
        tally.died[phase] += 1
        if (rebuilt) tally.rebuilt += 1
        if (wrong !== null)
          tally.wrong.push(`${kind}, ended while ${phase}, ${Math.round(sinceMs)} ms into it: ${wrong}`)
        round += 1
        if (wrong !== null || round % 50 === 0) say(`${round} rounds${wrong === null ? '' : `; ${wrong}`}`)
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
  return [...tallies.values()]
}

// ---------------------------------------------------------------- the sources

/** A history before and after a change, with what a first read of each gives. */
interface Place {
  home: string
  /** The sources to read, in their current state. */
  sources: string[]
  /** The state whose own files are in place; null if a copy, or nothing, is. */
  lies: string | null
  before: State
  after: State
}

type Ground = Pick<Place, 'home' | 'sources' | 'lies'>

interface State {
  sources: string
  /** A database into which this state has been read. */
  db: string
  contents: string
  bytes: string
  links: string[]
  calls: string[]
}

const DATABASE = 'database/database/opencode'
const FILES = ['nested', 'resume']

async function prepare(home: string, seed: number): Promise<Place> {
  const size: Size = { sessions: 10, messages: 60, width: 6, depth: 4, text: 0.1 }
  const after = join(home, 'after')
  const before = join(home, 'before')
  // A corpus in the newer layout, and some recordings in the older one.
  writeCorpus(join(after, 'database'), { seed, size, layouts: ['database'] })
  for (const name of FILES) {
    cpSync(join(root, 'fixtures/opencode/1.1.65', name, 'data'), join(after, name), { recursive: true })
  }
  cpSync(after, before, { recursive: true })
  for (const name of FILES) {
    const sessions = join(before, name, 'storage/session')
    for (const [i, file] of readdirSync(sessions, { recursive: true, encoding: 'utf8' }).entries()) {
      if (i % 3 === 0 && file.endsWith('.json')) rmSync(join(sessions, file))
    }
  }
  const db = new Database(join(before, DATABASE, 'opencode.db'))
  db.exec(`DELETE FROM session WHERE rowid % 3 = 0;
    DELETE FROM part WHERE rowid % 7 = 0;
    UPDATE session SET time_updated = time_updated - 1`)
  db.close()
  const ground: Ground = { home, sources: [DATABASE, ...FILES].map((name) => join(home, 'sources', name)), lies: null }
  const first = await readClean(ground, before)
  return Object.assign(ground, { before: first, after: await readClean(ground, after) })
}

async function readClean(ground: Ground, from: string): Promise<State> {
  put(ground, from)
  const db = `${from}.duckdb`
  const { code, err } = await startHere(ground, db)
  assert.equal(code, 0, err)
  return { sources: from, db, ...(await contentsOf(db)) }
}

/** Puts a state in place by moving it, so that all files are the very ones that were read. */
function put(ground: Ground, state: string): void {
  if (ground.lies === state) return
  clear(ground)
  renameSync(state, join(ground.home, 'sources'))
  ground.lies = state
}

/** Puts a copy of a state in place, which may be modified. */
function putCopy(ground: Ground, state: string): void {
  clear(ground)
  cpSync(state, join(ground.home, 'sources'), { recursive: true, preserveTimestamps: true })
}

/** Updates a copy to `state` as OpenCode would: the database in one transaction. */
function write({ home }: Ground, state: State): void {
  const isOfDatabase = (path: string) => path.startsWith(join(state.sources, DATABASE))
  cpSync(state.sources, join(home, 'sources'), { recursive: true, filter: (path) => !isOfDatabase(path) })
  const db = new Database(join(home, 'sources', DATABASE, 'opencode.db'))
  try {
    db.exec('PRAGMA foreign_keys = off')
    db.prepare('ATTACH ? AS wanted').run(join(state.sources, DATABASE, 'opencode.db'))
    db.exec('BEGIN IMMEDIATE')
    for (const table of ['project', 'session', 'message', 'part']) {
      const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).raw().all().join(', ')
      db.exec(`INSERT OR REPLACE INTO ${table} (rowid, ${columns}) SELECT rowid, ${columns} FROM wanted.${table}`)
    }
    db.exec('COMMIT')
  } finally {
    db.close()
  }
}

function clear(ground: Ground): void {
  const there = join(ground.home, 'sources')
  if (ground.lies === null) rmSync(there, { recursive: true, force: true })
  else renameSync(there, ground.lies)
  ground.lies = null
}

/** A line for each table: its name, its number of rows, and a checksum of their contents. */
async function contentsOf(path: string): Promise<Omit<State, 'sources' | 'db'>> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    const lines: string[] = []
    const tables = await connection.runAndReadAll(
      "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND table_name <> 'meta' ORDER BY 1",
    )
    assert.deepEqual(
      tables.getRows().flat(),
      [...Object.keys(CONTENTS), 'session_links'].sort(),
      'every table is compared',
    )
    for (const [table, sql] of Object.entries(CONTENTS)) {
      const read = await connection.runAndReadAll(
        `SELECT count(*), sum(hash(t)::HUGEINT), bit_xor(hash(t)) FROM (${sql}) t`,
      )
      lines.push(`${table} ${read.getRows()[0]?.join(' ')}`)
    }
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.join(' '))
    const bytes = (await rows(BYTES)).join('\n')
    return { contents: lines.join('\n'), bytes, links: await rows(LINKS), calls: await rows(CALLS) }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

// ---------------------------------------------------------------- one round

interface Outcome {
  /** The phase in which the process was killed, and for how long it had been in it. */
  phase: Phase
  sinceMs: number
  rebuilt: boolean
  /** Null if the next start made everything right. */
  wrong: string | null
}

/** The phases that a process went through, in order, with their durations. */
type Course = { phase: Phase; ms: number }[]

/** A moment in the phase at index `place` of the course, `afterMs` after its beginning. */
interface Moment {
  place: number
  afterMs: number
}

const momentsIn = (course: Course, random: Random, count: number): Moment[] =>
  Array.from({ length: count }, () => momentIn(course, random))

/** Chooses each phase with equal probability, however short it is, and each occurrence of a repeated one. */
function momentIn(course: Course, random: Random): Moment {
  const phases = [...new Set(course.map(({ phase }) => phase))].filter((phase) => phase !== 'ended')
  const busy = phases.filter((phase) => phase !== 'starting')
  // Before anything has been done there is nothing to lose.
  const from = busy.length === 0 || random.next() < 0.05 ? phases : busy
  const wanted = from[random.whole(0, from.length - 1)]
  const places = course.flatMap(({ phase }, place) => (phase === wanted ? [place] : []))
  const place = places[random.whole(0, places.length - 1)] ?? 0
  return { place, afterMs: random.next() * (course[place]?.ms ?? 0) }
}

/** @param moments when to copy the files; at the last one the process is killed. Without any, it runs to its end */
async function play(
  place: Place,
  kind: Kind,
  moments: readonly Moment[],
): Promise<{ outcomes: Outcome[]; course: Course; hasEnded: boolean }> {
  const { home, before, after } = place
  const folder = join(home, 'store')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  const db = join(folder, DB)
  const held = {
    first: null,
    closing: null,
    more: before,
    watching: before,
    less: after,
    migration: after,
    compaction: after,
  }[kind]
  const expected = kind === 'less' ? before : after
  if (held !== null) cpSync(held.db, db)
  if (kind === 'watching') putCopy(place, before.sources)
  else put(place, expected.sources)

  const child = begin(place, kind, db)
  const end = ended(child)
  const isServing = kind === 'watching' || kind === 'closing'
  if (isServing) await ready(child)
  const timers: NodeJS.Timeout[] = []
  const left: { folder: string; phase: Phase; sinceMs: number }[] = []
  let passed = 0
  const look = () => {
    passed += 1
    if (passed === moments.length) child.kill('SIGKILL')
    if (passed >= moments.length || child.pid === undefined || hasExited(child)) return
    const copy = `${folder}-${passed}`
    left.push({ folder: copy, ...seen.at() })
    whileStopped(child.pid, () => cpSync(folder, copy, { recursive: true }))
  }
  const seen = observe(folder, isServing ? 'working' : 'starting', (at) => {
    for (const { place, afterMs } of moments) {
      if (place !== at) continue
      // A timer would be too late for a phase of a few milliseconds.
      if (afterMs < 2) look()
      else timers.push(setTimeout(look, afterMs))
    }
  })
  if (kind === 'closing') child.kill('SIGTERM')
  if (kind === 'watching') write(place, after)
  // A watching process does not end by itself.
  const patience = kind === 'watching' ? setTimeout(() => child.kill('SIGTERM'), WATCHED_MS) : undefined
  const first = await end
  for (const timer of timers) clearTimeout(timer)
  clearTimeout(patience)
  const { course, ...last } = seen.stop()
  const hasEnded = first.code !== null
  left.push({ folder, ...last, ...(hasEnded ? { phase: 'ended' } : {}) })

  const outcomes: Outcome[] = []
  for (const { folder, phase, sinceMs } of left) {
    const db = join(folder, DB)
    const next = await (kind === 'migration' ? migrateHere(place, db) : startHere(place, db))
    const wrong = await judge(place, kind, db, expected, [first, next])
    outcomes.push({ phase, sinceMs, rebuilt: /is damaged/.test(next.err), wrong })
    rmSync(folder, { recursive: true })
  }
  return { outcomes, course, hasEnded }
}

const DB = 'delegraph.duckdb'

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Whether the system can tell that a process has stopped. */
const CAN_STOP = existsSync('/proc/self/stat')

/** Runs `work` while the process is suspended: every write has either happened or not. */
function whileStopped(pid: number, work: () => void): void {
  process.kill(pid, 'SIGSTOP')
  try {
    while (isRunning(pid));
    work()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/** Long enough for a change to be read, saved and checkpointed. */
const WATCHED_MS = 1500

function isRunning(pid: number): boolean {
  const threads = `/proc/${pid}/task`
  return readdirSync(threads).some((id) => {
    try {
      return /\) [^TZX] /.test(readFileSync(join(threads, id, 'stat'), 'utf8'))
    } catch {
      // It has exited.
      return false
    }
  })
}

interface Observed {
  /** The current phase, and for how long the process has been in it. */
  at: () => { phase: Phase; sinceMs: number }
  stop: () => { phase: Phase; sinceMs: number; course: Course }
}

/**
 * Observes from outside what a process does with its database: it creates one in a temporary folder (making), has it
 * open with an empty WAL (working), writes a transaction to the WAL (logging), and merges the WAL into the file
 * (checkpoint).
 *
 * @param onPhase called at the beginning of each phase with its index in the course
 */
function observe(folder: string, first: Phase, onPhase: (place: number) => void): Observed {
  const course: Course = []
  let phase = first
  let since = now()
  const enter = (next: Phase) => {
    if (next === phase) return
    course.push({ phase, ms: now() - since })
    phase = next
    since = now()
    onPhase(course.length)
  }
  const watcher = watch(folder, (event, name) => {
    if (name === null) return
    if (name.startsWith('.delegraph-')) return enter('making')
    if (name.endsWith('.wal')) {
      const size = statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
      if (size > 0) enter('logging')
      // An empty WAL exists from the opening on; a checkpoint deletes it at its end, and then it is created again.
      else enter('working')
      return
    }
    // A short WAL may be gone before it is seen.
    if (event === 'change' && name.endsWith('.duckdb') && (phase === 'logging' || phase === 'working'))
      enter('checkpoint')
  })
  // Deferred, since the callback may use the object that is returned below.
  queueMicrotask(() => onPhase(0))
  const at = () => ({ phase, sinceMs: now() - since })
  return {
    at,
    stop() {
      watcher.close()
      const last = at()
      course.push({ phase, ms: last.sinceMs })
      return { ...last, course }
    },
  }
}

async function judge(
  { before, after }: Pick<Place, 'before' | 'after'>,
  kind: Kind,
  db: string,
  expected: State,
  ends: readonly Ended[],
): Promise<string | null> {
  for (const end of ends) {
    if (end.code !== 0 && end.code !== null) return `ended with ${end.code}: ${end.err.slice(-500)}`
  }
  if (!existsSync(db)) return 'there is no database'
  const { contents, bytes, links } = await contentsOf(db)
  if (contents !== expected.contents) return `it has\n${contents}\nand not\n${expected.contents}`
  // The sources are modified only while the process watches.
  const isWatching = kind === 'watching'
  if (!isWatching && bytes !== expected.bytes) return `its sources have\n${bytes}\nand not\n${expected.bytes}`
  const mayLink = [before, after].flatMap((state) => (isWatching ? [...state.links, ...state.calls] : state.links))
  const [has, may] = [new Set(links), new Set(mayLink)]
  if (
    has.size < links.length ||
    links.some((link) => !may.has(link)) ||
    expected.links.some((link) => !has.has(link))
  ) {
    return `it has the links\n${links.join('\n')}\nof which there may be\n${mayLink.join('\n')}\nand must be\n${expected.links.join('\n')}`
  }
  // An empty WAL does not count.
  const isFine = (name: string) =>
    /^delegraph\.duckdb(\.damaged-.*)?$/.test(name) ||
    (name === 'delegraph.duckdb.wal' && statSync(join(db, '..', name)).size === 0)
  const left = readdirSync(join(db, '..')).filter((name) => !isFine(name))
  return left.length > 0 ? `left behind: ${left.join(', ')}` : null
}

const STORE = join(root, 'dist/store/duckdb/open.js')
const WORKSHOP = join(root, 'dist/cli/workshop.js')
const CONFIG = join(root, 'dist/config.js')

/** Migrates to a made-up version. The updates change values because DuckDB does not write unchanged ones. */
const STEP =
  'ALTER TABLE session_links ADD COLUMN mood VARCHAR; UPDATE agent_traces SET created_at = created_at + INTERVAL 1 SECOND; UPDATE sources SET read_at = read_at + INTERVAL 1 SECOND; ALTER TABLE session_links DROP COLUMN mood'

const MIGRATE = `
  const { openStore, MIGRATIONS } = await import(process.argv[1])
  const store = await openStore({ path: process.argv[2], migrations: [...MIGRATIONS, process.argv[3]] })
  await store.close()`

/** Rewrites a third of all rows and compacts the file, which rebuilds the indexes, over and over. */
const COMPACT = `
  const { openStore } = await import(process.argv[1])
  const store = await openStore({ path: process.argv[2] })
  for (let i = 0; i < 12; i++) {
    await store.database.transaction(async (writer) => {
      await writer.run('CREATE OR REPLACE TEMP TABLE again AS FROM agent_traces WHERE hash(trace_id) % 3 = ' + (i % 3))
      await writer.run('DELETE FROM agent_traces WHERE trace_id IN (SELECT trace_id FROM again)')
      await writer.run('INSERT INTO agent_traces FROM again')
      await writer.run('UPDATE sources SET read_at = read_at + INTERVAL 1 SECOND')
    })
    await store.checkpoint()
  }
  await store.close()`

function begin(place: Place, kind: Kind, db: string): ChildProcess {
  if (kind === 'watching' || kind === 'closing') return start(place, 'serve', db)
  if (kind !== 'migration' && kind !== 'compaction') return start(place, 'ingest', db)
  const code = kind === 'migration' ? MIGRATE : COMPACT
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, STORE, db, STEP], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child
}

function start(
  { home, sources }: Pick<Place, 'home' | 'sources'>,
  command: 'ingest' | 'serve',
  db: string,
): ChildProcess {
  const args = [...sources.flatMap((path) => ['--source', path]), '--db', db]
  return spawn(process.execPath, [COMMAND, command, ...args, ...(command === 'serve' ? ['--port', '0'] : [])], {
    env: cleanEnvironment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Does the same as `delegraph ingest`. */
async function startHere({ sources }: Pick<Place, 'sources'>, db: string): Promise<Ended> {
  const [{ readConfig }, { openWorkshop }] = await Promise.all([import(CONFIG), import(WORKSHOP)])
  let err = ''
  const onNotice = (line: string) => {
    err += `${line}\n`
  }
  return endedHere(async () => {
    const workshop = await openWorkshop(readConfig({ source: sources, db }, {}), { onNotice, threads: 0 })
    try {
      await workshop.reading.readNow()
      const { status, message } = await workshop.reading.report()
      if (status === 'FAILED') throw new Error(message)
    } finally {
      await workshop.close()
    }
    return err
  })
}

/** Runs the made-up migration; if the file is damaged, does what the command does, at the real version. */
async function migrateHere(place: Pick<Place, 'sources'>, db: string): Promise<Ended> {
  const { openStore, MIGRATIONS } = await import(STORE)
  const migrated = await endedHere(async () => {
    const store = await openStore({ path: db, migrations: [...MIGRATIONS, STEP] })
    await store.close()
    return ''
  })
  return / is damaged/.test(migrated.err) ? startHere(place, db) : migrated
}

/** @param work returns its messages */
async function endedHere(work: () => Promise<string>): Promise<Ended> {
  try {
    return { code: 0, err: await work() }
  } catch (error) {
    return { code: 1, err: String(error) }
  }
}

interface Ended {
  /** Null if the process was killed. */
  code: number | null
  err: string
}

async function ended(child: ChildProcess): Promise<Ended> {
  let err = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk
  })
  child.stdout?.resume()
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : null, err }
}

/** Resolves when the output says that the first reading is done. */
async function ready(child: ChildProcess): Promise<void> {
  let out = ''
  await new Promise<void>((resolve) => {
    const look = (chunk: Buffer) => {
      out += chunk
      if (/^(Read \d|Nothing has changed)/m.test(out)) resolve()
    }
    child.stdout?.on('data', look)
    child.once('close', () => resolve())
  })
}

// ---------------------------------------------------------------- the command

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '300' },
      minutes: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      moments: { type: 'string', default: '1' },
    },
  })
  const begun = now()
  const tallies = await killLoop({
    rounds: Number(values.rounds),
    withinMs: Number(values.minutes) * 60_000,
    seed: Number(values.seed),
    only: values.only,
    moments: Number(values.moments),
    say: (line) => console.log(`${Math.round((now() - begun) / 1000)} s: ${line}`),
  })
  console.table(tallies.map(({ died, wrong, ...rest }) => ({ ...rest, ...died, wrong: wrong.length })))
  for (const { wrong } of tallies) for (const line of wrong) console.log(line)
  process.exit(tallies.some(({ wrong }) => wrong.length > 0) ? 1 : 0)
}
