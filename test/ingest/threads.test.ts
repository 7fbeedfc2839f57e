/** Reading in threads: what is built is compiled, so this needs `npm run build` (which `npm test` does first). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { storesOf } from '../../src/ingest/opencode/discover.ts'
import type { SourceSpec } from '../../src/ingest/source.ts'
import { createDatabase, homeOf, insertRow, scratch, tableOf } from './homes.ts'
import { memoryStore } from './memory-store.ts'

const built = new URL('../../dist/ingest/run.js', import.meta.url)
const load = (): Promise<typeof import('../../src/ingest/run.ts')> => import(built.href)

/** A root whose children are many and whose prompts are long. */
function wideDatabase(children: number): string {
  const path = join(scratch(), 'opencode.db')
  const db = createDatabase(path)
  db.exec('BEGIN')
  const session = (id: string, parent: string | null, at: number) =>
    insertRow(db, { table: 'session', values: [id, 'global', parent, '/d', id, '1', null, at, at, null] })
  const prompt = (i: number) => `${i} ${'long prompt '.repeat(200)}`
  const message = (id: string, sessionId: string, at: number, data: object) =>
    insertRow(db, {
      table: 'message',
      values: [id, sessionId, at, at, JSON.stringify({ time: { created: at, completed: at + 1 }, ...data })],
    })
  const part = (id: string, messageId: string, sessionId: string, at: number, data: object) =>
    insertRow(db, { table: 'part', values: [id, messageId, sessionId, at, at, JSON.stringify(data)] })
  session('ses_root', null, 1000)
  message('msg_root', 'ses_root', 1000, { role: 'user' })
  part('prt_root', 'msg_root', 'ses_root', 1000, { type: 'text', text: 'go' })
  message('msg_answer', 'ses_root', 1001, {
    role: 'assistant',
    parentID: 'msg_root',
    finish: 'tool-calls',
    agent: 'build',
  })
  for (let i = 0; i < children; i++) {
    const [at, child] = [2000 + i, `ses_${i}`]
    session(child, 'ses_root', at)
    part(`prt_${i}`, 'msg_answer', 'ses_root', at, {
      type: 'tool',
      tool: 'task',
      state: {
        status: 'completed',
        input: { subagent_type: 'tester', prompt: prompt(i), description: 'd' },
        metadata: { sessionId: child },
        time: { start: at, end: at + 5 },
      },
    })
    message(`msg_${i}`, child, at, { role: 'user', agent: 'tester' })
    part(`prt_p${i}`, `msg_${i}`, child, at, { type: 'text', text: prompt(i) })
  }
  db.exec('COMMIT')
  db.close()
  return path
}

describe.skipIf(!existsSync(built))('reading in threads', () => {
  it('gives what reading in the main thread gives, and the threads end with it', async () => {
    const { createIngester } = await load()
    for (const name of ['1.18.34/nested', '1.1.65/fork', '0.5.29/twins', '1.2.27/migrated-deleted']) {
      const home = homeOf(name)
      const store = memoryStore()
      const ingester = createIngester({ store, findSources: () => storesOf(home) })
      const first = await ingester.run()
      const again = await ingester.run()
      await ingester.close()
      expect([first.sessionsRead > 0, again.sessionsRead]).toEqual([true, 0])
      expect(store.table(), name).toEqual(await tableOf([home]))
    }
  })

  it('brings a tree of any size over in pieces', async () => {
    const { createIngester } = await load()
    const path = wideDatabase(600)
    const store = memoryStore()
    const spec: SourceSpec = {
      ref: { id: `OPENCODE_SQLITE:${path}`, kind: 'OPENCODE_SQLITE', path },
      home: path,
      layer: 0,
    }
    const ingester = createIngester({ store, findSources: () => [spec], threads: 2 })
    await ingester.run()
    await ingester.close()
    expect(store.traces.size).toBe(601)
    expect(store.table()).toEqual(await tableOf([path]))
  })
})
