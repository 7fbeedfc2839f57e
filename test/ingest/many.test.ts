/** Tests very many sessions in one family, and very many unreadable files. */
import { describe, expect, it } from 'vitest'
import { emptyMemory } from '../../src/ingest/memory.ts'
import { rejections } from '../../src/ingest/report.ts'
import { createSaver } from '../../src/ingest/saver.ts'
import type { Known } from '../../src/ingest/stamp.ts'
import type { StoredRejection } from '../../src/store/store.ts'
import { memoryStore } from './memory-store.ts'

/** More than a function call takes arguments. */
const MANY = 200_000
const ids = Array.from({ length: MANY }, (_, i) => `ses_${i}`)

const knownOf = (id: string): Known => ({
  sourceId: 'a',
  listed: { id, parentId: null, createdMs: 1, updatedMs: 1, mark: '', place: '' },
  signature: null,
  firstMs: null,
  copiedFromMs: null,
  lastActivityMs: 1,
  running: false,
  senseless: false,
  unsettled: false,
  files: 1,
  bytes: 1,
  problems: [],
  problemCount: 0,
  seenAtMs: 1,
  version: 1,
})

describe('hundreds of thousands', () => {
  it('of sessions of one family are saved, and forgotten, at once', async () => {
    const [store, memory] = [memoryStore(), emptyMemory()]
    const saver = createSaver(store, memory, undefined)
    saver.add({ known: ids.map(knownOf), links: ids.map((id) => ({ fromSessionId: id, toSessionId: 'ses_0' })) })
    await saver.end(null)
    expect([memory.known.size, store.stamps.size, store.links.length]).toEqual([MANY, MANY, MANY])
    const again = createSaver(store, memory, undefined)
    again.add({ removed: ids })
    await again.end(null)
    expect([memory.known.size, store.stamps.size]).toEqual([0, 0])
  })

  it('of files that cannot be read are counted, and the first of them named', () => {
    const memory = emptyMemory()
    memory.loaded.add('a')
    const rejection = (path: string): StoredRejection => ({ sourceId: 'a', path, reason: 'EACCES', atMs: 1 })
    memory.problems.set('a', new Map(ids.map((id) => [id, rejection(id)])))
    const { rejected, rejectedCount } = rejections(memory)
    expect([rejected.length, rejectedCount]).toEqual([10_000, MANY])
  })
})
