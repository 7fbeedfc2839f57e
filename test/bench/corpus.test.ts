import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { heavy } from '../../bench/corpus/plan.ts'
import type { Five, Sink } from '../../bench/corpus/sinks.ts'
import { writeCorpus, writeHistory } from '../../bench/corpus.ts'
import { openReadOnly } from '../../bench/read-only.ts'

const size = { ...heavy(0.02), sessions: 150, width: 25, depth: 12, text: 0.02 }

describe('the generated history', () => {
  const out = mkdtempSync(join(tmpdir(), 'delegraph-corpus-'))
  const truth = writeCorpus(out, { seed: 13, size, layouts: ['files', 'database'] })
  const traces = Object.entries(truth.traces)
  afterAll(() => rmSync(out, { recursive: true }))

  it('is the same for the same seed, and another for another', () => {
    const replay = (seed: number) => {
      const seen: unknown[] = []
      const note = (record: unknown) => void seen.push(JSON.stringify(record))
      const sink: Sink = {
        project: note,
        session: note,
        message: note,
        part: note,
        close: () => ({ files: 0, bytes: 0 }),
      }
      writeHistory([sink], { seed, size: { ...size, sessions: 50 } })
      return seen.join('\n')
    }
    const once = replay(13)
    expect(replay(13) === once).toBe(true)
    expect(replay(14) === once).toBe(false)
  })

  it('holds the same sessions, messages and parts in both layouts', () => {
    const storage = join(out, 'files/opencode/storage')
    const db = openReadOnly(join(out, 'database/opencode/opencode.db'))
    for (const table of ['session', 'message', 'part']) {
      const inFiles = readdirSync(join(storage, table)).flatMap((directory) =>
        readdirSync(join(storage, table, directory)),
      )
      const inTable = db.prepare(`SELECT id FROM ${table}`).all() as { id: string }[]
      expect(inFiles.map((name) => name.replace('.json', '')).sort()).toEqual(inTable.map((row) => row.id).sort())
    }
    db.close()
  })

  it('has every way a delegation can go', () => {
    const delegations = traces.filter(([, trace]) => trace.kind === 'DELEGATION').map(([, trace]) => trace)
    expect([...new Set(delegations.map((trace) => trace.status))].sort()).toEqual([
      'ABORTED',
      'COMPLETED',
      'ERROR',
      'INTERRUPTED',
    ])
    expect(delegations.some((trace) => trace.session === null)).toBe(true)
    expect(Math.max(...delegations.map((trace) => trace.depth))).toBe(12)
    const resumed = delegations.length - new Set(delegations.flatMap((trace) => trace.session ?? [])).size
    expect(resumed).toBeGreaterThan(delegations.filter((trace) => trace.session === null).length)
  })

  it('counts each token once: what every trace spent itself makes the total of the roots, and of the sessions', () => {
    const sum = (lists: Five[]) => lists.reduce((a, b) => a.map((n, i) => n + (b[i] ?? 0)) as Five, [0, 0, 0, 0, 0])
    const own = sum(traces.map(([, trace]) => trace.own))
    expect(sum(traces.filter(([, trace]) => !trace.parent).map(([, trace]) => trace.total))).toEqual(own)
    expect(sum(Object.values(truth.sessions).map((session) => session.own))).toEqual(own)
    expect(truth.tokens).toEqual(own)
  })
})
