import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Forest, Session, Trace } from '../../src/records.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { KEY_COLUMNS, type SaveBatch, type TraceColumn } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { chain, makeForest } from '../forest.ts'
import { empty } from './empty.ts'
import { forests, joined, NOW_MS, STALE_AFTER_MS, treeOf } from './forest.ts'
import { sessionStatus, traceStatus } from './oracle.ts'

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

const ALL_COLUMNS = [
  ...KEY_COLUMNS,
  'kind',
  'agent',
  'description',
  'callerSessionId',
  'parentAgent',
  'status',
  'error',
  'promptInput',
  'promptOutput',
  'startedMs',
  'endedMs',
  'lastActivityMs',
  'offsetMs',
  'durationMs',
  'waitMs',
  'activeMs',
  'own',
  'total',
  'models',
  'toolsUsed',
  'toolCalls',
  'ord',
  'childCount',
  'followBeforeMs',
  'followBeforeId',
  'linkInferred',
  'orphan',
  'copied',
  'reverted',
  'background',
  'clockSkewed',
] as const satisfies TraceColumn[]

const batchOf = (...trees: Forest[]): SaveBatch => ({ forests: trees, stamps: [], links: [], removedSessionIds: [] })

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)

/** Everything in the store, as the builder's records plus what the reader adds. */
async function contentOf(store: Store): Promise<{ traces: unknown[]; sessions: unknown[] }> {
  const traces = await store.getTracesByDateRange({}, ALL_COLUMNS, rule)
  const page = await store.pageSessions(
    { rootsOnly: false },
    { field: 'STARTED_AT', direction: 'ASC' },
    { first: 100_000 },
    rule,
  )
  return { traces: traces.sort(byId), sessions: page.items.map(({ node }) => node).sort(byId) }
}

/** What the store must contain after these trees were saved. */
const expectedOf = (history: Forest): { traces: unknown[]; sessions: unknown[] } => ({
  traces: history.traces.map((trace) => ({ ...trace, status: traceStatus(trace, history, rule) })).sort(byId),
  sessions: history.sessions
    .map((session) => ({ ...session, status: sessionStatus(session, history, rule) }))
    .sort(byId),
})

describe('saveTraces', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:', threads: 1 })
  })
  beforeEach(() => empty(store))
  afterAll(() => store.close())

  it('keeps every value of every trace and session, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(forests(4, 10), async (trees) => {
        await empty(store)
        await store.saveTraces(batchOf(...trees))
        expect(await contentOf(store)).toEqual(expectedOf(joined(trees)))
      }),
      { numRuns: cases(25), endOnFailure: true },
    )
  })

  it('comes to the same table in any order, split into any batches, with repetitions and later states', async () => {
    const steps = fc.array(
      fc.record({
        trees: fc.array(
          fc.constantFrom('a', 'b', 'c').chain((name) => treeOf(name, 6)),
          { maxLength: 3 },
        ),
        removed: fc.subarray(['a', 'b', 'c'], { maxLength: 1 }),
      }),
      { maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (batches) => {
        await empty(store)
        let state = new Map<string, Forest>()
        for (const { trees, removed } of batches) {
          const before = joined([...state.values()])
          const next = new Map(state)
          for (const name of removed) next.delete(`ses_${name}`)
          for (const tree of trees) next.set(tree.sessionIds[0] ?? '', tree)
          const change = await store.saveTraces({
            forests: trees,
            stamps: [],
            links: [],
            removedSessionIds: removed.map((name) => `ses_${name}`),
          })
          const after = joined([...next.values()])
          expect(await contentOf(store)).toEqual(expectedOf(after))
          expect(differences(before, after)).toEqual({
            sessionIds: [...change.sessionIds].sort(),
            traceIds: [...change.traceIds].sort(),
            removedTraceIds: [...change.removedTraceIds].sort(),
            removedSessionIds: [...change.removedSessionIds].sort(),
            rootOf: change.rootOf,
            movedFrom: change.movedFrom,
          })
          state = next
        }
      }),
      { numRuns: cases(25), endOnFailure: true },
    )
  })

  it('says nothing and writes nothing when all is as it was', async () => {
    const tree = makeForest([{ id: 'a', turns: [chain(4)] }])
    await store.saveTraces(batchOf(tree))
    const before = await createdAt(store)
    expect(await store.saveTraces(batchOf(structuredClone(tree)))).toEqual({
      sessionIds: [],
      traceIds: [],
      removedTraceIds: [],
      removedSessionIds: [],
      rootOf: new Map(),
      movedFrom: new Map(),
    })
    expect(await createdAt(store)).toEqual(before)
  })

  it('keeps when a trace was first written, when it changes', async () => {
    const tree = makeForest([{ id: 'a', turns: [chain(2)] }])
    await store.saveTraces(batchOf(tree))
    const before = await createdAt(store)
    for (const trace of tree.traces) trace.promptOutput = 'another answer'
    expect((await store.saveTraces(batchOf(tree))).traceIds).toHaveLength(2)
    expect(await createdAt(store)).toEqual(before)
  })

  it('takes a trace and a session over from a tree that the batch does not name', async () => {
    const apart = makeForest([{ id: 'b', turns: [{ agent: 'x' }] }])
    await store.saveTraces(batchOf(apart))
    const tree = makeForest([{ id: 'a', turns: [{ agent: 'y' }] }])
    const [moved] = apart.traces
    const [session] = apart.sessions
    if (moved === undefined || session === undefined) throw new Error('the sample has a trace and a session')
    const stray: Trace = { ...moved, rootSessionId: 'ses_a', lft: 3, rgt: 4, ord: 1 }
    const its: Session = { ...session, rootId: 'ses_a', parentId: 'ses_a' }
    const change = await store.saveTraces(
      batchOf({ sessionIds: ['ses_a'], sessions: [...tree.sessions, its], traces: [...tree.traces, stray] }),
    )
    expect([...change.sessionIds].sort()).toEqual(['ses_a', 'ses_b'])
    expect(change.removedTraceIds).toEqual([])
    expect(change.movedFrom).toEqual(new Map([moved.id, session.id].map((id) => [id, 'ses_b'])))
    const [rows = []] = await store.getTraceTree(['ses_a'], [], rule)
    expect(rows.map((row) => row.id)).toEqual([tree.traces[0]?.id, moved.id])
    expect(await store.countAll()).toEqual({ sessions: 2, traces: 2 })
  })

  it('replaces a character that no database keeps, half of a surrogate pair, in texts and lists alike', async () => {
    const tree = makeForest([
      {
        id: 'a',
        turns: [{ agent: 'x', with: { promptInput: 'a\ud800b', toolsUsed: ['\udc00', '\\ud800', '\u{1f600}'] } }],
      },
    ])
    const call = tree.traces[0]?.toolCalls[0]
    if (call !== undefined) call.title = 'x\ud83d'
    await store.saveTraces(batchOf(tree))
    const [row] = await store.getTraceDetails(
      [tree.traces[0]?.id ?? ''],
      ['promptInput', 'toolsUsed', 'toolCalls'],
      rule,
    )
    expect(row?.promptInput).toBe('a\ufffdb')
    expect(row?.toolsUsed).toEqual(['\ufffd', '\\ud800', '\u{1f600}'])
    expect(row?.toolCalls?.[0]?.title).toBe('x\ufffd')
    expect((await store.saveTraces(batchOf(structuredClone(tree)))).traceIds).toEqual([])
  })

  it('fails as a whole: nothing of a batch with a value that the table refuses is there', async () => {
    await store.saveTraces(batchOf(makeForest([{ id: 'a', turns: [{ agent: 'x' }] }])))
    const good = makeForest([{ id: 'b', turns: [{ agent: 'x' }] }])
    const bad = makeForest([{ id: 'c', turns: [{ agent: 'x', with: { depth: 2 ** 40 } }] }])
    await expect(store.saveTraces(batchOf(good, bad))).rejects.toThrow()
    expect(await store.countAll()).toEqual({ sessions: 1, traces: 1 })
    await store.saveTraces(batchOf(good))
    expect(await store.countAll()).toEqual({ sessions: 2, traces: 2 })
  })

  it('takes the next batch, however long, where the very first one was refused', async () => {
    const fresh = await openStore({ path: ':memory:', threads: 1 })
    const good = makeForest([{ id: 'b', turns: [chain(20)] }])
    const bad = makeForest([{ id: 'c', turns: [chain(20), { agent: 'x', with: { depth: 2 ** 40 } }] }])
    await expect(fresh.saveTraces(batchOf(bad))).rejects.toThrow()
    await fresh.saveTraces(batchOf(good))
    await expect(fresh.saveTraces(batchOf(bad))).rejects.toThrow()
    await fresh.saveTraces(batchOf(makeForest([{ id: 'd', turns: [chain(20)] }])))
    expect(await fresh.countAll()).toEqual({ sessions: 40, traces: 40 })
    await fresh.close()
  })

  it('takes what is saved at the same moment one after the other', async () => {
    const trees = Array.from({ length: 12 }, (_, i) => makeForest([{ id: `s${i}`, turns: [chain(3)] }]))
    const changes = await Promise.all(trees.map((tree) => store.saveTraces(batchOf(tree))))
    expect(changes.map((change) => change.sessionIds)).toEqual(trees.map((_, i) => [`ses_s${i}`]))
    expect(await store.countAll()).toEqual({ sessions: 36, traces: 36 })
  })

  it('lets a reading that began earlier finish on what it began with', async () => {
    const tree = makeForest([{ id: 'a', turns: [chain(30)] }])
    await store.saveTraces(batchOf(tree))
    const readings: Promise<number>[] = []
    for (let turn = 0; turn < 10; turn++) {
      readings.push(store.getTraceTree(['ses_a'], ['promptInput'], rule).then(([rows = []]) => rows.length))
      for (const trace of tree.traces) trace.promptInput = `turn ${turn}`
      await store.saveTraces(batchOf(tree))
    }
    expect(await Promise.all(readings)).toEqual(Array.from({ length: 10 }, () => 30))
  })
})

describe('what a source remembers', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: ':memory:', threads: 1 })
  })
  beforeEach(() => empty(store))
  afterAll(() => store.close())

  const stamp = (sessionId: string, sourceId: string, value: string) => ({
    sessionId,
    sourceId,
    parentId: null,
    stamp: value,
    unsettled: false,
  })

  it('is the last stamp of each session, whichever source it was read from, and goes with the session', async () => {
    const save = (batch: Partial<SaveBatch>) => store.saveTraces({ ...batchOf(), ...batch })
    await save({ stamps: [stamp('a', 'one', '1'), stamp('b', 'one', '2'), stamp('c', 'two', '3')] })
    await save({ stamps: [stamp('a', 'one', '4'), stamp('a', 'two', '5')] })
    const sorted = async (source: string) =>
      (await store.loadStamps(source)).sort((x, y) => (x.sessionId < y.sessionId ? -1 : 1))
    expect(await sorted('one')).toEqual([stamp('b', 'one', '2')])
    expect(await sorted('two')).toEqual([stamp('a', 'two', '5'), stamp('c', 'two', '3')])
    await save({ removedSessionIds: ['a'] })
    expect(await sorted('one')).toEqual([stamp('b', 'one', '2')])
    expect(await sorted('two')).toEqual([stamp('c', 'two', '3')])
  })

  it('has each link once, until the session that it comes from is gone', async () => {
    const link = (fromSessionId: string, toSessionId: string) => ({ fromSessionId, toSessionId })
    await store.saveTraces({ ...batchOf(), links: [link('a', 'b'), link('a', 'b'), link('c', 'a')] })
    await store.saveTraces({ ...batchOf(), links: [link('a', 'b'), link('b', 'a')] })
    const pairs = async () => (await store.loadLinks()).map((l) => `${l.fromSessionId} ${l.toSessionId}`).sort()
    expect(await pairs()).toEqual(['a b', 'b a', 'c a'])
    await store.saveTraces({ ...batchOf(), removedSessionIds: ['a'] })
    expect(await pairs()).toEqual(['b a', 'c a'])
  })

  it('gives back sources and rejections as they were saved, and no older ones', async () => {
    const state = {
      source: { id: 'OPENCODE_JSON:/data', kind: 'OPENCODE_JSON' as const, path: '/data' },
      fingerprint: null,
      sessions: 3,
      files: 12,
      bytes: 2 ** 41,
      readAtMs: NOW_MS + 1,
    }
    const rejection = { sourceId: state.source.id, path: "/data/it's\0.json", reason: 'not JSON', atMs: NOW_MS }
    await store.saveSources({ states: [{ ...state, files: 1 }], rejections: [rejection, rejection] })
    await store.saveSources({ states: [state], rejections: [rejection] })
    expect(await store.loadSources()).toEqual([state])
    expect(await store.loadRejections()).toEqual([rejection])
    expect(await store.getSources()).toEqual([state.source])
    const later = { ...state, sessions: 4 }
    await store.saveTraces({ ...batchOf(), sources: { states: [later], rejections: null } })
    expect(await store.loadSources()).toEqual([later])
    expect(await store.loadRejections()).toEqual([rejection])
    await store.saveSources({ states: [], rejections: [] })
    expect(await store.loadSources()).toEqual([])
    expect(await store.loadRejections()).toEqual([])
  })
})

async function createdAt(store: Store): Promise<unknown[]> {
  return store.database.select(
    { sql: 'SELECT trace_id, epoch_us(created_at) FROM agent_traces ORDER BY trace_id', values: [] },
    ([ids = [], created = []]) => ids.map((id, i) => [id, created[i]]),
  )
}

/** The expected changes, found by comparing all records. */
function differences(before: Forest, after: Forest) {
  const project = (forest: Forest, trace: Trace) =>
    forest.sessions.find((session) => session.id === trace.sessionId)?.project ??
    forest.sessions.find((session) => session.id === trace.rootSessionId)?.project ??
    null
  const traces = (forest: Forest) =>
    new Map(
      forest.traces.map((trace) => [
        trace.id,
        { root: trace.rootSessionId, text: text([trace, project(forest, trace)]) },
      ]),
    )
  const sessions = (forest: Forest) =>
    new Map(forest.sessions.map((session) => [session.id, { root: session.rootId, text: text(session) }]))
  const roots = new Set<string>()
  const written: string[] = []
  const removed: string[] = []
  const removedSessions: string[] = []
  const rootOf = new Map<string, string>()
  const movedFrom = new Map<string, string>()
  for (const [isTrace, old, now] of [
    [true, traces(before), traces(after)],
    [false, sessions(before), sessions(after)],
  ] as const) {
    for (const [id, { root, text }] of now) {
      const was = old.get(id)
      if (was?.text === text) continue
      if (was !== undefined && was.root !== root) movedFrom.set(id, was.root)
      roots.add(root)
      rootOf.set(id, root)
      if (isTrace) written.push(id)
    }
    for (const [id, { root }] of old) {
      if (now.has(id)) continue
      roots.add(root)
      rootOf.set(id, root)
      if (isTrace) removed.push(id)
      else removedSessions.push(id)
    }
  }
  return {
    sessionIds: [...roots].sort(),
    traceIds: written.sort(),
    removedTraceIds: removed.sort(),
    removedSessionIds: removedSessions.sort(),
    rootOf,
    movedFrom,
  }
}

/** JSON with sorted keys. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
