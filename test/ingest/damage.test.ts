/** Tests that damaged or hostile data costs only itself, is reported, and stops nothing. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { isDamage, isUnwritable } from '../../src/ingest/opencode/sqlite-file.ts'
import { openStore } from '../../src/store/duckdb/open.ts'
import { cases } from '../cases.ts'
import {
  copyDatabase,
  createDatabase,
  exportOf,
  filesOf,
  homeOf,
  ingestOnce,
  insertRow,
  recording,
  scratch,
  sessionFilesOf,
  tableOf,
  wideDatabase,
} from './homes.ts'
import { memoryStore } from './memory-store.ts'

/** A database whose columns accept any value. */
function openLoose(path: string, before = ''): Database.Database {
  const db = new Database(path)
  db.exec(`${before};
    CREATE TABLE session (id, project_id, parent_id, directory, title, version, revert, time_created, time_updated, time_archived);
    CREATE TABLE message (id, session_id, time_created, time_updated, data);
    CREATE TABLE part (id, message_id, session_id, time_created, time_updated, data)`)
  return db
}

const NO_UTF8 = Buffer.from([0xff])

async function read(...paths: string[]) {
  const store = memoryStore()
  const result = await ingestOnce(store, paths)
  return { ...result, ...store.table(), store }
}

describe('damaged files', () => {
  it('cut at every sixteenth cost only what they hold', async () => {
    const home = homeOf('1.1.65/nested')
    const whole = await tableOf([home])
    const files = filesOf(join(home, 'storage')).filter((path) => /[/\\](session|message|part)[/\\]/.test(path))
    for (const path of files) {
      const bytes = readFileSync(path)
      const sixteenth = 1 + (files.indexOf(path) % 15)
      truncateSync(path, Math.floor((bytes.length * sixteenth) / 16))
      const { rejected, rejectedCount, sessions } = await read(home)
      // A part that no trace needs is not read to its end, so its damage goes unnoticed.
      if (rejectedCount > 0) expect(rejected.map((r) => r.path)).toEqual([path])
      const lost = basename(path).startsWith('ses_') ? 1 : 0
      expect(sessions.length, path).toBe(whole.sessions.length - lost)
      writeFileSync(path, bytes)
    }
    expect((await read(home)).traces).toEqual(whole.traces)
  })

  it('with flipped bits, emptied or full of garbage never stop the reading', async () => {
    const home = homeOf('1.1.65/killed')
    const files = filesOf(join(home, 'storage'))
    const damage = fc.oneof(
      fc.constant(Buffer.alloc(0)),
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('null', '[]', '{}', '"x"', '{"role":"user"}', '1e999', '\ufeff{}')
        .map((text) => Buffer.from(text)),
      fc.tuple(fc.nat(), fc.nat(255)),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), damage, async (path, how) => {
        const bytes = readFileSync(path)
        if (Buffer.isBuffer(how)) writeFileSync(path, how)
        else {
          const flipped = Buffer.from(bytes)
          flipped[how[0] % bytes.length] = how[1]
          writeFileSync(path, flipped)
        }
        try {
          const { rejected, traces } = await read(home)
          expect(traces.length).toBeGreaterThan(0)
          for (const rejection of rejected) expect(rejection.path).toBe(path)
        } finally {
          writeFileSync(path, bytes)
        }
      }),
      { numRuns: cases(100) },
    )
  })

  it('that are no files are passed over by name and never waited for', async () => {
    const home = homeOf('1.1.65/simple')
    const whole = await tableOf([home])
    const storage = join(home, 'storage')
    const [message = ''] = readdirSync(join(storage, 'part'))
    const odd = (name: string) => join(storage, 'part', message, name)
    mkdirSync(odd('prt_directory.json'))
    execFileSync('mkfifo', [odd('prt_fifo.json')])
    symlinkSync(odd('prt_loop.json'), odd('prt_loop.json'))
    symlinkSync('/dev/zero', odd('prt_zero.json'))
    symlinkSync(odd('nowhere'), odd('prt_dangling.json'))
    // Created under a short path, because the system cuts a socket's path off at 107 bytes.
    const socket = join(scratch(), 'socket')
    const server = createServer().listen(socket)
    await new Promise((resolve) => server.once('listening', resolve))
    renameSync(socket, odd('prt_socket.json'))
    const { rejected, traces } = await read(home)
    server.close()
    expect(traces).toEqual(whole.traces)
    expect(rejected.map((r) => basename(r.path)).sort()).toEqual([
      'prt_directory.json',
      'prt_fifo.json',
      'prt_loop.json',
      'prt_socket.json',
      'prt_zero.json',
    ])
  })

  it('that are links to themselves cost their session, or its messages, and no other session', async () => {
    const home = homeOf('1.1.65/twins')
    const storage = join(home, 'storage')
    const [first = '', second = '', ...others] = sessionFilesOf(storage)
    const messages = join(storage, 'message', basename(second, '.json'))
    for (const path of [first, messages]) {
      rmSync(path, { recursive: true })
      symlinkSync(path, path)
    }
    const { rejected, sessions } = await read(home)
    expect(sessions.map(({ id }) => id).sort()).toEqual(
      [second, ...others].map((path) => basename(path, '.json')).sort(),
    )
    expect(rejected.map((r) => [r.path, r.reason])).toEqual([
      [first, 'cannot be opened: ELOOP'],
      [messages, 'cannot be listed: ELOOP'],
    ])
  })

  it('in the place of directories cost what would have been in them', async () => {
    const home = homeOf('1.1.65/simple')
    const storage = join(home, 'storage')
    const [message = ''] = readdirSync(join(storage, 'message'))
    rmSync(join(storage, 'message', message), { recursive: true })
    writeFileSync(join(storage, 'message', message), 'no directory')
    symlinkSync(join(storage, 'session', 'loop'), join(storage, 'session', 'loop'))
    const { rejected, sessions } = await read(home)
    expect(sessions.length).toBe(2)
    expect(rejected.map((r) => [r.path, r.reason])).toEqual([
      [join(storage, 'message', message), 'cannot be listed: ENOTDIR'],
    ])
  })

  it('whose ids no text can hold are read under what is left of them', async () => {
    const directory = scratch()
    for (const half of ['\ud800', '\udc00']) {
      const message = { id: `msg_${half}`, role: 'user', time: { created: 10 } }
      const parts = [{ id: `prt_${half}`, type: 'text', text: 'hello' }]
      const session = { info: { id: `ses_${half}`, time: { created: 10 } }, messages: [{ info: message, parts }] }
      writeFileSync(join(directory, `${half.charCodeAt(0)}.json`), JSON.stringify(session))
    }
    const store = await openStore({ path: ':memory:' })
    const { rejected } = await ingestOnce(store, [directory])
    expect(rejected).toEqual([])
    expect(await store.countAll()).toEqual({ sessions: 1, traces: 1 })
    await store.close()
  })

  // Other systems name files in characters instead of bytes, or refuse such names.
  it.skipIf(process.platform !== 'linux')('whose names are no text are named as far as they can be', async () => {
    const home = homeOf('1.1.65/simple')
    const whole = await tableOf([home])
    const storage = join(home, 'storage')
    const [message = ''] = readdirSync(join(storage, 'part'))
    const [session = ''] = readdirSync(join(storage, 'message'))
    const places = [
      dirname(sessionFilesOf(storage)[0] ?? ''),
      join(storage, 'message', session),
      join(storage, 'part', message),
    ]
    for (const place of places)
      writeFileSync(Buffer.concat([Buffer.from(`${place}/x`), NO_UTF8, Buffer.from('.json')]), '{}')
    const { rejected, traces } = await read(home)
    expect(traces).toEqual(whole.traces)
    const named = places.map((place) => `${join(place, 'x\ufffd.json')}: cannot be opened: its name is not UTF-8`)
    expect(rejected.map((r) => `${r.path}: ${r.reason}`).sort()).toEqual(named.sort())
  })

  it('never have their content in what is said of them', async () => {
    const home = homeOf('1.1.65/simple')
    const [session = ''] = sessionFilesOf(join(home, 'storage'))
    writeFileSync(session, '{"title": very secret}')
    const { rejected } = await read(home)
    expect(rejected).toMatchObject([{ path: session, reason: 'invalid or truncated JSON' }])
  })

  it('of a hundred megabytes are refused and take no more memory than others', async () => {
    const home = homeOf('1.1.65/simple')
    const storage = join(home, 'storage')
    const [message = ''] = readdirSync(join(storage, 'part'))
    const huge = join(storage, 'part', message, 'prt_huge.json')
    const fd = openSync(huge, 'w')
    writeSync(fd, '{"id":"prt_huge","type":"text","text":"')
    for (let i = 0; i < 100; i++) writeSync(fd, 'x'.repeat(1024 * 1024))
    writeSync(fd, '"}')
    closeSync(fd)
    const { rejected } = await read(home)
    expect(rejected).toMatchObject([{ path: huge, reason: 'larger than 48 MB' }])
  })

  it('are listed until they are whole again', async () => {
    const home = homeOf('1.1.65/simple')
    const [path = ''] = filesOf(join(home, 'storage', 'message'))
    const bytes = readFileSync(path)
    const store = memoryStore()
    writeFileSync(path, '{')
    expect((await ingestOnce(store, [home])).rejectedCount).toBe(1)
    expect((await ingestOnce(store, [home])).rejected).toMatchObject([{ path }])
    writeFileSync(path, bytes)
    expect((await ingestOnce(store, [home])).rejectedCount).toBe(0)
    expect(store.rejections).toEqual([])
    expect(store.table()).toEqual(await tableOf([home]))
  })
})

describe('exports in a directory', () => {
  const exportsOf = (name: string): { directory: string; paths: string[] } => {
    const storage = join(homeOf(name), 'storage')
    const directory = scratch()
    const paths = sessionFilesOf(storage).map((file) => {
      const path = join(directory, basename(file))
      writeFileSync(path, JSON.stringify(exportOf(storage, file), null, 2))
      return path
    })
    return { directory, paths }
  }

  it('are named where they are damaged, which costs nothing that was read of them', async () => {
    const { directory, paths } = exportsOf('1.1.65/twins')
    const whole = await tableOf([directory])
    const [path = ''] = paths
    const store = memoryStore()
    await ingestOnce(store, [directory])
    writeFileSync(join(directory, 'package.json'), '{"name": "something else"}')
    truncateSync(path, 200)
    const { rejected, unreadable } = await ingestOnce(store, [directory])
    const named = { path, reason: 'invalid or truncated JSON' }
    expect(rejected).toMatchObject([named])
    expect(unreadable).toEqual([named])
    expect(store.table()).toEqual(whole)
    expect((await read(directory)).sessions.length).toBe(whole.sessions.length - 1)
  })

  it.each([
    ['UTF-8', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ])('are the same in %s with its mark, as PowerShell writes what a command prints', async (_name, encoded) => {
    const { directory, paths } = exportsOf('1.1.65/twins')
    const whole = await tableOf([directory])
    for (const path of paths) writeFileSync(path, encoded(readFileSync(path, 'utf8')))
    const { rejected, traces } = await read(directory)
    expect(rejected).toEqual([])
    expect(traces).toEqual(whole.traces)
  })
})

describe('a damaged database', () => {
  it('never stops the reading, wherever a page is damaged', async () => {
    const from = join(recording('1.18.34/nested').data, 'opencode.db')
    const size = statSync(from).size
    await fc.assert(
      fc.asyncProperty(
        fc.nat(Math.floor(size / 4096) - 2),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.nat(4000),
        async (page, bytes, at) => {
          const path = join(scratch(), 'opencode.db')
          copyDatabase(from, path)
          chmodSync(path, 0o600)
          const fd = openSync(path, 'r+')
          writeSync(fd, bytes, 0, bytes.length, 4096 * (page + 1) + at)
          closeSync(fd)
          const { traces, rejectedCount, store } = await read(path)
          expect(traces.length + rejectedCount + store.states.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: cases(150) },
    )
  })

  it('whose list of tables is damaged is called damaged, not without tables', async () => {
    const from = readFileSync(join(recording('1.18.34/nested').data, 'opencode.db'))
    const whole = from.readUInt16BE(16)
    const statement = from.indexOf('CREATE TABLE `session`')
    const page = Math.floor(statement / whole) * whole
    for (const [at, bytes] of [
      [page, Buffer.alloc(whole, 0xa5)],
      [statement, Buffer.from('a secret word')],
    ] as const) {
      const path = join(scratch(), 'opencode.db')
      const damaged = Buffer.from(from)
      bytes.copy(damaged, at)
      writeFileSync(path, damaged)
      const { rejected } = await read(path)
      expect(rejected).toMatchObject([{ path, reason: 'the database is damaged: table session cannot be found in it' }])
    }
  })

  it('costs what stands on the damaged page, and nothing of the sessions that are read after it', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const ids = Array.from({ length: 12 }, (_, i) => `ses_${i}`)
    for (const [i, id] of ids.entries()) {
      const message = JSON.stringify({ role: 'user', agent: 'build', time: { created: i } })
      const text = JSON.stringify({ type: 'text', text: `${id} ${'x'.repeat(20_000)}` })
      insertRow(db, { table: 'session', values: [id, 'global', null, '/d', id, '1', null, i, i, null] })
      insertRow(db, { table: 'message', values: [`msg_${i}`, id, i, i, message] })
      insertRow(db, { table: 'part', values: [`prt_${i}`, `msg_${i}`, id, i, i, text] })
    }
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const pages = db.prepare("SELECT pageno FROM dbstat WHERE name = 'part' AND pagetype = 'overflow'").raw().all()
    db.close()
    const bytes = readFileSync(path)
    // The first bytes of an overflow page name the next page of the text.
    const at = (Math.max(...pages.flat().map(Number)) - 2) * 4096
    writeFileSync(path, bytes.fill(0xff, at, at + 4))
    const { traces, rejected } = await read(path)
    expect(traces.filter((trace) => trace.promptInput.startsWith(`${trace.sessionId} x`)).length).toBe(ids.length - 1)
    expect(rejected.map((r) => r.path.slice(path.length))).toEqual([': part in row 12'])
  })

  it('that was cut short has what stands before the cut, and is named', async () => {
    const from = join(recording('1.18.34/nested').data, 'opencode.db')
    const whole = (await read(from)).traces.length
    const found: number[] = []
    for (let sixteenth = 1; sixteenth < 16; sixteenth++) {
      const path = join(scratch(), 'opencode.db')
      copyDatabase(from, path)
      chmodSync(path, 0o600)
      truncateSync(path, Math.floor((statSync(path).size * sixteenth) / 16))
      const { traces, rejectedCount } = await read(path)
      expect(rejectedCount > 0 || traces.length === whole).toBe(true)
      found.push(traces.length)
    }
    expect(found.at(-1)).toBe(whole)
    expect(found[0]).toBe(0)
  })

  it('has its sessions listed whatever their ids are made of, and those named that are no text', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const ids = ['ses_1', 'ses_2\u0001', 'ses_3é', 'ses_4']
    for (const id of [...ids, 'ses_5\u0000', 'ses_6']) {
      insertRow(db, { table: 'session', values: [id, 'global', null, '/d', id, '1', null, 1, 20, null] })
    }
    db.exec("UPDATE session SET id = CAST(x'ff' AS TEXT) WHERE id = 'ses_6'")
    const { sessions, rejected } = await read(path)
    db.close()
    expect(sessions.map((session) => session.id)).toEqual(ids)
    const reason = 'its id or parent_id contains a NUL or is not valid UTF-8'
    expect(rejected).toMatchObject([
      { path: `${path}: session in row 5`, reason },
      { path: `${path}: session in row 6`, reason },
    ])
  })

  it('loses the rows that are wrong and keeps the others', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const user = JSON.stringify({ role: 'user', agent: 'build', time: { created: 10 } })
    insertRow(db, { table: 'session', values: ['ses_1', 'global', null, '/d', 'good', '1', null, 1, 20, null] })
    insertRow(db, { table: 'session', values: ['ses_2', 'p', 'ses_1', '/d', 'also', '1', '{not json', 2, 20, 'never'] })
    insertRow(db, { table: 'message', values: ['msg_1', 'ses_1', 10, 10, user] })
    insertRow(db, { table: 'message', values: ['msg_2', 'ses_1', 10, 10, '{"role":'] })
    insertRow(db, { table: 'message', values: ['msg_3', 'ses_1', 10, 10, '{"role":"robot"}'] })
    insertRow(db, {
      table: 'message',
      values: ['msg\n4', 'ses_1', 'soon', 'soon', Buffer.from([0xff, 0xfe, 0x00, 0x41])],
    })
    insertRow(db, {
      table: 'part',
      values: ['prt_1', 'msg_1', 'ses_1', 10, 10, '{"type":"text","text":"hello \\u0000 \\ud800"}'],
    })
    insertRow(db, { table: 'part', values: ['prt_2', 'msg_1', 'ses_1', 10, 10, '{"type":"text"}'] })
    insertRow(db, { table: 'part', values: ['prt_3', 'msg_1', 'ses_1', 10, 10, Buffer.from([0xc3, 0x28])] })
    insertRow(db, { table: 'part', values: ['prt_4', 'no such message', 'ses_1', 10, 10, '{'] })
    const { traces, sessions, rejected } = await read(path)
    db.close()
    expect(sessions.map((s) => s.title)).toEqual(['good', 'also'])
    expect(traces.map((t) => t.promptInput)).toEqual(['hello \u0000 \ufffd'])
    expect(rejected.map((r) => r.path.slice(path.length)).sort()).toEqual([
      ': message msg\n4',
      ': message msg_2',
      ': message msg_3',
      ': part prt_2',
      ': part prt_3',
    ])
  })

  it('loses what was written at a time that no database holds, and keeps the others', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const user = (created: number) => JSON.stringify({ role: 'user', agent: 'build', time: { created } })
    insertRow(db, { table: 'session', values: ['ses_1', 'global', null, '/d', 'good', '1', null, 1, 20, null] })
    insertRow(db, { table: 'session', values: ['ses_2', 'global', null, '/d', 'bad', '1', null, 1e18, 1e18, null] })
    insertRow(db, { table: 'message', values: ['msg_1', 'ses_1', 10, 10, user(10)] })
    insertRow(db, { table: 'message', values: ['msg_2', 'ses_1', 1e18, 1e18, user(1e18)] })
    for (const id of ['1', '2']) {
      const text = JSON.stringify({ type: 'text', text: id })
      insertRow(db, { table: 'part', values: [`prt_${id}`, `msg_${id}`, 'ses_1', 10, 10, text] })
    }
    const store = await openStore({ path: ':memory:' })
    const { rejected } = await ingestOnce(store, [path])
    db.close()
    expect(await store.countAll()).toEqual({ sessions: 1, traces: 1 })
    expect(rejected.map((r) => r.path.slice(path.length)).sort()).toEqual([': message msg_2', ': session ses_2'])
    await store.close()
  })

  it('has rows that lack what every row has named, each with what it lacks', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = openLoose(path)
    const user = '{"role":"user","agent":"build","time":{"created":10}}'
    const text = '{"type":"text","text":"kept"}'
    const session = (id: unknown, created: number | null) =>
      insertRow(db, { table: 'session', values: [id, 'global', null, '/d', 't', '1', null, created, 20, null] })
    session('ses_1', 1)
    session(null, 1)
    session(Buffer.from('ses_3'), 1)
    session('ses_4', null)
    const message = (...values: unknown[]) => insertRow(db, { table: 'message', values })
    message('msg_1', 'ses_1', 10, 10, user)
    message(null, 'ses_1', 10, 10, user)
    message('msg_3', 'ses_1', 10, 10, null)
    message('msg_4', Buffer.from('ses_1'), 10, 10, user)
    const part = (...values: unknown[]) => insertRow(db, { table: 'part', values })
    part('prt_1', 'msg_1', 'ses_1', 10, 10, text)
    part('prt_2', 'msg_1', 'ses_1', 10, 10, null)
    part(null, 'msg_1', 'ses_1', 10, 10, text)
    part('prt_4', null, 'ses_1', 10, 10, text)
    part('prt_5', 'msg_1', null, 10, 10, text)
    const { traces, rejected, sources } = await read(path)
    db.close()
    expect(traces.map((trace) => trace.promptInput)).toEqual(['kept'])
    expect(sources.map(({ sessions }) => sessions)).toEqual([1])
    expect(rejected.map((r) => `${r.path.slice(path.length)}: ${r.reason}`).sort()).toEqual([
      ': message in row 2: its id is null',
      ': message in row 4: its session_id is empty or no text',
      ': message msg_3: its data is null',
      ': part in row 3: its id is null',
      ': part in row 4: its message_id is null',
      ': part in row 5: its session_id is empty or no text',
      ': part prt_2: its data is null',
      ': session ses_4: time.created: Invalid input: expected number, received undefined',
      ': table session: of 2 rows, from row 2 on, the id is empty or no text',
    ])
  })

  it('is read whole whatever the numbers of its rows are', async () => {
    const from = join(scratch(), 'opencode.db')
    const whole = await tableOf([wideDatabase(from, { children: 600, promptLength: 10 })])
    const numbers = {
      negative: 'rowid - 9223372036854775807',
      'around zero': '(rowid - 300) * 3',
      'beyond what a double holds': '9223372036854775807 - rowid',
    }
    for (const [name, number] of Object.entries(numbers)) {
      const path = join(scratch(), 'opencode.db')
      const db = createDatabase(path)
      db.exec(`ATTACH '${from}' AS source`)
      for (const table of ['session', 'message', 'part']) {
        const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).raw().all().join(', ')
        db.exec(`INSERT INTO ${table} (rowid, ${columns}) SELECT ${number}, ${columns} FROM source.${table}`)
      }
      db.close()
      const { sessions, traces, rejected } = await read(path)
      expect(rejected, name).toEqual([])
      expect({ sessions: sessions.length, traces }, name).toEqual({
        sessions: whole.sessions.length,
        traces: whole.traces,
      })
    }
  })

  it('in another encoding than OpenCode’s is refused by name', async () => {
    const path = join(scratch(), 'opencode.db')
    openLoose(path, "PRAGMA encoding = 'UTF-16le'").close()
    const { rejected } = await read(path)
    expect(rejected).toMatchObject([{ path, reason: 'its text encoding is UTF-16le; OpenCode uses UTF-8' }])
  })

  it.each([
    ['by its head', `SQLite format 3\0${'x'.repeat(5000)}`],
    ['from its first byte', 'x'.repeat(5000)],
    ['down to a piece', 'SQLite'],
  ])('is named where it should be, damaged %s, and the files beside it are read', async (_how, content) => {
    const home = homeOf('1.1.65/nested')
    const whole = await tableOf([home])
    const path = join(home, 'opencode.db')
    writeFileSync(path, content)
    const store = memoryStore()
    const { rejected } = await ingestOnce(store, [home])
    expect(rejected.map((rejection) => rejection.path)).toEqual([path])
    expect(rejected[0]?.reason).toMatch(/not a database/)
    expect(store.table()).toEqual(whole)
  })
})

describe('OpenCode’s database', () => {
  it('is read with its log as a killed process left it, and nothing beside it is changed', async () => {
    const home = homeOf('1.18.34/killed-wal')
    rmSync(join(home, 'opencode.db-shm'), { force: true })
    const before = ['opencode.db', 'opencode.db-wal'].map((name) => readFileSync(join(home, name)))
    const { traces } = await read(home)
    expect(traces.length).toBeGreaterThan(1)
    expect(['opencode.db', 'opencode.db-wal'].map((name) => readFileSync(join(home, name)))).toEqual(before)
  })

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0).each([
    { recording: '1.18.34/killed-wal', left: ['-shm'] },
    { recording: '1.18.34/nested', left: ['-shm', '-wal'] },
  ])(
    'in a directory that may not be written is read from a private copy, which is removed: $recording',
    async ({ recording, left }) => {
      const home = homeOf(recording)
      for (const suffix of left) rmSync(join(home, `opencode.db${suffix}`), { force: true })
      const whole = await tableOf([homeOf(recording)])
      chmodSync(home, 0o500)
      const copies = () => readdirSync(tmpdir()).filter((name) => /^delegraph-\d+-\w{6}$/.test(name))
      const before = copies()
      const { traces, rejected } = await read(home)
      chmodSync(home, 0o700)
      expect(rejected).toEqual([])
      expect(traces).toEqual(whole.traces)
      expect(copies()).toEqual(before)
    },
  )

  it('that may not be written beside is told from one that is damaged, also where the driver has no name for it', () => {
    const failure = (code: string, rawCode: number) => Object.assign(new Error('as SQLite says'), { code, rawCode })
    const [readOnlyDirectory, damagedIndex] = [1544, 779].map((n) => failure(`UNKNOWN_SQLITE_ERROR_${n}`, n))
    expect([isUnwritable(readOnlyDirectory), isDamage(readOnlyDirectory)]).toEqual([true, false])
    expect([isUnwritable(damagedIndex), isDamage(damagedIndex)]).toEqual([false, true])
    expect([isUnwritable(new Error('busy: 5')), isDamage(failure('SQLITE_BUSY', 5))]).toEqual([false, false])
  })

  it('can be written and checkpointed while it is read', async () => {
    const path = join(scratch(), 'opencode.db')
    const writer = createDatabase(path)
    const store = memoryStore()
    const message = (i: number) => JSON.stringify({ role: 'user', time: { created: i } })
    for (let i = 1; i <= 20; i++) {
      const started = performance.now()
      insertRow(writer, { table: 'session', values: [`ses_${i}`, 'global', null, '/d', 't', '1', null, i, i, null] })
      insertRow(writer, { table: 'message', values: [`msg_${i}`, `ses_${i}`, i, i, message(i)] })
      insertRow(writer, {
        table: 'part',
        values: [`prt_${i}`, `msg_${i}`, `ses_${i}`, i, i, '{"type":"text","text":"x"}'],
      })
      writer.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      expect(performance.now() - started).toBeLessThan(4000)
      await ingestOnce(store, [path])
      expect(store.sessions.size).toBe(i)
    }
    writer.close()
  })
})
