/** Tests that sources may vanish, files may grow and clocks may jump while delegraph reads. */
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { createDatabase, filesOf, homeOf, ingestOnce, insertRow, readJson, scratch, tableOf } from './homes.ts'
import { memoryStore } from './memory-store.ts'

describe('a source', () => {
  it.each(['1.1.65/nested', '1.18.34/nested'])(
    'that vanishes while it is read (%s) stops nothing, and is there again when it is',
    async (name) => {
      const home = homeOf(name)
      const whole = await tableOf([home])
      const kept = join(scratch(), 'kept')
      cpSync(home, kept, { recursive: true })
      const store = memoryStore()
      const specs = resolveSources([home])
      // Remove it between finding and listing, then between listing and reading.
      for (const phase of ['looking', 'reading']) {
        const ingester = createIngester({
          store,
          findSources: () => specs,
          threads: 0,
          onProgress: (progress) => {
            if (progress.phase === phase || phase === 'looking') rmSync(home, { recursive: true, force: true })
          },
        })
        await ingester.run().catch(() => {})
        await ingester.close()
        cpSync(kept, home, { recursive: true, preserveTimestamps: true })
      }
      await ingestOnce(store, [home])
      expect(store.table()).toEqual(whole)
    },
  )

  it('whose files grow between two looks at them is whole when they are', async () => {
    const home = homeOf('1.1.65/nested')
    const whole = await tableOf([home])
    const files = filesOf(join(home, 'storage/part')).sort()
    const store = memoryStore()
    const growing = files.filter((_, i) => i % 3 === 0)
    const contents = growing.map((path) => readFileSync(path))
    for (const [i, path] of growing.entries()) truncateSync(path, Math.floor((contents[i]?.length ?? 0) / 2))
    await ingestOnce(store, [home])
    // Before each run, the next file grows to its full size.
    let next = 0
    const ingester = createIngester({
      store,
      findSources: () => {
        const [path, content] = [growing[next], contents[next]]
        if (path !== undefined && content !== undefined)
          appendFileSync(path, content.subarray(Math.floor(content.length / 2)))
        next += 1
        return resolveSources([home])
      },
      threads: 0,
    })
    while (next <= growing.length) await ingester.run()
    await ingester.close()
    expect(store.table()).toEqual(whole)
  })
})

describe('a clock that jumps', () => {
  it.each([-365, -1, 1, 365 * 20])('by %i days hides nothing that changes afterwards', async (days) => {
    const home = homeOf('1.1.65/nested')
    const store = memoryStore()
    let nowMs = Date.now()
    const ingester = createIngester({ store, findSources: () => resolveSources([home]), threads: 0, now: () => nowMs })
    await ingester.run()
    nowMs += days * 24 * 60 * 60 * 1000
    await ingester.run()
    const [session = ''] = filesOf(join(home, 'storage/session'))
    const renamed = { ...readJson(session), title: 'After the jump' }
    writeFileSync(session, JSON.stringify(renamed))
    const result = await ingester.run()
    await ingester.close()
    expect(result.finishedAtMs).toBeGreaterThanOrEqual(result.startedAtMs)
    expect(store.table()).toEqual(await tableOf([home]))
    expect(store.table().sessions.map(({ title }) => title)).toContain('After the jump')
  })
})

describe('JSON of ten thousand levels', () => {
  const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`

  it('in a file costs that file at most', async () => {
    const home = homeOf('1.1.65/simple')
    const whole = await tableOf([home])
    const [message = ''] = readdirSync(join(home, 'storage/part'))
    const part = join(home, 'storage/part', message, 'prt_deep.json')
    writeFileSync(
      part,
      `{"id":"prt_deep","messageID":"${message}","type":"tool","tool":"x","callID":"c","state":{"status":"completed","input":${deep},"time":{"start":1,"end":2}}}`,
    )
    const store = memoryStore()
    const { rejected } = await ingestOnce(store, [home])
    expect(store.table().sessions.length).toBe(whole.sessions.length)
    expect(store.table().traces.map(({ promptInput }) => promptInput)).toEqual(
      whole.traces.map(({ promptInput }) => promptInput),
    )
    for (const { path } of rejected) expect(path).toBe(part)
  })

  it('in a row costs that row at most; ids that look like ways stay ids', async () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const id = '../../../etc/passwd'
    insertRow(db, { table: 'session', values: [id, 'global', null, '/d', 'up\u001b[2J', '1', null, 1, 20, null] })
    insertRow(db, { table: 'message', values: ['__proto__', id, 10, 10, '{"role":"user","time":{"created":10}}'] })
    insertRow(db, { table: 'part', values: ['prt_1', '__proto__', id, 10, 10, '{"type":"text","text":"hello"}'] })
    insertRow(db, {
      table: 'part',
      values: ['prt_2', '__proto__', id, 10, 10, `{"type":"text","text":"x","metadata":${deep}}`],
    })
    db.close()
    const store = memoryStore()
    await ingestOnce(store, [path])
    expect(store.table().sessions.map((session) => [session.id, session.title])).toEqual([[id, 'up\u001b[2J']])
    expect(store.table().traces.map((trace) => [trace.id, trace.promptInput.startsWith('hello')])).toEqual([
      ['__proto__', true],
    ])
    expect(Object.prototype).not.toHaveProperty('role')
  })
})
