/**
 * Measures delegraph against floors that its data allows, and prints a table of ratios from the medians of one run.
 * Ends with exit code 3 if an answer differs from the corpus's truth, with 1 if a bar was missed.
 *
 *   npm run bench -- --corpus DIR [--large DIR] [--lean DIR] [--peers DIR] [--runs 5] [--cold] [--million] [--only REGEXP] [--write]
 *
 *   --corpus   made by `npm run bench:corpus -- --out DIR`
 *   --large    made with --scale 5 --layout database: memory with a history five times as long
 *   --lean     made with --lean --layout database: the start on a store of 100,000 traces, and one more change in it
 *   --peers    where other readers are installed: see bench/peers.ts
 *   --cold     also measure with an empty page cache (Linux, root)
 *   --million  also time queries over a made-up history of a million traces; alone: --only million
 *   --write    replace the table in bench/RESULTS.md
 */
import { strict as assert } from 'node:assert'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import Database from 'libsql'
import { measureMillion } from './analytics.ts'
import type { Layout, Truth } from './corpus.ts'
import type { Floor } from './floors.ts'
import { canEmptyPageCache, emptyPageCache, median, now, runProcess, sideBySide, timed } from './measure.ts'
import { listPeers } from './peers.ts'
import * as queries from './queries.ts'
import { openReadOnly } from './read-only.ts'
import { root } from './root.ts'
import { COMMAND, cleanEnvironment, type Running, startServer } from './server.ts'
import { verify } from './verify.ts'

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string' },
    large: { type: 'string' },
    lean: { type: 'string' },
    peers: { type: 'string' },
    runs: { type: 'string', default: '5' },
    cold: { type: 'boolean', default: false },
    million: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
if (!options.corpus) {
  console.error(
    'npm run bench -- --corpus DIR [--large DIR] [--lean DIR] [--peers DIR] [--runs 5] [--cold] [--million] [--only REGEXP] [--write]',
  )
  process.exit(2)
}
if (options.cold && !canEmptyPageCache()) {
  console.error('--cold needs Linux and root: the page cache cannot be emptied here')
  process.exit(2)
}
const corpus = resolve(options.corpus)
const rounds = Number(options.runs)
const readTruth = (directory: string) => JSON.parse(readFileSync(join(directory, 'truth.json'), 'utf8')) as Truth
const truth = readTruth(corpus)
const home = mkdtempSync(join(tmpdir(), 'delegraph-bench-'))
const sourceOf = (layout: Layout, directory = corpus) => join(directory, layout, 'opencode')
const layouts = { database: 'SQLite', files: 'files' } as const

// ---------------------------------------------------------------- the table

interface Row {
  what: string
  measured: string
  against: string
  ratio: string
  bar: string
  met: boolean
}
const table: Row[] = []

function note(row: Row) {
  table.push(row)
  console.log(print(row))
}
const print = (row: Row) =>
  `| ${row.what} | ${row.measured} | ${row.against} | ${row.ratio} | ${row.bar} | ${row.bar === '' ? '' : row.met ? 'yes' : '**no**'} |`
const ms = (value: number) =>
  value < 10 ? `${value.toFixed(2)} ms` : value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`

/** A row with a bar: at most `bar` times as long as the floor. */
function atMost(what: string, bar: number, got: number, floor: number, floorName: string) {
  const ratio = got / floor
  note({
    what,
    measured: ms(got),
    against: `${floorName}: ${ms(floor)}`,
    ratio: `${ratio.toFixed(2)} ×`,
    bar: `≤ ${bar} ×`,
    met: ratio <= bar,
  })
}
/** A row with a bar: at least `bar` times as fast as another program; null for a comparison only. */
function faster(what: string, bar: number | null, got: number, other: number, otherName: string) {
  const ratio = other / got
  note({
    what,
    measured: ms(got),
    against: `${otherName}: ${ms(other)}`,
    ratio: ratio >= 1 ? `${ratio.toFixed(1)} × faster` : `${(1 / ratio).toFixed(1)} × its time`,
    bar: bar === null ? '' : `≥ ${bar} × faster`,
    met: bar === null || ratio >= bar,
  })
}
function limit(what: string, got: number, bar: number, unit: 'ms' | 'MB') {
  const show = unit === 'ms' ? ms : (value: number) => `${value.toFixed(0)} MB`
  note({ what, measured: show(got), against: '', ratio: '', bar: `≤ ${bar} ${unit}`, met: got <= bar })
}

const wanted = (name: string) => new RegExp(options.only).test(name)
const repeat = async <T>(work: () => Promise<T>, times = rounds) => {
  const results: T[] = []
  for (let i = 0; i < times; i++) results.push(await work())
  return results
}

// ---------------------------------------------------------------- first read

async function runFloor(name: Floor, path: string): Promise<number> {
  const script = fileURLToPath(new URL('floors.js', import.meta.url))
  const done = await runProcess(process.execPath, [script, name, path])
  assert.equal(done.code, 0, done.stderr)
  return Number(done.stdout)
}
const floorOf = {
  database: () => runFloor('walk', join(sourceOf('database'), 'opencode.db')),
  files: () => runFloor('files', join(sourceOf('files'), 'storage')),
}

/** Times the whole command, from its start to its exit, reading into a new store. */
async function firstRead(source: string, store: string) {
  for (const suffix of ['', '.wal']) rmSync(store + suffix, { force: true })
  const done = await runProcess(
    process.execPath,
    [COMMAND, 'ingest', '--source', source, '--db', store],
    cleanEnvironment(home),
  )
  assert.equal(done.code, 0, done.stderr)
  return done
}
const storeOf = (layout: Layout) => join(home, `${layout}.duckdb`)

async function measureFirstReads() {
  const bars = { database: 2, files: 1.1 }
  const coldBars = { database: 2, files: 0.5 }
  for (const layout of ['database', 'files'] as const) {
    const floorName = layout === 'database' ? 'the walk' : 'every byte'
    await floorOf[layout]()
    const runs = await repeat(async () => ({
      floor: await floorOf[layout](),
      read: await firstRead(sourceOf(layout), storeOf(layout)),
    }))
    const got = median(runs.map((run) => run.read.ms))
    atMost(`first read, ${layouts[layout]}`, bars[layout], got, median(runs.map((run) => run.floor)), floorName)
    const peaks = runs.flatMap((run) => run.read.peakMb ?? [])
    if (peaks.length > 0) limit(`its memory at the peak, ${layouts[layout]}`, Math.max(...peaks), 320, 'MB')

    if (options.peers) {
      for (const peer of listPeers(resolve(options.peers), corpus, home, truth).filter(
        (peer) => peer.layout === layout,
      )) {
        const bar = peer.name === 'opencode stats' ? { database: 4, files: 6 }[layout] : null
        const times = (await repeat(peer.run)).map((run) => run.ms)
        faster(`first read, ${layouts[layout]}`, bar, got, median(times), peer.name)
      }
    }
    if (options.cold) {
      const cold = await repeat(
        async () => {
          await emptyPageCache()
          const floor = await floorOf[layout]()
          await emptyPageCache()
          return { floor, read: await firstRead(sourceOf(layout), storeOf(layout)) }
        },
        Math.min(3, rounds),
      )
      const [read, floor] = [median(cold.map((run) => run.read.ms)), median(cold.map((run) => run.floor))]
      atMost(`first read, ${layouts[layout]}, page cache empty`, coldBars[layout], read, floor, floorName)
    }
  }
}

async function measureLarge(directory: string) {
  const store = join(home, 'large.duckdb')
  const small = (await repeat(() => firstRead(sourceOf('database'), store), 3)).flatMap((run) => run.peakMb ?? [])
  const large = (await firstRead(sourceOf('database', resolve(directory)), store)).peakMb
  if (large === null || small.length === 0) return
  const ratio = large / median(small)
  note({
    what: 'memory at the peak, a history five times as long',
    measured: `${large.toFixed(0)} MB`,
    against: `the shorter one: ${median(small).toFixed(0)} MB`,
    ratio: `${ratio.toFixed(2)} ×`,
    bar: '≤ 1.5 ×',
    met: ratio <= 1.5,
  })
  const server = await startServer(['--source', sourceOf('database', resolve(directory)), '--db', store], home)
  await server.ready()
  await verify(server, readTruth(resolve(directory)))
  await server.stop()
  rmSync(store)
}

// ---------------------------------------------------------------- with a filled store

async function serve(layout: Layout) {
  if (!existsSync(storeOf(layout))) await firstRead(sourceOf(layout), storeOf(layout))
  return startServer(['--source', sourceOf(layout), '--db', storeOf(layout)], home)
}

async function measureAfterwards(layout: Layout) {
  const server = await serve(layout)
  await server.ready()
  await verify(server, truth)
  if (wanted('nothing changed')) await measureNothingChanged(server, layout)
  if (wanted('one session changed')) await measureOneChanged(server, layout)
  if (options.peers && wanted('ccusage')) {
    const peer = listPeers(resolve(options.peers), corpus, home, truth).find(
      (peer) => peer.layout === layout && peer.name === 'ccusage',
    )
    if (peer) {
      const got = median(await repeat(() => timed(() => tokensBySession(server))))
      faster(
        `tokens by session over HTTP, ${layouts[layout]}`,
        20,
        got,
        median((await repeat(peer.run)).map((run) => run.ms)),
        'ccusage',
      )
    }
  }
  await server.stop()
}

async function tokensBySession(server: Running) {
  let count = 0
  for (let after: string | null = null; ; ) {
    const { sessions }: queries.TokensBySession = await server.ask(queries.TOKENS_BY_SESSION, { after })
    count += sessions.nodes.length
    if (!sessions.pageInfo.hasNextPage) break
    after = sessions.pageInfo.endCursor
  }
  assert.equal(count, truth.counts.sessions)
}

async function measureNothingChanged(server: Running, layout: Layout) {
  const bare =
    layout === 'database'
      ? (() => {
          const db = openReadOnly(join(sourceOf('database'), 'opencode.db'))
          const times = db.prepare('SELECT id, time_updated FROM session')
          return () => void times.all()
        })()
      : () => {
          const directory = join(sourceOf('files'), 'storage/session')
          for (const project of readdirSync(directory)) {
            for (const name of readdirSync(join(directory, project))) statSync(`${directory}/${project}/${name}`)
          }
        }
  const took = await sideBySide({ bare, again: () => server.ask(queries.INGEST) }, { rounds, times: 5 })
  const name = layout === 'database' ? 'session times' : 'stat of the session files'
  atMost(`nothing changed, ${layouts[layout]}`, 10, took.again, took.bare, name)
}

/** Renames sessions of median size, one at a time, as OpenCode would, and renames them back. */
async function measureOneChanged(server: Running, layout: Layout) {
  const db = openReadOnly(join(sourceOf('database'), 'opencode.db'))
  const sizes = db
    .prepare('SELECT session_id AS id, count(*) AS parts FROM part GROUP BY 1 HAVING parts > 20 ORDER BY parts, id')
    .all() as { id: string; parts: number }[]
  // Sessions alone in their trees, so that reading the session and reading its tree are the same work.
  const callers = new Set(Object.values(truth.sessions).flatMap((session) => session.parent ?? []))
  const alone = sizes.filter(({ id }) => truth.sessions[id]?.parent === null && !callers.has(id))
  const middle = Math.max(0, (alone.length >> 1) - (rounds >> 1))
  const chosen = alone.slice(middle, middle + rounds)
  const messages = db.prepare('SELECT data FROM message WHERE session_id = ?')
  const parts = db.prepare('SELECT data FROM part WHERE session_id = ?')
  const storage = join(sourceOf('files'), 'storage')
  const bareRead = {
    database: (id: string) => {
      for (const row of [...messages.all(id), ...parts.all(id)] as { data: string }[]) JSON.parse(row.data)
    },
    files: (id: string) => {
      for (const name of readdirSync(join(storage, 'message', id))) {
        JSON.parse(readFileSync(join(storage, 'message', id, name), 'utf8'))
        const of = join(storage, 'part', name.replace('.json', ''))
        for (const part of readdirSync(of)) JSON.parse(readFileSync(join(of, part), 'utf8'))
      }
    },
  }
  const rename = layout === 'database' ? renameRow(sourceOf('database')) : renameFile
  const taken: { bare: number; read: number }[] = []
  for (const { id } of chosen) {
    bareRead[layout](id)
    const bare = median(await repeat(() => timed(() => bareRead[layout](id))))
    taken.push({ bare, read: await changed(server, id, () => rename(id, NEW_NAME)) })
  }
  db.close()
  atMost(
    `one session changed, ${layouts[layout]}`,
    3,
    median(taken.map((one) => one.read)),
    median(taken.map((one) => one.bare)),
    'that session read and parsed',
  )
}

const NEW_NAME = 'A new name'

/** How long it takes to read a renamed session. The name is restored afterwards. */
async function changed(server: Running, id: string, rename: () => () => void): Promise<number> {
  const undo = rename()
  try {
    const took = await timed(() => server.ask(queries.INGEST))
    const { session } = await server.ask<{ session: { title: string } }>(queries.TITLE, { id })
    assert.equal(session.title, NEW_NAME)
    return took
  } finally {
    undo()
    await server.ask(queries.INGEST)
  }
}

const renameRow = (source: string) => (id: string, title: string) => {
  const db = new Database(join(source, 'opencode.db'))
  const before = db.prepare('SELECT title, time_updated FROM session WHERE id = ?').get(id) as {
    title: string
    time_updated: number
  }
  const write = db.prepare('UPDATE session SET title = ?, time_updated = ? WHERE id = ?')
  write.run(title, Date.now(), id)
  return () => {
    write.run(before.title, before.time_updated, id)
    db.close()
  }
}

function renameFile(id: string, title: string) {
  const directory = join(sourceOf('files'), 'storage/session')
  const project = readdirSync(directory).find((name) => readdirSync(join(directory, name)).includes(`${id}.json`))
  assert.ok(project)
  const file = join(directory, project, `${id}.json`)
  const before = readFileSync(file, 'utf8')
  const { atime, mtime } = statSync(file)
  const value = JSON.parse(before) as { time: { updated: number } }
  writeFileSync(file, JSON.stringify({ ...value, title, time: { ...value.time, updated: Date.now() } }, null, 2))
  return () => {
    writeFileSync(file, before)
    utimesSync(file, atime, mtime)
  }
}

// ---------------------------------------------------------------- queries over HTTP

async function measureQuestions() {
  // DuckDB lets only one process open a file, so the bare SQL runs on a copy.
  if (!existsSync(storeOf('database'))) await firstRead(sourceOf('database'), storeOf('database'))
  const copy = join(home, 'copy.duckdb')
  cpSync(storeOf('database'), copy)
  const duckdb = await DuckDBInstance.create(copy, { access_mode: 'READ_ONLY' })
  const connection = await duckdb.connect()
  const bare =
    (sql: string, ...values: string[]) =>
    async () =>
      (await connection.runAndReadAll(sql, values)).currentRowCount
  const server = await serve('database')
  await server.ready()

  if (wanted('tree of')) {
    const id = truth.widest
    const size = Object.values(truth.traces).filter((trace) => trace.root === id).length
    assert.equal(await bare(queries.TREE_SQL, id)(), size)
    for (const query of [queries.TREE_FLAT, queries.TREE_FULL, queries.TREE_NESTED]) {
      assert.equal((await server.askRaw(query, { id })).match(/"agent":/g)?.length, size)
    }
    const took = await sideBySide(
      {
        bare: bare(queries.TREE_SQL, id),
        flat: () => server.askRaw(queries.TREE_FLAT, { id }),
        nested: () => server.askRaw(queries.TREE_NESTED, { id }),
        full: () => server.askRaw(queries.TREE_FULL, { id }),
      },
      { rounds, times: 20 },
    )
    atMost(`tree of ${size}, 10 fields`, 5, took.flat, took.bare, 'all its columns in DuckDB')
    atMost(`tree of ${size}, every field`, 10, took.full, took.bare, 'all its columns in DuckDB')
    atMost(`tree of ${size}, 10 fields, nested`, 1.15, took.nested, took.flat, 'the same, flat')
  }
  if (wanted('one trace by id')) {
    const id = Object.keys(truth.traces)[1234 % Object.keys(truth.traces).length] ?? ''
    const took = await sideBySide(
      {
        bare: bare(queries.TRACE_SQL, id),
        empty: () => server.askRaw('{ __typename }'),
        trace: () => server.askRaw(queries.TRACE, { id }),
      },
      { rounds, times: 200 },
    )
    atMost('one trace by id', 3, took.trace, took.bare + took.empty, 'bare query and an empty request')
  }
  if (wanted('50 sessions')) {
    const sessions = bare(queries.SESSIONS_SQL)
    const turns = bare(queries.SESSIONS_TURNS_SQL)
    const sql = async () => {
      assert.equal(await sessions(), Math.min(50, truth.counts.roots))
      await turns()
    }
    const took = await sideBySide({ sql, sessions: () => server.askRaw(queries.SESSIONS) }, { rounds, times: 50 })
    atMost('50 sessions with agents, totals and root traces', 3, took.sessions, took.sql, 'hand-written SQL')
  }
  connection.closeSync()
  duckdb.closeSync()
  await server.stop()
}

// ---------------------------------------------------------------- start, and answering while reading

async function measureLean(directory: string) {
  const source = sourceOf('database', resolve(directory))
  const store = join(home, 'lean.duckdb')
  await firstRead(source, store)
  const traces = Object.keys(readTruth(resolve(directory)).traces).length
  const times = await repeat(async () => {
    const server = await startServer(['--source', source, '--db', store], home, { first: queries.FIRST })
    await server.ready()
    const { traces: found } = await server.ask<{ traces: { totalCount: number } }>(
      '{ traces(first: 1) { totalCount } }',
    )
    assert.equal(found.totalCount, traces)
    await server.stop()
    return server.firstAnswerMs
  })
  limit(`start to the first answer, a store of ${traces.toLocaleString('en')} traces`, median(times), 1000, 'ms')

  const server = await startServer(['--source', source, '--db', store], home)
  await server.ready()
  const ids = Object.keys(readTruth(resolve(directory)).sessions)
  const rename = renameRow(source)
  const taken: number[] = []
  for (const id of ids.slice(ids.length >> 1).slice(0, rounds + 1)) {
    taken.push(await changed(server, id, () => rename(id, NEW_NAME)))
  }
  await server.stop()
  // Skips the first change of the process, which loads the known state of every session.
  const took = ms(median(taken.slice(1)))
  const what = `one session changed, SQLite, ${ids.length.toLocaleString('en')} sessions`
  note({ what, measured: took, against: '', ratio: '', bar: '', met: true })
}

/** Sends empty queries throughout the first read: the longest wait is how long the event loop was blocked. */
async function measureHold(layout: Layout) {
  const worst = await repeat(
    async () => {
      const store = join(home, 'hold.duckdb')
      for (const suffix of ['', '.wal']) rmSync(store + suffix, { force: true })
      const server = await startServer(['--source', sourceOf(layout), '--db', store], home)
      let done = false
      const ready = server.ready().then(() => {
        done = true
      })
      let longest = 0
      while (!done) longest = Math.max(longest, await timed(() => server.askRaw('{ __typename }')))
      await ready
      await server.stop()
      return longest
    },
    Math.min(3, rounds),
  )
  limit(`longest wait for an empty request during the first read, ${layouts[layout]}`, median(worst), 50, 'ms')
}

// ---------------------------------------------------------------- everything

const start = now()
const head = ['| what | measured | against | ratio | bar | met |', '|---|---|---|---|---|---|']
console.log(head.join('\n'))
let wrong = false
try {
  if (wanted('first read')) await measureFirstReads()
  if (options.large && wanted('five times')) await measureLarge(options.large)
  if (['nothing changed', 'one session changed', 'ccusage'].some(wanted)) {
    for (const layout of ['database', 'files'] as const) await measureAfterwards(layout)
  }
  if (['tree of', 'one trace by id', '50 sessions'].some(wanted)) await measureQuestions()
  if (options.lean && wanted('start to the first answer')) await measureLean(options.lean)
  if (options.million) await measureMillion({ home, rounds, wanted, atMost })
  if (wanted('longest wait')) for (const layout of ['database', 'files'] as const) await measureHold(layout)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  wrong = true
} finally {
  rmSync(home, { recursive: true, force: true })
}
if (wrong) process.exit(3)
const missed = table.filter((row) => !row.met).length
const summary = `${table.length} figures, ${missed} short of their bar, in ${((now() - start) / 60_000).toFixed(1)} minutes`
console.log(`\n${summary}`)

if (options.write) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`
  const { messages, parts, sessions } = truth.counts
  const megabytes = (layout: Layout) => ((truth.written[layout]?.bytes ?? 0) / 1e6).toFixed(0)
  const lines = [
    '# Results',
    '',
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}.`,
    '',
    `The corpus: ${sessions} sessions, ${messages} messages, ${parts} parts, ${Object.keys(truth.traces).length} traces; ` +
      `${truth.written.files?.files} files with ${megabytes('files')} MB, or a database of ${megabytes('database')} MB. ` +
      'All answers were equal to its truth. Times are medians, in one run; a ratio says more than its milliseconds. ' +
      'The command is measured whole, from its call to its end, its floor without the start of Node.',
    '',
    '```sh',
    'npm run bench:corpus -- --out /tmp/corpus',
    'npm run bench:corpus -- --out /tmp/large --scale 5 --layout database',
    'npm run bench:corpus -- --out /tmp/lean --lean --layout database',
    `npm run bench -- --corpus /tmp/corpus${options.large ? ' --large /tmp/large' : ''}${options.lean ? ' --lean /tmp/lean' : ''}${options.peers ? ' --peers /tmp/peers' : ''}${options.cold ? ' --cold' : ''}${options.million ? ' --million' : ''} --write`,
    '```',
    '',
    ...head,
    ...table.map(print),
    '',
    `${summary}.`,
    '',
  ]
  const path = join(root, 'bench/RESULTS.md')
  // Keep the results of other commands, which follow under headings of their own.
  const others = /\n## .*/s.exec(readFileSync(path, 'utf8'))?.[0] ?? ''
  writeFileSync(path, lines.join('\n') + others)
}
process.exitCode = missed > 0 ? 1 : 0
