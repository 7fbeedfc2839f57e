import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { makeForest, START_MS } from '../forest.ts'

const STALE_AFTER_MS = 600_000

describe('what runs', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    const forest = makeForest([
      {
        id: 'a',
        turns: [
          {
            agent: 'x',
            with: { status: 'RUNNING', endedMs: null, lastActivityMs: START_MS },
            calls: [
              { agent: 'y', with: { status: 'RUNNING', endedMs: null, lastActivityMs: START_MS } },
              { agent: 'z' },
            ],
          },
        ],
      },
      { id: 'b', turns: [{ agent: 'x', with: { status: 'ABORTED' } }] },
    ])
    // The latest activity of the tree is in neither of the running traces.
    forest.sessions = forest.sessions.map((session) =>
      session.rootId === 'ses_a'
        ? {
            ...session,
            running: session.id !== 'ses_a_3',
            lastActivityMs: session.id === 'ses_a' ? START_MS + 60_000 : START_MS,
          }
        : session,
    )
    await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  })
  afterAll(() => store.close())

  const at = (ms: number) => ({ nowMs: START_MS + 60_000 + ms, staleAfterMs: STALE_AFTER_MS })

  async function statusesAt(ms: number) {
    const [traces = []] = await store.getTraceTree(['ses_a'], ['status'], at(ms))
    const sessions = await store.getSessions(['ses_a', 'ses_a_2', 'ses_a_3', 'ses_b'], at(ms))
    return {
      traces: traces.map((trace) => trace.status),
      sessions: sessions.map((session) => session?.status),
      running: await store.countTraces({ status: ['RUNNING'] }, at(ms)),
      interrupted: await store.countTraces({ status: ['INTERRUPTED'] }, at(ms)),
      either: await store.countTraces({ status: ['RUNNING', 'INTERRUPTED'] }, at(ms)),
      runningSessions: await store.countSessions({ status: ['RUNNING'], rootsOnly: false }, at(ms)),
    }
  }

  it('runs as long as anything in its tree was written a short while ago', async () => {
    expect(await statusesAt(STALE_AFTER_MS - 1)).toEqual({
      traces: ['RUNNING', 'RUNNING', 'COMPLETED'],
      sessions: ['RUNNING', 'RUNNING', 'COMPLETED', 'ABORTED'],
      running: 2,
      interrupted: 0,
      either: 2,
      runningSessions: 2,
    })
  })

  it('is interrupted once its whole tree has been silent for that long', async () => {
    expect(await statusesAt(STALE_AFTER_MS)).toEqual({
      traces: ['INTERRUPTED', 'INTERRUPTED', 'COMPLETED'],
      sessions: ['INTERRUPTED', 'INTERRUPTED', 'COMPLETED', 'ABORTED'],
      running: 0,
      interrupted: 2,
      either: 2,
      runningSessions: 0,
    })
  })

  it('runs again when something is written, in questions that were asked before as well', async () => {
    const later = await openStore({ path: ':memory:' })
    try {
      const rule = { nowMs: START_MS + 3_600_000, staleAfterMs: STALE_AFTER_MS }
      const forest = makeForest([{ id: 'a', turns: [{ agent: 'x' }] }])
      const ask = async () => ({
        count: await later.countTraces({ status: ['RUNNING'] }, rule),
        status: (await later.getTraceTree(['ses_a'], ['status'], rule))[0]?.map((row) => row.status),
      })
      const save = () => later.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
      expect(await ask()).toEqual({ count: 0, status: [] })
      await save()
      expect(await ask()).toEqual({ count: 0, status: ['COMPLETED'] })
      expect(await ask()).toEqual({ count: 0, status: ['COMPLETED'] })
      // A plan that was made while no row was RUNNING must not be used any longer.
      for (const trace of forest.traces) trace.status = 'RUNNING'
      for (const session of forest.sessions) Object.assign(session, { running: true, lastActivityMs: rule.nowMs - 1 })
      await save()
      expect(await ask()).toEqual({ count: 1, status: ['RUNNING'] })
    } finally {
      await later.close()
    }
  })
})
