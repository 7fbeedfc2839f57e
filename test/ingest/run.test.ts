/** Tests that changes are read, each once, and that none is missed. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import fc from 'fast-check'
import Database from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localHand } from '../../src/ingest/crew.ts'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester, type IngestProgress } from '../../src/ingest/run.ts'
import { openStore } from '../../src/store/duckdb/open.ts'
import {
  createDatabase,
  filesOf,
  homeOf,
  ingestOnce,
  insertRow,
  readJson,
  recording,
  recordings,
  rowsOf,
  scratch,
  sessionFilesOf,
  tableOf,
  wideDatabase,
} from './homes.ts'
import { memoryStore } from './memory-store.ts'

const ingesterOf = (store: ReturnType<typeof memoryStore>, paths: readonly string[]) =>
  createIngester({ store, findSources: () => resolveSources(paths), threads: 0 })

describe('a first start', () => {
  it('has what happened last to show long before it is done', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const hours = Array.from({ length: 200 }, (_, hour) => (hour * 7) % 200)
    for (const hour of hours) {
      const [id, at] = [`ses_${hour}`, 3_600_000 * (hour + 1)]
      const message = JSON.stringify({ role: 'user', agent: 'build', time: { created: at } })
      const text = JSON.stringify({ type: 'text', text: `${hour} ${'word '.repeat(2000)}` })
      insertRow(db, { table: 'session', values: [id, 'global', null, '/d', id, '1', null, at, at, null] })
      insertRow(db, { table: 'message', values: [`msg_${hour}`, id, at, at, message] })
      insertRow(db, { table: 'part', values: [`prt_${hour}`, `msg_${hour}`, id, at, at, text] })
    }
    db.close()
    const store = memoryStore()
    await ingestOnce(store, [path])
    const shown = store.batches.map(({ forests }) => forests.flatMap(({ sessionIds }) => sessionIds))
    expect(shown.flat()).toHaveLength(hours.length)
    expect(shown.length).toBeGreaterThan(2)
    // Two bundles of 24 sessions are read side by side.
    const latest = new Set(Array.from({ length: 48 }, (_, i) => `ses_${199 - i}`))
    expect(shown[0]?.length).toBeGreaterThan(0)
    expect(shown[0]?.filter((id) => !latest.has(id))).toEqual([])
  })
})

describe('a second start', () => {
  it.each(recordings.map((r) => r.name))('%s: with nothing new reads nothing', async (name) => {
    const home = homeOf(name)
    const store = memoryStore()
    const first = await ingestOnce(store, [home])
    const batches = store.batches.length
    const again = await ingestOnce(store, [home])
    expect(first.sessionsRead).toBeGreaterThan(0)
    expect([again.sessionsRead, again.changed, store.batches.length]).toEqual([0, false, batches])
  })

  it('of a database that nobody wrote to does not even look at what is known of its sessions', async () => {
    const home = homeOf('1.18.34/nested')
    // The state after OpenCode has ended; reading it leaves an empty WAL behind.
    for (const log of ['opencode.db-shm', 'opencode.db-wal']) rmSync(join(home, log), { force: true })
    const store = memoryStore()
    await ingestOnce(store, [home])
    const blind = { ...store, loadStamps: () => Promise.reject(new Error('they were asked for')) }
    expect(await ingestOnce(blind, [home])).toMatchObject({ sessionsRead: 0, changed: false, rejectedCount: 0 })
  })

  it('of another data directory removes what only the first had', async () => {
    const store = memoryStore()
    await ingestOnce(store, [homeOf('1.1.65/simple')])
    const other = homeOf('1.18.34/simple')
    const result = await ingestOnce(store, [other])
    expect(result.sessionsRemoved).toBe(2)
    expect(store.table()).toEqual(await tableOf([other]))
    expect(store.states.map((s) => s.source.kind)).toEqual(['OPENCODE_SQLITE'])
  })

  it('of a source that another took the place of for a while reads it again', async () => {
    const [home, other] = [homeOf('1.1.65/simple'), homeOf('1.1.65/simple')]
    for (const file of sessionFilesOf(join(other, 'storage'))) {
      writeFileSync(file, JSON.stringify({ ...readJson(file), title: 'of the other' }))
    }
    const store = await openStore({ path: ':memory:', threads: 1 })
    onTestFinished(() => store.close())
    const ids = sessionFilesOf(join(home, 'storage')).map((file) => basename(file, '.json'))
    const titles = async () =>
      (await store.getSessions(ids, { nowMs: 0, staleAfterMs: 0 })).map((session) => session?.title)
    await ingestOnce(store, [home])
    const before = await titles()
    await ingestOnce(store, [other])
    expect(await titles()).toEqual(ids.map(() => 'of the other'))
    await ingestOnce(store, [home])
    expect(await titles()).toEqual(before)
  })

  it('of nothing at all keeps what there is: a disk may not be there', async () => {
    const home = homeOf('1.1.65/simple')
    const store = memoryStore()
    await ingestOnce(store, [home])
    const [table, states] = [store.table(), store.states]
    const ingester = createIngester({ store, findSources: () => [], threads: 0 })
    expect(await ingester.run()).toMatchObject({ sessionsRemoved: 0, changed: false })
    await ingester.close()
    expect([store.table(), store.states]).toEqual([table, states])
    expect(await ingestOnce(store, [home])).toMatchObject({ sessionsRead: 0, changed: false })
  })

  it('keeps what was read of a store of files that cannot be looked into any more, and names it', async () => {
    const home = homeOf('1.1.65/simple')
    const store = memoryStore()
    const specs = resolveSources([home])
    const ingester = createIngester({ store, findSources: () => specs, threads: 0 })
    await ingester.run()
    const table = store.table()
    rmSync(home, { recursive: true })
    const path = join(home, 'storage')
    expect(await ingester.run()).toMatchObject({
      sessionsRemoved: 0,
      unreadable: [{ path, reason: expect.stringContaining('ENOENT') }],
    })
    await ingester.close()
    expect(store.table()).toEqual(table)
  })

  it('after a save that failed begins from what was saved', async () => {
    const home = homeOf('1.1.65/nested')
    const store = memoryStore()
    const failing = { ...store, saveTraces: async () => Promise.reject(new Error('the disk is full')) }
    const ingester = createIngester({ store: failing, findSources: () => resolveSources([home]), threads: 0 })
    await expect(ingester.run()).rejects.toThrow('the disk is full')
    await ingester.close()
    await ingestOnce(store, [home])
    expect(store.table()).toEqual(await tableOf([home]))
  })
})

describe('one process that goes on', () => {
  it('reads only the session that changed, not the others of its tree', async () => {
    const storage = join(homeOf('1.1.65/parallel'), 'storage')
    const store = memoryStore()
    const ingester = ingesterOf(store, [storage])
    expect((await ingester.run()).sessionsRead).toBeGreaterThan(3)
    const [changed = ''] = sessionFilesOf(storage)
    touch(changed)
    expect((await ingester.run()).sessionsRead).toBe(1)
    expect(store.table()).toEqual(await tableOf([storage]))
    await ingester.close()
  })

  it('reads only the session that changed of a tree of hundreds', async () => {
    const storage = join(homeOf('1.1.65/parallel'), 'storage')
    const child = sessionFilesOf(storage).find((path) => readJson(path).parentID !== undefined) ?? ''
    for (let i = 0; i < 300; i++) {
      const id = `ses_added${i}`
      writeFileSync(join(dirname(child), `${id}.json`), JSON.stringify({ ...readJson(child), id }))
    }
    const store = memoryStore()
    const ingester = ingesterOf(store, [storage])
    expect((await ingester.run()).sessionsRead).toBeGreaterThan(300)
    touch(child)
    expect((await ingester.run()).sessionsRead).toBe(1)
    expect(store.table()).toEqual(await tableOf([storage]))
    await ingester.close()
  })

  it('has most of a tree at hand that is too large to be kept as a whole', async () => {
    const path = join(scratch(), 'opencode.db')
    wideDatabase(path, { children: 90, promptLength: 250_000 })
    const store = memoryStore()
    const ingester = ingesterOf(store, [path])
    expect((await ingester.run()).sessionsRead).toBe(91)
    for (const at of [9000, 9001]) {
      const db = new Database(path)
      db.prepare('UPDATE session SET time_updated = ? WHERE id = ?').run(at, 'ses_3')
      db.close()
      const { sessionsRead } = await ingester.run()
      expect(sessionsRead).toBeGreaterThan(0)
      expect(sessionsRead).toBeLessThan(70)
    }
    await ingester.close()
  })

  it('sees a part that came without anything else', async () => {
    const storage = join(homeOf('1.1.65/killed'), 'storage')
    const part = filesOf(join(storage, 'part')).at(-1) ?? ''
    const kept = join(scratch(), 'part.json')
    cpSync(part, kept)
    rmSync(part)
    const store = memoryStore()
    const ingester = ingesterOf(store, [storage])
    await ingester.run()
    cpSync(kept, part)
    await ingester.run()
    expect(store.table()).toEqual(await tableOf([storage]))
    await ingester.close()
  })

  it('sees a part that came without anything else, though another session is of a time that has not come', async () => {
    const storage = join(homeOf('1.1.65/nested'), 'storage')
    const answers = filesOf(join(storage, 'part')).filter((part) => readFileSync(part, 'utf8').includes('est livrée.'))
    const [part = ''] = answers
    const answer = readFileSync(part)
    const nowMs = Number(JSON.parse(answer.toString()).time.end)
    const [file = ''] = sessionFilesOf(storage)
    const { parentID, ...session } = readJson(file)
    const time = { created: nowMs + 86_400_000, updated: nowMs + 86_400_000 }
    writeFileSync(join(dirname(file), 'ses_future.json'), JSON.stringify({ ...session, id: 'ses_future', time }))
    rmSync(part)
    const store = memoryStore()
    const findSources = () => resolveSources([storage])
    const ingester = createIngester({ store, findSources, threads: 0, now: () => nowMs })
    await ingester.run()
    writeFileSync(part, answer)
    await ingester.run()
    expect(store.table()).toEqual(await tableOf([storage]))
    await ingester.close()
  })

  it('reads what went away just when it was to be read, and is there again as it was', async () => {
    const storage = join(homeOf('1.1.65/nested'), 'storage')
    const [file = ''] = sessionFilesOf(storage)
    const hand = localHand()
    let isAway = false
    const store = memoryStore()
    const ingester = createIngester({
      store,
      findSources: () => resolveSources([storage]),
      threads: 0,
      hand: {
        ...hand,
        families(request) {
          if (!isAway) renameSync(file, `${file}.away`)
          isAway = true
          return hand.families(request)
        },
      },
    })
    await ingester.run()
    expect(store.sessions.has(basename(file, '.json'))).toBe(false)
    renameSync(`${file}.away`, file)
    await ingester.run()
    expect(store.table()).toEqual(await tableOf([storage]))
    await ingester.close()
  })

  it('does not begin when its end comes while a thread leaves that held a replaced database open', async () => {
    const path = join(homeOf('1.18.34/nested'), 'opencode.db')
    const hand = localHand()
    const ends: Promise<void>[] = []
    let isLeaving = false
    const ingester = createIngester({
      store: memoryStore(),
      findSources: () => resolveSources([path]),
      threads: 0,
      hand: {
        ...hand,
        async dismiss() {
          if (isLeaving) return
          isLeaving = true
          ends.push(ingester.stop())
          await hand.dismiss()
        },
      },
    })
    await ingester.run()
    copyFileSync(path, `${path}.new`)
    renameSync(`${path}.new`, path)
    await expect(ingester.run()).rejects.toThrow('the ingester is closed')
    await Promise.all(ends)
  })

  describe('of a session that was killed long ago', () => {
    const toolIn = (path: string) => readJson(path) as { state?: { status: string } }

    /** A home with a session that was killed `afterMs` after its prompt, and one that was active an hour later. */
    function killedLongAgo(afterMs = 0) {
      const storage = join(homeOf('1.1.65/killed'), 'storage')
      const [root = ''] = sessionFilesOf(storage).filter((path) => readJson(path).parentID === undefined)
      const { id, time } = readJson(root) as { id: string; time: { updated: number } }
      const later = time.updated + 3_600_000
      writeFileSync(
        join(dirname(root), 'ses_later.json'),
        JSON.stringify({ ...readJson(root), id: 'ses_later', time: { created: later, updated: later } }),
      )
      const messages = filesOf(join(storage, 'message', id)).map(
        (path) => readJson(path) as { id: string; role: string; time: { completed?: number } },
      )
      const partsOf = (message: { id: string } | undefined) => filesOf(join(storage, 'part', message?.id ?? ''))
      const open = messages.find((m) => m.role === 'assistant' && m.time.completed === undefined)
      const complete = messages.find((m) => m.role === 'user')
      const running = partsOf(open).find((path) => toolIn(path).state?.status === 'running') ?? ''
      const message = join(storage, 'message', id, `${complete?.id}.json`)
      const prompt = readJson(message) as { time: { created: number } }
      writeFileSync(message, JSON.stringify({ ...prompt, time: { created: prompt.time.created - afterMs } }))
      return { storage, running, message, complete: partsOf(complete)[0] ?? '' }
    }

    it('sees where it went on, be it from a part that was running, by one more part or one more message', async () => {
      const { storage, running, complete, message } = killedLongAgo()
      const store = memoryStore()
      const ingester = ingesterOf(store, [storage])
      await ingester.run()
      expect((await ingester.run()).sessionsRead).toBe(0)
      const part = toolIn(running)
      writeFileSync(running, JSON.stringify({ ...part, state: { ...part.state, status: 'error', error: 'Too late' } }))
      expect((await ingester.run()).sessionsRead).toBe(1)
      const more = { ...readJson(complete), id: 'prt_zzz', text: 'And one more.' }
      for (const folder of [dirname(running), dirname(complete)]) {
        writeFileSync(join(folder, 'prt_zzz.json'), JSON.stringify(more))
        expect((await ingester.run()).sessionsRead).toBe(1)
      }
      writeFileSync(join(dirname(message), 'msg_zzz.json'), JSON.stringify({ ...readJson(message), id: 'msg_zzz' }))
      expect((await ingester.run()).sessionsRead).toBe(1)
      expect(store.table()).toEqual(await tableOf([storage]))
      await ingester.close()
    })

    it('sees it in a database, too', async () => {
      const { storage, running, complete } = killedLongAgo(120_000)
      const path = join(scratch(), 'opencode.db')
      const db = createDatabase(path)
      for (const row of rowsOf(storage)) insertRow(db, row)
      const [call, told] = [basename(running, '.json'), basename(complete, '.json')]
      const store = memoryStore()
      const ingester = ingesterOf(store, [path])
      await ingester.run()
      const others = 'message_id, session_id, time_created, time_updated, data'
      const copyPart = (id: string, as: string) =>
        db.prepare(`INSERT INTO part (id, ${others}) SELECT ?, ${others} FROM part WHERE id = ?`).run(as, id)
      const steps = {
        'one more part of its last message': () => copyPart(call, 'prt_yyy'),
        'one more part of a message that was complete before': () => copyPart(told, 'prt_zzz'),
        'a part that went': () => db.prepare("DELETE FROM part WHERE id = 'prt_zzz'").run(),
        'a message that was written to': () =>
          db
            .prepare("UPDATE message SET data = json_set(data, '$.agent', 'other') WHERE id = ?")
            .run(readJson(complete).messageID),
        'a part that was running': () =>
          db
            .prepare(
              "UPDATE part SET data = json_set(data, '$.state.status', 'error', '$.state.error', 'Too late') WHERE id = ?",
            )
            .run(call),
      }
      for (const [what, step] of Object.entries(steps)) {
        expect((await ingester.run()).sessionsRead, `before ${what}`).toBe(0)
        step()
        expect((await ingester.run()).sessionsRead, what).toBe(1)
        expect(store.table(), what).toEqual(await tableOf([path]))
      }
      db.close()
      await ingester.close()
    })

    it('looks at each part of its last minute, and of what was complete before at none', async () => {
      for (const earlierMs of [0, 120_000]) {
        const { storage, complete } = killedLongAgo(earlierMs)
        const ingester = ingesterOf(memoryStore(), [storage])
        await ingester.run()
        touch(complete)
        expect((await ingester.run()).sessionsRead, `${earlierMs} ms earlier`).toBe(earlierMs === 0 ? 1 : 0)
        await ingester.close()
      }
    })
  })

  it('forgets a session that is deleted, and its tree is rebuilt without it', async () => {
    const storage = join(homeOf('1.1.65/nested'), 'storage')
    const store = memoryStore()
    const ingester = ingesterOf(store, [storage])
    await ingester.run()
    for (const file of sessionFilesOf(storage)) {
      rmSync(file)
      const result = await ingester.run()
      expect(result.sessionsRemoved).toBe(1)
      expect(store.table()).toEqual(await tableOf([storage]))
    }
    expect(store.table()).toEqual({ sessions: [], traces: [] })
    await ingester.close()
  })

  it('finds the database that OpenCode makes of its files while it runs', async () => {
    const home = homeOf('1.1.65/nested')
    const store = memoryStore()
    const ingester = ingesterOf(store, [home])
    await ingester.run()
    const db = createDatabase(join(home, 'opencode.db'))
    for (const row of rowsOf(join(home, 'storage'))) insertRow(db, row)
    await ingester.run()
    db.close()
    expect(store.table()).toEqual(await tableOf([home]))
    expect(new Set([...store.sessions.values()].map((s) => s.sourceId.split(':')[0]))).toEqual(
      new Set(['OPENCODE_SQLITE']),
    )
    await ingester.close()
  })

  it('keeps what was read of a source that cannot be read just now, and says so', async () => {
    const file = join(homeOf('1.18.34/nested'), 'opencode.db')
    const store = memoryStore()
    const ingester = ingesterOf(store, [file])
    await ingester.run()
    const table = store.table()
    const kept = join(scratch(), 'kept.db')
    const empty = join(scratch(), 'empty.db')
    cpSync(file, kept)
    const db = createDatabase(empty)
    db.exec('DROP TABLE part')
    db.close()
    cpSync(empty, file)
    const result = await ingester.run()
    expect(store.table()).toEqual(table)
    expect(result.rejected).toMatchObject([{ path: file, reason: 'it has no table part' }])
    cpSync(kept, file)
    expect((await ingester.run()).rejectedCount).toBe(0)
    expect(store.table()).toEqual(table)
    await ingester.close()
  })

  it('tells how far it is, and in the end that it is done', async () => {
    const seen: IngestProgress[] = []
    const ingester = createIngester({
      store: memoryStore(),
      findSources: () => resolveSources([homeOf('1.1.65/nested')]),
      threads: 0,
      onProgress: (progress) => seen.push(progress),
    })
    await ingester.run()
    await ingester.close()
    expect(seen.at(-1)).toMatchObject({ phase: 'done', done: 4, total: 4 })
  })

  it('tells that it is done when it failed, too', async () => {
    const seen: IngestProgress[] = []
    const store = memoryStore()
    const ingester = createIngester({
      store: { ...store, saveTraces: () => Promise.reject(new Error('the disk is full')) },
      findSources: () => resolveSources([homeOf('1.1.65/nested')]),
      threads: 0,
      onProgress: (progress) => seen.push(progress),
    })
    await expect(ingester.run()).rejects.toThrow('the disk is full')
    await ingester.close()
    expect(seen.at(-1)).toMatchObject({ phase: 'done' })
  })
})

// ---------------------------------------------------------------- any order, any number of times

/** The creation order of a file or row, as its id tells. Session ids count down. */
function orderOf(path: string): number {
  const [, kind = '', hex = '0'] = /(ses|msg|prt)_([0-9a-f]{12})/.exec(basename(path)) ?? []
  const value = Number.parseInt(hex, 16)
  return kind === 'ses' ? 2 ** 48 - value : value
}

function touch(path: string): void {
  const later = new Date(Date.now() + 5000)
  utimesSync(path, later, later)
}

describe('a history that arrives bit by bit', () => {
  const files = [
    '0.5.29/twins',
    '0.5.29/killed-then-continued',
    '1.1.65/fork',
    '1.1.65/resume-grandchild',
    '1.1.65/compaction',
    '1.1.65/migrated-legacy',
  ]

  it.each(files)('%s: after every step the table is what a first read gives (files)', async (name) => {
    const from = recording(name).data
    const paths = filesOf(from).sort((a, b) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1))
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
        fc.boolean(),
        async (steps, keepsRunning) => {
          const home = join(scratch(), 'opencode')
          mkdirSync(home)
          const store = memoryStore()
          let ingester = ingesterOf(store, [home])
          for (let at = 0; at < paths.length; ) {
            const step = steps.next().value ?? 1
            for (const path of paths.slice(at, at + step)) {
              const to = join(home, relative(from, path))
              mkdirSync(dirname(to), { recursive: true })
              cpSync(path, to)
            }
            at += step
            if (!keepsRunning) {
              await ingester.close()
              ingester = ingesterOf(store, [home])
            }
            await ingester.run()
            expect(store.table()).toEqual(await tableOf([home]))
          }
          await ingester.close()
          expect(store.table().traces).toEqual((await tableOf([from])).traces)
        },
      ),
      { numRuns: 2 },
    )
  })

  const databases = ['1.1.65/nested', '1.1.65/fork', '1.1.65/killed-parallel', '1.1.65/user-in-child']

  it.each(databases)(
    '%s: after every step the table is what a first read gives (rows, written with a log)',
    async (name) => {
      const rows = rowsOf(join(recording(name).data, 'storage')).sort(
        (a, b) => orderOf(String(a.values[0])) - orderOf(String(b.values[0])),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
          fc.boolean(),
          async (steps, keepsRunning) => {
            const path = join(scratch(), 'opencode.db')
            const db = createDatabase(path)
            for (const row of rows.filter((r) => r.table === 'project')) insertRow(db, row)
            const rest = rows.filter((r) => r.table !== 'project')
            const store = memoryStore()
            let ingester = ingesterOf(store, [path])
            for (let at = 0; at < rest.length; ) {
              const step = steps.next().value ?? 1
              for (const row of rest.slice(at, at + step)) {
                // As OpenCode does: it writes the part when it begins, and again when it is complete.
                if (row.table === 'part')
                  insertRow(db, { ...row, values: [...row.values.slice(0, -1), '{"type":"text","text":""}'] })
              }
              await ingester.run()
              for (const row of rest.slice(at, at + step)) insertRow(db, row)
              at += step
              if (!keepsRunning) {
                await ingester.close()
                ingester = ingesterOf(store, [path])
              }
              await ingester.run()
              expect(store.table()).toEqual(await tableOf([path]))
            }
            await ingester.close()
            db.close()
          },
        ),
        { numRuns: 2 },
      )
    },
  )

  it('in whatever order sessions come, a fork and a resumed stranger find what they belong to', async () => {
    for (const name of ['1.1.65/fork', '1.1.65/resume-grandchild', '1.1.65/resume-next-turn', '1.1.65/deleted']) {
      const from = recording(name).data
      const sessions = sessionFilesOf(join(from, 'storage'))
      const others = filesOf(from).filter((path) => !sessions.includes(path))
      const whole = (await tableOf([from])).traces
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray(sessions, { minLength: sessions.length }), async (order) => {
          const home = join(scratch(), 'opencode')
          const store = memoryStore()
          const put = (path: string) => cpSync(path, join(home, relative(from, path)), { recursive: true })
          for (const path of others) put(path)
          const ingester = ingesterOf(store, [home])
          for (const path of order) {
            put(path)
            await ingester.run()
            expect(store.table()).toEqual(await tableOf([home]))
          }
          await ingester.close()
          expect(store.table().traces).toEqual(whole)
        }),
        { numRuns: 3 },
      )
    }
  })
})
