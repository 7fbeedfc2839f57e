import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Forest, Session, Trace } from '../../src/records.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import {
  SESSIONS_WITH_TRACES,
  TRACE_DETAILS,
  TRACE_TREE,
  TRACES_BY_AGENT,
  TRACES_BY_DATE_RANGE,
  TRACES_BY_SESSION,
} from '../../src/store/duckdb/queries.ts'
import type { SqlValue } from '../../src/store/duckdb/statement.ts'
import type { Page, PageArgs, SessionFilter, TraceFilter, TraceRow, TreeScope } from '../../src/store/store.ts'
import { type Called, chain, makeForest, START_MS } from '../forest.ts'

const rule = { nowMs: START_MS + 86_400_000, staleAfterMs: 600_000 }

const SAMPLE = makeForest([
  {
    id: 'a',
    turns: [
      { agent: 'coordinateur', calls: [{ agent: 'executeur', calls: [{ agent: 'tester' }] }, { agent: 'executeur' }] },
      { agent: 'coordinateur' },
    ],
  },
  { id: 'b', turns: [chain(5)] },
])
const [ROOT] = SAMPLE.sessions
if (ROOT === undefined) throw new Error('the sample has a session')
const EMPTY: Session = {
  ...ROOT,
  id: 'ses_empty',
  rootId: 'ses_empty',
  traceCount: 0,
  agents: [],
  startedMs: START_MS + 1e9,
}
SAMPLE.sessions.push(EMPTY)
SAMPLE.sessionIds.push(EMPTY.id)

const idsOf = (rows: readonly { id: string }[]) => rows.map((row) => row.id)
const inTree = (root: string) => SAMPLE.traces.filter((trace) => trace.rootSessionId === root)
const byStart = (traces: readonly Trace[]) =>
  [...traces].sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))

describe('the store, asked by key', () => {
  let store: Store
  const statements: string[] = []
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    await store.saveTraces({ forests: [SAMPLE], stamps: [], links: [], removedSessionIds: [] })
    store.onStatement((sql) => statements.push(sql))
  })
  afterAll(() => store.close())

  /** The result of a query, and the number of statements that it took. */
  async function counted<T>(ask: () => Promise<T>): Promise<[T, number]> {
    statements.length = 0
    const answer = await ask()
    return [answer, statements.length]
  }

  it('gives whole trees depth first, in the order of the keys, with one statement', async () => {
    const keys = ['ses_b', 'nowhere', 'ses_a', 'ses_b']
    const [trees, statementCount] = await counted(() => store.getTraceTree(keys, [], rule))
    expect(trees.map(idsOf)).toEqual(keys.map((key) => idsOf(inTree(key))))
    expect(statementCount).toBe(1)
  })

  it('gives the columns that were asked for and those that place the row, and no others', async () => {
    const [[row] = []] = await store.getTraceTree(['ses_a'], ['agent'], rule)
    const given = Object.entries(row ?? {}).flatMap(([name, value]) => (value === undefined ? [] : name))
    expect(given.sort()).toEqual(
      ['agent', 'depth', 'id', 'lft', 'parentId', 'rgt', 'rootSessionId', 'sessionId'].sort(),
    )
  })

  it('reads no prompt that was not asked for', async () => {
    await counted(() => store.getTraceTree(['ses_a'], ['agent', 'status', 'own', 'total'], rule))
    expect(statements.join()).not.toMatch(/prompt|tool_calls/)
  })

  it('gives the traces that ran in a session by start', async () => {
    const [[ran = [], none, inChild = []], statementCount] = await counted(() =>
      store.getTracesBySession(['ses_a', '', 'ses_a_3'], [], rule),
    )
    expect(idsOf(ran)).toEqual(idsOf(byStart(SAMPLE.traces.filter((trace) => trace.sessionId === 'ses_a'))))
    expect(none).toEqual([])
    expect(idsOf(inChild)).toEqual(['prt_a_3'])
    expect(statementCount).toBe(1)
  })

  it('gives traces by date, from the first moment and up to but without the last', async () => {
    const sorted = byStart(SAMPLE.traces)
    const [from, to] = [sorted[2]?.startedMs ?? 0, sorted[6]?.startedMs ?? 0]
    expect(idsOf(await store.getTracesByDateRange({ fromMs: from, toMs: to }, [], rule))).toEqual(
      idsOf(sorted.filter((trace) => from <= trace.startedMs && trace.startedMs < to)),
    )
    expect(idsOf(await store.getTracesByDateRange({}, [], rule))).toEqual(idsOf(sorted))
  })

  it('gives traces by agent, whose name is taken exactly', async () => {
    const answers = await store.getTracesByAgent(['executeur', 'Executeur', 'digger'], [], rule)
    expect(answers.map(idsOf)).toEqual(
      ['executeur', 'Executeur', 'digger'].map((agent) =>
        idsOf(byStart(SAMPLE.traces.filter((trace) => trace.agent === agent))),
      ),
    )
  })

  it('gives one trace an id, and null where there is none', async () => {
    const [answers, statementCount] = await counted(() =>
      store.getTraceDetails(['prt_b_3', 'nowhere', 'msg_a_1', 'prt_b_3'], ['promptInput'], rule),
    )
    expect(answers.map((row) => row?.id ?? null)).toEqual(['prt_b_3', null, 'msg_a_1', 'prt_b_3'])
    expect(answers[0]?.promptInput).toBe('Prompt 3 of b:\n\n  do it.')
    expect(statementCount).toBe(1)
    expect(await store.getTraceDetails([], [], rule)).toEqual([])
  })

  it('gives the latest sessions that have traces, with the roots among those, in two statements', async () => {
    const [found, statementCount] = await counted(() => store.getSessionsWithTraces(1000, ['agent'], rule))
    expect(found.map(({ session }) => session.id).filter((id) => !id.includes('_', 4))).toEqual(['ses_b', 'ses_a'])
    const a = found.find(({ session }) => session.id === 'ses_a')
    expect(a?.rootTraces.map((trace) => trace.agent)).toEqual(['coordinateur', 'coordinateur'])
    expect(statementCount).toBe(2)
    expect(await store.getSessionsWithTraces(1, [], rule)).toHaveLength(1)
  })

  it('gives children, ancestors and descendants of many traces, each with one statement', async () => {
    const some = SAMPLE.traces
    const [children, one] = await counted(() => store.getChildren(idsOf(some), [], rule))
    expect(children.map(idsOf)).toEqual(
      some.map((trace) => idsOf(byStart(SAMPLE.traces.filter((other) => other.parentId === trace.id)))),
    )
    const [ancestors, two] = await counted(() => store.getAncestors(some, [], rule))
    expect(ancestors.map(idsOf)).toEqual(
      some.map((trace) => idsOf(inTree(trace.rootSessionId).filter((o) => o.lft < trace.lft && trace.rgt < o.rgt))),
    )
    const [descendants, three] = await counted(() => store.getDescendants(some, [], rule))
    const below = (trace: Trace) =>
      idsOf(inTree(trace.rootSessionId).filter((other) => trace.lft < other.lft && other.rgt < trace.rgt))
    expect(descendants.map(idsOf)).toEqual(some.map(below))
    expect([one, two, three]).toEqual([1, 1, 1])
    // A single key uses a different statement than several.
    for (const trace of some) {
      expect((await store.getDescendants([trace], [], rule)).map(idsOf)).toEqual([below(trace)])
      const [above = []] = await store.getAncestors([trace], [], rule)
      expect(above).toHaveLength(trace.depth)
    }
  })

  it('gives sessions and their children', async () => {
    const sessions = await store.getSessions(['ses_b_2', 'nowhere', 'ses_a'], rule)
    expect(sessions.map((session) => session?.id ?? null)).toEqual(['ses_b_2', null, 'ses_a'])
    const children = await store.getChildSessions(['ses_a', 'ses_b_5', 'ses_b'], rule)
    expect(children.map(idsOf)).toEqual([['ses_a_2', 'ses_a_4'], [], ['ses_b_2']])
    expect(await store.countAll()).toEqual({ sessions: SAMPLE.sessions.length, traces: SAMPLE.traces.length })
  })

  it('answers the six queries of the plan as plain SQL', async () => {
    const plain = (sql: string, ...values: SqlValue[]) =>
      store.database.select({ sql, values }, ([first = []]) => first.map(String))
    expect(await plain(TRACES_BY_SESSION, 'ses_b')).toEqual(['msg_b_1'])
    expect(await plain(TRACE_TREE, 'ses_a')).toEqual(idsOf(inTree('ses_a')))
    expect(await plain(TRACES_BY_DATE_RANGE, '2026-11-24 10:00:00', '2026-11-24 10:00:01')).toEqual(['msg_a_1'])
    expect(await plain(TRACES_BY_AGENT, 'tester')).toEqual(['prt_a_3'])
    expect(await plain(TRACE_DETAILS, 'prt_b_3')).toEqual(['prt_b_3'])
    expect(await plain(SESSIONS_WITH_TRACES, 1)).toEqual(['ses_b_5'])
  })

  it('gives tool calls and tools as rows to those who ask in SQL', async () => {
    const rows = (sql: string) =>
      store.database.select({ sql, values: [] }, (columns, rowCount) =>
        Array.from({ length: rowCount }, (_, i) => columns.map((cells) => cells[i])),
      )
    expect(
      await rows(`SELECT tool_call_id, tool, status, title, error, started_at, ended_at, delegation FROM tool_calls
        WHERE trace_id = 'prt_a_2' ORDER BY started_at`),
    ).toEqual([
      ['prt_a_2_read', 'read', 'completed', 'a file', null, START_MS + 1000, START_MS + 1200, false],
      ['prt_a_3', 'task', 'completed', 'Task 3 for tester', null, START_MS + 2000, START_MS + 4000, true],
    ])
    expect(
      await rows(`SELECT tool, calls, errors, duration_ms FROM trace_tools WHERE trace_id = 'msg_a_1' ORDER BY tool`),
    ).toEqual([
      ['read', 1, 0, 200],
      ['task', 2, 0, 6000],
    ])
  })

  it('gives nothing, and no error, where filters contradict each other', async () => {
    const contradictions: TraceFilter[] = [
      { ids: [] },
      { agents: ['tester'], ids: ['msg_a_1'] },
      { startedAt: { fromMs: 2, toMs: 1 } },
      { cost: { min: 2, max: 1 } },
      { status: [] },
    ]
    for (const filter of contradictions) {
      expect(await store.countTraces(filter, rule)).toBe(0)
      const page = await store.pageTraces(filter, { field: 'COST', direction: 'ASC' }, { first: 5 }, [], rule)
      expect(page).toEqual({ items: [], hasNextPage: false, hasPreviousPage: false })
    }
    const ofSessions: SessionFilter[] = [{ ids: [] }, { agents: [] }, { hasDelegations: false, agents: ['tester'] }]
    for (const filter of ofSessions) expect(await store.countSessions(filter, rule)).toBe(0)
  })

  it('has no session without a name for the traces that ran in none', async () => {
    const forest = makeForest([{ id: 'a', turns: [{ agent: 'lead', calls: [{ agent: 'x' }] }] }])
    for (const trace of forest.traces) if (trace.kind === 'DELEGATION') trace.sessionId = null
    const store = await storeOf(forest)
    expect(await store.countTraces({ sessionIds: [''] }, rule)).toBe(0)
    expect(await store.countTraces({ sessionIds: ['', 'ses_a'] }, rule)).toBe(2)
  })

  it('refuses text that is not a cursor, and cursors from a different list or order', async () => {
    const order = { field: 'STARTED_AT', direction: 'ASC' } as const
    const of = async (field: 'STARTED_AT' | 'COST') =>
      (await store.pageTraces({}, { ...order, field }, { first: 1 }, [], rule)).items[0]?.cursor ?? ''
    const sessions = (await store.pageSessions({}, order, { first: 1 }, rule)).items[0]?.cursor ?? ''
    for (const cursor of [
      await of('COST'),
      sessions,
      '',
      'x',
      'WyJ4Il0',
      Buffer.from('["traces:STARTED_AT",1e999,"x"]').toString('base64url'),
    ]) {
      const asked = store.pageTraces({}, order, { first: 1, after: cursor }, [], rule)
      await expect(asked).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'after' } })
    }
    expect((await store.pageTraces({}, order, { last: 3, before: await of('STARTED_AT') }, [], rule)).items).toEqual([])
  })

  it('takes user text as text, whatever is in it', async () => {
    const text = `'; DROP TABLE agent_traces; --`
    expect(await store.countTraces({ agents: [text, "x'y"], project: text, ids: [text] }, rule)).toBe(0)
    expect(await store.countAll()).toMatchObject({ traces: SAMPLE.traces.length })
  })
})

async function storeOf(forest: Forest): Promise<Store> {
  const store = await openStore({ path: ':memory:' })
  onTestFinished(() => store.close())
  await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
  return store
}

async function pageOf(store: Store, scope: TreeScope, args: PageArgs): Promise<Page<TraceRow>> {
  const [page] = await store.pageTrees([scope], {}, args, [], rule)
  if (page === undefined) throw new Error('one page was expected')
  return page
}

describe('a root session that another tree resumed', () => {
  it('has the same traces in parts as whole: those of its own tree', async () => {
    const resuming = { agent: 'lead', calls: [{ agent: 'x', with: { sessionId: 'ses_resumed' } }] }
    const forest = makeForest([
      { id: 'resumed', turns: [chain(3)] },
      { id: 'other', turns: [resuming] },
    ])
    const store = await storeOf(forest)
    const scope = { kind: 'session', sessionId: 'ses_resumed', rootSessionId: 'ses_resumed' } as const
    const [whole = []] = await store.getTraceTree(['ses_resumed'], [], rule)
    const page = await pageOf(store, scope, { first: 100 })
    expect(page.items.map(({ node }) => node.id)).toEqual(idsOf(whole))
    expect(await store.countTrees([scope], {}, rule)).toEqual([whole.length])
  })
})

describe('children that began at once while ids wrapped', () => {
  it('come in one order, asked for alone or with their tree', async () => {
    const at = (id: string): Called => ({ agent: 'x', with: { id, startedMs: START_MS } })
    const calls = [at('prt_ffffffffffffA'), at('prt_000000000001A')]
    const forest = makeForest([{ id: 'wrapped', turns: [{ agent: 'lead', calls }] }])
    const store = await storeOf(forest)
    const [tree = []] = await store.getTraceTree(['ses_wrapped'], [], rule)
    const [children = []] = await store.getChildren(['msg_wrapped_1'], [], rule)
    expect(idsOf(children)).toEqual(idsOf(tree).slice(1))
  })
})

describe('the copy of a call in a fork', () => {
  it('is none of the traces that ran in the session which it names', async () => {
    const copy = { copied: true, sessionId: 'ses_one_2' }
    const forest = makeForest([
      { id: 'one', turns: [chain(2)] },
      { id: 'fork', turns: [{ agent: 'x', calls: [{ agent: 'x', with: copy }] }] },
    ])
    const store = await storeOf(forest)
    expect(await store.countTraces({ sessionIds: ['ses_one_2'] }, rule)).toBe(1)
    expect(await store.countTraces({ sessionIds: ['ses_fork'] }, rule)).toBe(2)
  })
})

describe('turns that began at once while ids wrapped', () => {
  it('come in one order, asked for alone or with their tree', async () => {
    const at = (id: string): Called => ({ agent: 'x', with: { id, startedMs: START_MS } })
    const forest = makeForest([{ id: 'wrapped', turns: [at('msg_ffffffffffffA'), at('msg_000000000001A')] }])
    const store = await storeOf(forest)
    const [tree = []] = await store.getTraceTree(['ses_wrapped'], [], rule)
    const [turns = []] = await store.getTracesBySession(['ses_wrapped'], [], rule)
    expect(idsOf(turns)).toEqual(idsOf(tree))
  })
})

describe('a child session that another tree resumed', () => {
  it('has the traces of both trees, one tree after the other, in parts as whole', async () => {
    const resuming = {
      agent: 'lead',
      calls: [{ agent: 'x', calls: [{ agent: 'y' }], with: { sessionId: 'ses_resumed_2' } }],
    }
    const forest = makeForest([
      { id: 'resumed', turns: [chain(3)] },
      { id: 'other', turns: [resuming] },
    ])
    const store = await storeOf(forest)
    const scope = { kind: 'session', sessionId: 'ses_resumed_2', rootSessionId: 'ses_resumed' } as const
    const whole = ['prt_resumed_2', 'prt_resumed_3', 'prt_other_2', 'prt_other_3']
    const inWhole = await pageOf(store, scope, {})
    expect(inWhole.items.map(({ node }) => node.id)).toEqual(whole)
    expect(inWhole.items.map(({ node }) => store.treeCursorOf(node))).toEqual(inWhole.items.map(({ cursor }) => cursor))
    expect(await store.pageTrees([scope, scope], {}, {}, [], rule)).toEqual([inWhole, inWhole])
    expect(await store.countTrees([scope, scope], {}, rule)).toEqual([4, 4])
    const forward: string[] = []
    const backward: string[] = []
    let after: string | undefined
    let before: string | undefined
    for (const _ of whole) {
      const next = await pageOf(store, scope, { first: 1, after })
      forward.push(...next.items.map(({ node }) => node.id))
      after = next.items[0]?.cursor
      const previous = await pageOf(store, scope, { last: 1, before })
      backward.unshift(...previous.items.map(({ node }) => node.id))
      before = previous.items[0]?.cursor
    }
    expect(forward).toEqual(whole)
    expect(backward).toEqual(whole)
  })
})

describe('a child session that was resumed from below itself', () => {
  it('has each of its traces once, asked for alone or with others', async () => {
    const again = { agent: 'x', with: { sessionId: 'ses_round_2' }, calls: [{ agent: 'z' }] }
    const calls = [{ agent: 'x', calls: [{ agent: 'y', calls: [again] }] }]
    const store = await storeOf(makeForest([{ id: 'round', turns: [{ agent: 'lead', calls }] }]))
    const scope = { kind: 'session', sessionId: 'ses_round_2', rootSessionId: 'ses_round' } as const
    const alone = await pageOf(store, scope, {})
    expect(alone.items.map(({ node }) => node.id)).toEqual(['prt_round_2', 'prt_round_3', 'prt_round_4', 'prt_round_5'])
    expect(await store.pageTrees([scope, scope], {}, {}, [], rule)).toEqual([alone, alone])
    expect(await store.countTrees([scope, scope], {}, rule)).toEqual([4, 4])
  })
})

describe('trees at their worst', () => {
  it('of 10,000 levels, and of 7,377 children, are read and paged like any other', async () => {
    const store = await openStore({ path: ':memory:' })
    try {
      const deep = makeForest([{ id: 'deep', turns: [{ agent: 'x' }] }])
      const [model] = deep.traces
      if (model === undefined) throw new Error('the sample has a trace')
      const levels = 10_000
      deep.traces = Array.from({ length: levels }, (_, i) => ({
        ...model,
        id: `prt_${i}`,
        parentId: i === 0 ? null : `prt_${i - 1}`,
        depth: i,
        lft: i + 1,
        rgt: 2 * levels - i,
      }))
      const wide = makeForest([
        { id: 'wide', turns: [{ agent: 'x', calls: Array.from({ length: 7377 }, (): Called => ({ agent: 'y' })) }] },
      ])
      wide.sessions = wide.sessions.slice(0, 1)
      await store.saveTraces({ forests: [deep, wide], stamps: [], links: [], removedSessionIds: [] })
      const [chained = [], fan = []] = await store.getTraceTree(['ses_deep', 'ses_wide'], ['agent'], rule)
      expect(idsOf(chained)).toEqual(idsOf(deep.traces))
      expect(idsOf(fan)).toEqual(idsOf(wide.traces))
      const last = deep.traces.at(-1)
      const [above = []] = await store.getAncestors(last ? [last] : [], [], rule)
      expect(idsOf(above)).toEqual(idsOf(deep.traces.slice(0, -1)))
      const scope = { kind: 'session', sessionId: 'ses_wide', rootSessionId: 'ses_wide' } as const
      const page = await pageOf(store, scope, { last: 2 })
      expect(page.items.map(({ node }) => node.id)).toEqual(idsOf(wide.traces.slice(-2)))
      const children = await store.getChildren(wide.traces[0] ? [wide.traces[0].id] : [], [], rule)
      expect(children[0]).toHaveLength(7377)
    } finally {
      await store.close()
    }
  })
})
