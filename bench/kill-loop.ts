/**
 * Kills delegraph again and again at random moments (`kill -9`) and looks at what the next start makes of what it left:
 * the tables must be those of a first read of the same sources.
 *
 *   npm run kill-loop -- [--rounds 300] [--minutes 10] [--seed 1] [--only KIND]
 */
import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import Database from 'libsql'
import { heavy } from './corpus/plan.ts'
import { seededRandom } from './corpus/random.ts'
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
  /** The next start found the database damaged, moved it aside and read everything anew. */
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
  sources: 'SELECT * EXCLUDE (fingerprint, read_at) FROM sources',
  rejections: 'SELECT * EXCLUDE (rejected_at) FROM rejections',
  session_stamps: 'SELECT * EXCLUDE (stamp, unsettled) FROM session_stamps',
}
/**
 * The links that are kept depend on the way: a family that is read session by session has those between them, one that is
 * read as a whole needs none. So there may be those of either state, each once, and all that a first read gives.
 */
const LINKS = "SELECT from_session_id || ' ' || to_session_id FROM session_links ORDER BY 1"

export async function killLoop(options: {
  rounds: number
  seed: number
  only?: string | undefined
  /** No round begins later. */
  withinMs?: number
  say?: (line: string) => void
}): Promise<Tally[]> {
  const { rounds, seed, withinMs = Number.POSITIVE_INFINITY, say = () => {} } = options
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
    for (let round = 0; round < rounds && now() - begun < withinMs; round++) {
      const kind = kinds[round % kinds.length]
      const tally = kind && tallies.get(kind)
      if (kind === undefined || tally === undefined) break
      // How long each phase takes is learned from one that is left alone.
      const course = courses.get(kind) ?? (await play(place, kind, null)).course
      const moment = momentIn(course, random)
      const { phase, rebuilt, wrong, ...played } = await play(place, kind, moment)
      // The machine is as fast as it was when one was last left alone.
      courses.set(kind, phase === 'ended' ? played.course : course)
      tally.rounds += 1
      tally.died[phase] += 1
      if (rebuilt) tally.rebuilt += 1
      if (wrong !== null)
        tally.wrong.push(`${kind}, killed while ${phase}, ${Math.round(moment.afterMs)} ms into it: ${wrong}`)
      if (wrong !== null || (round + 1) % 50 === 0) say(`${round + 1} rounds${wrong === null ? '' : `; ${wrong}`}`)
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
  before: State
  after: State
}

interface State {
  sources: string
  /** A database into which it has been read. */
  db: string
  contents: string
  links: string[]
}

const DATABASE = 'database/database/opencode'
const FILES = ['nested', 'resume']

async function prepare(home: string, seed: number): Promise<Place> {
  const size = { ...heavy(0.02), sessions: 25, width: 8, depth: 6, text: 0.1 }
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
  const sources = [DATABASE, ...FILES].map((name) => join(home, 'sources', name))
  const place = { home, sources }
  return { ...place, before: await readClean(place, before), after: await readClean(place, after) }
}

async function readClean(place: Pick<Place, 'home' | 'sources'>, from: string): Promise<State> {
  put(place, from)
  const db = `${from}.duckdb`
  const { code, err } = await ended(start(place, 'ingest', db))
  assert.equal(code, 0, err)
  return { sources: from, db, ...(await contentsOf(db)) }
}

function put({ home }: Pick<Place, 'home'>, sources: string): void {
  rmSync(join(home, 'sources'), { recursive: true, force: true })
  cpSync(sources, join(home, 'sources'), { recursive: true, preserveTimestamps: true })
}

/** A line for each table: its name, its rows, and a sum over all that is in them. */
async function contentsOf(path: string): Promise<Pick<State, 'contents' | 'links'>> {
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
    const links = (await connection.runAndReadAll(LINKS)).getRows().map(([link]) => String(link))
    return { contents: lines.join('\n'), links }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

// ---------------------------------------------------------------- one round

interface Outcome {
  /** In which it died. */
  phase: Phase
  course: Course
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

/** Each phase is as likely as the others, however short it is; of one that comes again and again, each time. */
function momentIn(course: Course, random: ReturnType<typeof seededRandom>): Moment {
  const phases = [...new Set(course.map(({ phase }) => phase))].filter((phase) => phase !== 'ended')
  const busy = phases.filter((phase) => phase !== 'starting')
  // Before anything has been done there is nothing to lose.
  const from = busy.length === 0 || random.next() < 0.05 ? phases : busy
  const wanted = from[random.whole(0, from.length - 1)]
  const places = course.flatMap(({ phase }, place) => (phase === wanted ? [place] : []))
  const place = places[random.whole(0, places.length - 1)] ?? 0
  return { place, afterMs: random.next() * (course[place]?.ms ?? 0) }
}

/** @param moment when it is killed; null: it is left alone */
async function play(place: Place, kind: Kind, moment: Moment | null): Promise<Outcome> {
  const { home, before, after } = place
  const folder = join(home, 'store')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  const db = join(folder, 'delegraph.duckdb')
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
  put(place, kind === 'watching' ? before.sources : expected.sources)

  const child = begin(place, kind, db)
  const end = ended(child)
  let timer: NodeJS.Timeout | undefined
  const isServing = kind === 'watching' || kind === 'closing'
  if (isServing) await ready(child)
  const seen = observe(folder, isServing ? 'working' : 'starting', (at) => {
    if (moment === null || at !== moment.place) return
    // A timer would come too late for what takes a few milliseconds.
    if (moment.afterMs < 2) child.kill('SIGKILL')
    else timer = setTimeout(() => child.kill('SIGKILL'), moment.afterMs)
  })
  if (kind === 'closing') child.kill('SIGTERM')
  if (kind === 'watching') cpSync(after.sources, join(home, 'sources'), { recursive: true, force: true })
  // What watches does not end by itself.
  const patience = kind === 'watching' ? setTimeout(() => child.kill('SIGTERM'), WATCHED_MS) : undefined
  const first = await end
  clearTimeout(timer)
  clearTimeout(patience)
  const { phase, course } = seen.stop()
  const died = first.code === null
  const next = await ended(kind === 'migration' ? begin(place, kind, db) : start(place, 'ingest', db))
  return {
    phase: died ? phase : 'ended',
    course,
    rebuilt: /is damaged/.test(next.err),
    wrong: await judge(db, expected, [...before.links, ...after.links], [first, next]),
  }
}

/** What was changed is read, saved and checkpointed within this time. */
const WATCHED_MS = 1500

interface Observed {
  phase: Phase
  course: Course
}

/**
 * What a process does with its database, from outside: it makes one in a folder of its own, has it open (its log is
 * there) and works, writes a transaction to the log, and brings the log into the file.
 *
 * @param onPhase is told the place of each phase in the course as it begins
 */
function observe(folder: string, first: Phase, onPhase: (place: number) => void): { stop: () => Observed } {
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
  onPhase(0)
  return {
    stop() {
      watcher.close()
      course.push({ phase, ms: now() - since })
      return { phase, course }
    },
  }
}

async function judge(
  db: string,
  expected: State,
  mayLink: readonly string[],
  ends: readonly Ended[],
): Promise<string | null> {
  for (const end of ends) {
    if (end.code !== 0 && end.code !== null) return `ended with ${end.code}: ${end.err.slice(-500)}`
  }
  if (!existsSync(db)) return 'there is no database'
  const { contents, links } = await contentsOf(db)
  if (contents !== expected.contents) return `it has\n${contents}\nand not\n${expected.contents}`
  const [has, may] = [new Set(links), new Set(mayLink)]
  if (
    has.size < links.length ||
    links.some((link) => !may.has(link)) ||
    expected.links.some((link) => !has.has(link))
  ) {
    return `it has the links\n${links.join('\n')}\nand not\n${expected.links.join('\n')}`
  }
  // An empty log is none.
  const isFine = (name: string) =>
    /^delegraph\.duckdb(\.damaged-.*)?$/.test(name) ||
    (name === 'delegraph.duckdb.wal' && statSync(join(db, '..', name)).size === 0)
  const left = readdirSync(join(db, '..')).filter((name) => !isFine(name))
  return left.length > 0 ? `left behind: ${left.join(', ')}` : null
}

const STORE = join(root, 'dist/store/duckdb/open.js')

/** To a version that is none: a column more, and every trace written again. (DuckDB writes nothing where a value stays what it is.) */
const MIGRATE = `
  const { openStore, MIGRATIONS } = await import(process.argv[1])
  const step = 'ALTER TABLE session_links ADD COLUMN mood VARCHAR; UPDATE agent_traces SET created_at = created_at + INTERVAL 1 SECOND; UPDATE sources SET read_at = read_at + INTERVAL 1 SECOND; ALTER TABLE session_links DROP COLUMN mood'
  const store = await openStore({ path: process.argv[2], migrations: [...MIGRATIONS, step] })
  await store.close()`

/** Writes everything again and has the file put in order, over and over. */
const COMPACT = `
  const { openStore } = await import(process.argv[1])
  const store = await openStore({ path: process.argv[2] })
  for (let i = 0; i < 12; i++) {
    await store.database.transaction(async (writer) => {
      await writer.run('UPDATE agent_traces SET created_at = created_at + INTERVAL 1 SECOND')
      await writer.run('UPDATE sources SET read_at = read_at + INTERVAL 1 SECOND')
    })
    await store.checkpoint()
  }
  await store.close()`

function begin(place: Place, kind: Kind, db: string): ChildProcess {
  if (kind === 'watching' || kind === 'closing') return start(place, 'serve', db)
  if (kind !== 'migration' && kind !== 'compaction') return start(place, 'ingest', db)
  const code = kind === 'migration' ? MIGRATE : COMPACT
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, STORE, db], {
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
    },
  })
  const begun = now()
  const tallies = await killLoop({
    rounds: Number(values.rounds),
    withinMs: Number(values.minutes) * 60_000,
    seed: Number(values.seed),
    only: values.only,
    say: (line) => console.log(`${Math.round((now() - begun) / 1000)} s: ${line}`),
  })
  console.table(tallies.map(({ died, wrong, ...rest }) => ({ ...rest, ...died, wrong: wrong.length })))
  for (const { wrong } of tallies) for (const line of wrong) console.log(line)
  process.exit(tallies.some(({ wrong }) => wrong.length > 0) ? 1 : 0)
}
