/**
 * Kills delegraph again and again at random moments (`kill -9`) and looks at what the next start makes of what it left:
 * the tables must be those of a first read of the same sources. What is killed is a process of its own; the next start is
 * what the command does, within this process, since loading it again would be most of a round.
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

/** What is killed while it does what. */
const KINDS = ['first', 'more', 'less', 'watching', 'closing', 'migration', 'compaction'] as const
type Kind = (typeof KINDS)[number]

/** What it was doing, as far as its files show: see `observe`. */
const PHASES = ['starting', 'making', 'working', 'logging', 'checkpoint', 'ended'] as const
type Phase = (typeof PHASES)[number]

export interface Tally {
  kind: Kind
  rounds: number
  /** How many died in which phase; those that `ended` came to their end before. */
  died: Record<Phase, number>
  /**
   * The next start found the database damaged, moved it aside and read everything anew: DuckDB writes over the blocks that
   * hold its tables' outlines, and who is killed in the middle of one leaves half of it.
   */
  rebuilt: number
  /** Each a sentence. */
  wrong: string[]
}

/**
 * Of each table all but what differs from start to start: when it was written, and how the files looked that were read.
 * `meta` is left out, which says the version of the tables.
 */
const CONTENTS: Readonly<Record<string, string>> = {
  agent_traces: 'SELECT * EXCLUDE (created_at) FROM agent_traces',
  sessions: 'SELECT * FROM sessions',
  sources: 'SELECT * EXCLUDE (fingerprint, bytes, read_at) FROM sources',
  rejections: 'SELECT * EXCLUDE (rejected_at) FROM rejections',
  session_stamps: 'SELECT * EXCLUDE (stamp, unsettled) FROM session_stamps',
}
/** Apart: a database that was written to in another way is not as long. */
const BYTES = 'SELECT source_id, bytes FROM sources ORDER BY 1'
/**
 * The links that are kept depend on the way: a family that is read session by session has those between them, one that is
 * read as a whole needs none. So there may be those of either state, each once, and all that a first read gives.
 */
const LINKS = "SELECT from_session_id || ' ' || to_session_id FROM session_links ORDER BY 1"
/** What may have a link, too, where a session is read before one that it calls has come. */
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
      // How long each phase takes is learned from one that is left alone.
      const course = courses.get(kind) ?? (await play(place, kind, [])).course
      const wanted = Math.min(rounds - round, CAN_STOP ? moments : 1)
      const played = await play(place, kind, momentsIn(course, random, wanted))
      // The machine is as fast as it was when one was last left alone.
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

// ---------------------------------------------------------------- what is read

/** A history as it was, and as it is now; what a first read of each gives. */
interface Place {
  home: string
  /** The sources that are given, as they are at this moment. */
  sources: string[]
  /** The state that is there, if it is one. */
  lies: string | null
  before: State
  after: State
}

type Ground = Pick<Place, 'home' | 'sources' | 'lies'>

interface State {
  sources: string
  /** A database into which it has been read. */
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
  // The newer layout at length, and some recordings of the older one.
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

/** Puts a state in place as it is: no file of it is another than the one that was read. */
function put(ground: Ground, state: string): void {
  if (ground.lies === state) return
  clear(ground)
  renameSync(state, join(ground.home, 'sources'))
  ground.lies = state
}

/** Puts a copy in place, which may be written to. */
function putCopy(ground: Ground, state: string): void {
  clear(ground)
  cpSync(state, join(ground.home, 'sources'), { recursive: true, preserveTimestamps: true })
}

/** Makes of a copy what is in `state`, as OpenCode would write it: into a database within a transaction. */
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

/** A line for each table: its name, its rows, and a sum over all that is in them. */
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
  /** In which it died, and for how long it had been in it. */
  phase: Phase
  sinceMs: number
  rebuilt: boolean
  /** Null where the next start had it all right. */
  wrong: string | null
}

/** The phases that it went through, one after the other, and how long each took. */
type Course = { phase: Phase; ms: number }[]

/** So long into the phase that stands at this place of the course. */
interface Moment {
  place: number
  afterMs: number
}

const momentsIn = (course: Course, random: Random, count: number): Moment[] =>
  Array.from({ length: count }, () => momentIn(course, random))

/** Each phase is as likely as the others, however short it is; of one that comes again and again, each time. */
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

/** @param moments when its files are looked at; at the last of these it is killed. None: it is left alone */
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
      // A timer would come too late for what takes a few milliseconds.
      if (afterMs < 2) look()
      else timers.push(setTimeout(look, afterMs))
    }
  })
  if (kind === 'closing') child.kill('SIGTERM')
  if (kind === 'watching') write(place, after)
  // What watches does not end by itself.
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

/** The system says whether a process has stopped. */
const CAN_STOP = existsSync('/proc/self/stat')

/** Nothing of it runs meanwhile: what it has written is written, what it has not is not. */
function whileStopped(pid: number, work: () => void): void {
  process.kill(pid, 'SIGSTOP')
  try {
    while (isRunning(pid));
    work()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/** What was changed is read, saved and checkpointed within this time. */
const WATCHED_MS = 1500

function isRunning(pid: number): boolean {
  const threads = `/proc/${pid}/task`
  return readdirSync(threads).some((id) => {
    try {
      return /\) [^TZX] /.test(readFileSync(join(threads, id, 'stat'), 'utf8'))
    } catch {
      // It has ended since.
      return false
    }
  })
}

interface Observed {
  /** Where it is, and for how long it has been there. */
  at: () => { phase: Phase; sinceMs: number }
  stop: () => { phase: Phase; sinceMs: number; course: Course }
}

/**
 * What a process does with its database, from outside: it makes one in a folder of its own, has it open (its log is
 * there) and works, writes a transaction to the log, and brings the log into the file.
 *
 * @param onPhase is told the place of each phase in the course as it begins
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
      // It is there from the opening on, and again after a checkpoint, at whose end it goes.
      else enter('working')
      return
    }
    // A short log may be gone before it is looked at.
    if (event === 'change' && name.endsWith('.duckdb') && (phase === 'logging' || phase === 'working'))
      enter('checkpoint')
  })
  // Who is told may ask where it is, which needs what is given here.
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
  // Only while it watches is anything written to the sources.
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
  // An empty log is none.
  const isFine = (name: string) =>
    /^delegraph\.duckdb(\.damaged-.*)?$/.test(name) ||
    (name === 'delegraph.duckdb.wal' && statSync(join(db, '..', name)).size === 0)
  const left = readdirSync(join(db, '..')).filter((name) => !isFine(name))
  return left.length > 0 ? `left behind: ${left.join(', ')}` : null
}

const STORE = join(root, 'dist/store/duckdb/open.js')
const WORKSHOP = join(root, 'dist/cli/workshop.js')
const CONFIG = join(root, 'dist/config.js')

/** To a version that is none: a column more, and every trace written again. (DuckDB writes nothing where a value stays what it is.) */
const STEP =
  'ALTER TABLE session_links ADD COLUMN mood VARCHAR; UPDATE agent_traces SET created_at = created_at + INTERVAL 1 SECOND; UPDATE sources SET read_at = read_at + INTERVAL 1 SECOND; ALTER TABLE session_links DROP COLUMN mood'

const MIGRATE = `
  const { openStore, MIGRATIONS } = await import(process.argv[1])
  const store = await openStore({ path: process.argv[2], migrations: [...MIGRATIONS, process.argv[3]] })
  await store.close()`

/** Writes a third of everything again and has the file put in order, which makes the indexes anew, over and over. */
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

/** What `ingest` does. */
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

/** The step to the version that is none; where the file is damaged, what the command does, to the version that is one. */
async function migrateHere(place: Pick<Place, 'sources'>, db: string): Promise<Ended> {
  const { openStore, MIGRATIONS } = await import(STORE)
  const migrated = await endedHere(async () => {
    const store = await openStore({ path: db, migrations: [...MIGRATIONS, STEP] })
    await store.close()
    return ''
  })
  return / is damaged/.test(migrated.err) ? startHere(place, db) : migrated
}

/** @param work gives what it said */
async function endedHere(work: () => Promise<string>): Promise<Ended> {
  try {
    return { code: 0, err: await work() }
  } catch (error) {
    return { code: 1, err: String(error) }
  }
}

interface Ended {
  /** Null when it was killed. */
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

/** When the first reading is done, by what it says. */
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
