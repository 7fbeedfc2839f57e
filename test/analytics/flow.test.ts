/** Checks the flow diagram's SQL against a look at each pair of traces, over random histories with many equal times. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Trace } from '../../src/records.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import type { FlowEdge, TraceFilter } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { type History, histories, NOW_MS, STALE_AFTER_MS } from '../pattern/forests.ts'

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

/** Thresholds with which every tree is hash-joined, every tree is swept, and the tree's size decides. */
const WIDE_FROM = [1_000_000, 0, 5]
const stores: Store[] = []
beforeAll(async () => {
  for (const wideFrom of WIDE_FROM)
    stores.push(await openStore({ path: ':memory:', threads: 1, patterns: { wideFrom } }))
})
afterAll(async () => {
  for (const store of stores) await store.close()
})

let stored: string[] = []
async function save(history: History): Promise<void> {
  const sessionIds = history.sessions.map((session) => session.id)
  const removedSessionIds = stored.filter((id) => !sessionIds.includes(id))
  stored = sessionIds
  for (const store of stores) {
    await store.saveTraces({ forests: [{ sessionIds, ...history }], stamps: [], links: [], removedSessionIds })
  }
}

const END = Number.POSITIVE_INFINITY
function precedes(a: Trace, b: Trace): boolean {
  if (a.endedMs === null || a.endedMs > b.startedMs) return false
  if (a.startedMs !== b.startedMs) return a.startedMs < b.startedMs
  return (a.endedMs ?? END) !== (b.endedMs ?? END) ? (a.endedMs ?? END) < (b.endedMs ?? END) : a.id < b.id
}
const sameCaller = (a: Trace, b: Trace) =>
  a.rootSessionId === b.rootSessionId && a.callerSessionId === b.callerSessionId && a.kind === b.kind
/** Whether B directly follows A: no trace of the same caller lies entirely between them. */
const follows = (a: Trace, b: Trace, all: readonly Trace[]) =>
  sameCaller(a, b) &&
  precedes(a, b) &&
  !all.some((x) => x.id !== a.id && x.id !== b.id && sameCaller(x, a) && precedes(a, x) && precedes(x, b))

const median = (values: number[]): number => {
  const sorted = values.sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2
}

function edgesOf(chosen: readonly Trace[], all: readonly Trace[]): FlowEdge[] {
  const edges = new Map<string, FlowEdge & { gaps: number[] }>()
  const note = (a: Trace, b: Trace, kind: FlowEdge['kind']) => {
    const key = JSON.stringify([kind, a.agent, b.agent])
    const edge = edges.get(key) ?? {
      from: a.agent,
      to: b.agent,
      kind,
      count: 0,
      errors: 0,
      medianGapMs: null,
      gaps: [],
    }
    edge.count += 1
    if (b.status === 'ERROR') edge.errors += 1
    if (kind === 'FOLLOWED') edge.gaps.push(b.startedMs - (a.endedMs ?? 0))
    edges.set(key, edge)
  }
  for (const a of chosen)
    for (const b of chosen) {
      if (b.parentId === a.id) note(a, b, 'DELEGATED')
      if (a.id !== b.id && follows(a, b, all)) note(a, b, 'FOLLOWED')
    }
  return [...edges.values()].map(({ gaps, ...edge }) => ({
    ...edge,
    medianGapMs: gaps.length === 0 ? null : median(gaps),
  }))
}

const inOrder = (edges: readonly FlowEdge[]) => edges.map((edge) => JSON.stringify(edge)).sort()

const random = histories({ trees: 3, nodes: 10, instants: 12 })
const filters = fc.constantFrom<TraceFilter>({}, { depth: { min: 1 } }, { agents: ['tester', 'refactoring'] })
const chosenFrom = (traces: readonly Trace[], filter: TraceFilter) =>
  traces.filter((trace) => trace.depth >= (filter.depth?.min ?? 0) && (filter.agents?.includes(trace.agent) ?? true))

it('counts each call and each pair that follows, with the median of the gaps, however wide the tree', async () => {
  await fc.assert(
    fc.asyncProperty(random, filters, async (history, filter) => {
      await save(history)
      const { traces, sessions } = history
      const want = edgesOf(chosenFrom(traces, filter), traces)
      const ids = sessions.map((session) => session.id)
      const within = sessions.map((session) => {
        const tops = traces.filter((trace) => trace.sessionId === session.id)
        return traces.filter(
          (trace) =>
            trace.rootSessionId === session.id ||
            tops.some(
              (top) => top.rootSessionId === trace.rootSessionId && top.lft <= trace.lft && trace.rgt <= top.rgt,
            ),
        )
      })
      for (const store of stores) {
        const [edges = []] = await store.flowEdges({ kind: 'filter', filter }, rule)
        expect(inOrder(edges)).toEqual(inOrder(want))
        const ofSessions = await store.flowEdges({ kind: 'sessions', sessionIds: ids }, rule)
        expect(ofSessions.map(inOrder)).toEqual(within.map((own) => inOrder(edgesOf(own, traces))))
      }
      const [store] = stores
      const nodes = (await store?.flowNodes({ kind: 'sessions', sessionIds: ids }, rule)) ?? []
      expect(
        nodes.map((own) => own.map(({ agent, invocations, errors, own: u }) => [agent, invocations, errors, u.cost])),
      ).toEqual(
        within.map((own) =>
          [...new Set(own.map((trace) => trace.agent))].sort().map((agent) => {
            const its = own.filter((trace) => trace.agent === agent)
            const cost = its.reduce((sum, trace) => sum + trace.own.cost, 0)
            return [agent, its.length, its.filter((trace) => trace.status === 'ERROR').length, cost]
          }),
        ),
      )
    }),
    { numRuns: cases(15), endOnFailure: true },
  )
})

it('the random histories are not idle: more often than every other time something follows', () => {
  let followed = 0
  const count = fc.property(random, filters, ({ traces }, filter) => {
    followed += edgesOf(chosenFrom(traces, filter), traces).filter((edge) => edge.kind === 'FOLLOWED').length
  })
  // Enough cases that chance decides nothing.
  fc.assert(count, { numRuns: 1000 })
  expect(followed).toBeGreaterThan(600)
})
