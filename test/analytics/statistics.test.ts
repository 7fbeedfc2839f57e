/** Compares the statistics that SQL computes with a plain reimplementation, over random trees and filters. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUsage, noUsage, type Trace, type Usage } from '../../src/records.ts'
import { agentViews } from '../../src/resolvers/agents.ts'
import { usageRows } from '../../src/resolvers/usage-rows.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { type Distribution, SMALLEST_SAMPLE, type TraceFilter, USAGE_GROUPINGS } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { AGENTS, forests, joined, MODELS, NOW_MS, STALE_AFTER_MS, treeOf } from '../store/forest.ts'
import { matchesTrace, tokensOf } from '../store/oracle.ts'

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }

let store: Store
beforeAll(async () => {
  store = await openStore({ path: ':memory:', threads: 1 })
})
afterAll(() => store.close())

let stored: string[] = []
async function save(all: Parameters<typeof joined>[0]) {
  const history = joined(all)
  const now = new Set(history.sessionIds)
  const removedSessionIds = stored.filter((id) => !now.has(id))
  await store.saveTraces({ forests: all, stamps: [], links: [], removedSessionIds })
  stored = history.sessionIds
  return history
}

const filters: fc.Arbitrary<TraceFilter> = fc.oneof(
  fc.constant({}),
  fc.record({ agents: fc.subarray([...AGENTS]) }),
  fc.record({ models: fc.subarray([...MODELS]), depth: fc.constantFrom({ min: 1 }, { max: 1 }) }),
  fc.record({ status: fc.constantFrom<NonNullable<TraceFilter['status']>>(['ERROR'], ['RUNNING', 'COMPLETED']) }),
)

const sumOf = (usages: readonly Usage[]): Usage => {
  const sum = noUsage()
  for (const usage of usages) addUsage(sum, usage)
  return sum
}
function same(got: Usage, want: Usage, what: string) {
  expect({ ...got, cost: 0 }, what).toEqual({ ...want, cost: 0 })
  expect(got.cost, what).toBeCloseTo(want.cost, 9)
}

/** Linear interpolation between neighbours: the definition that spreadsheets call inclusive. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const [low = 0, high = low] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return low + (high - low) * (place - Math.floor(place))
}
function spread(all: readonly (number | null)[]): Distribution {
  const values = all.filter((value) => value !== null)
  if (values.length === 0) return { count: 0, min: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0, mean: 0, sum: 0 }
  const sum = values.reduce((a, b) => a + b, 0)
  const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((q) => quantile(values, q))
  if (p50 === undefined || p90 === undefined || p95 === undefined || p99 === undefined)
    throw new Error('four asked for')
  const [min, max] = [Math.min(...values), Math.max(...values)]
  return { count: values.length, min, p50, p90, p95, p99, max, mean: sum / values.length, sum }
}
function near(got: Distribution, want: Distribution, what: string) {
  for (const [name, value] of Object.entries(got)) {
    const wanted = new Map(Object.entries(want)).get(name) ?? Number.NaN
    expect(Math.abs(value - wanted), `${what} ${name}: ${value} for ${wanted}`).toBeLessThanOrEqual(
      1e-9 * Math.max(1, Math.abs(wanted)),
    )
  }
}
const counts = (names: readonly string[]) => {
  const found = new Map<string, number>()
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1)
  return [...found]
    .map(([agent, count]) => ({ agent, count }))
    .sort((a, b) => b.count - a.count || (a.agent < b.agent ? -1 : 1))
}
const byAgent = (rows: readonly { agent: string; count: number }[]) =>
  [...rows].sort((a, b) => b.count - a.count || (a.agent < b.agent ? -1 : 1))

const isBelow = (trace: Trace, other: Trace) =>
  trace.rootSessionId === other.rootSessionId && other.lft < trace.lft && trace.rgt < other.rgt

describe('statistics', () => {
  it('of agents are those of their traces, whatever the filter', async () => {
    await fc.assert(
      fc.asyncProperty(forests(), filters, async (all, filter) => {
        const history = await save(all)
        const admitted = history.traces.filter((trace) => matchesTrace(filter, trace, history, rule))
        const views = await agentViews(store, filter, rule)
        expect(views.map((view) => view.agent).sort()).toEqual([...new Set(admitted.map((t) => t.agent))].sort())
        for (const view of views) {
          const traces = admitted.filter((trace) => trace.agent === view.agent)
          const what = view.agent
          expect(view.invocations).toBe(traces.length)
          expect(view.sessions).toBe(new Set(traces.map((trace) => trace.rootSessionId)).size)
          expect(view.errors).toBe(traces.filter((trace) => trace.status === 'ERROR').length)
          expect(view.models).toEqual([...new Set(traces.flatMap((trace) => trace.models))].sort())
          expect([view.firstMs, view.lastMs]).toEqual([
            Math.min(...traces.map((trace) => trace.startedMs)),
            Math.max(...traces.map((trace) => trace.startedMs)),
          ])
          near(view.duration, spread(traces.map((trace) => trace.durationMs)), what)
          near(view.active, spread(traces.map((trace) => trace.activeMs)), what)
          near(view.cost, spread(traces.map((trace) => trace.total.cost)), what)
          near(view.tokens, spread(traces.map((trace) => tokensOf(trace.total))), what)
          same(view.own, sumOf(traces.map((trace) => trace.own)), what)
          const outermost = traces.filter((trace) => !traces.some((other) => isBelow(trace, other)))
          same(await view.total(), sumOf(outermost.map((trace) => trace.total)), what)
          expect(byAgent(await view.calledBy())).toEqual(
            counts(traces.flatMap((trace) => (trace.parentAgent === null ? [] : [trace.parentAgent]))),
          )
          const called = history.traces.filter((child) => traces.some((trace) => trace.id === child.parentId))
          expect(byAgent(await view.delegatesTo())).toEqual(counts(called.map((child) => child.agent)))
          const tools = await view.tools()
          expect(tools.reduce((sum, tool) => sum + tool.calls, 0)).toBe(
            traces.reduce((sum, trace) => sum + trace.toolCalls.length, 0),
          )
          for (const tool of tools) {
            const calls = traces.flatMap((trace) => trace.toolCalls).filter((call) => call.tool === tool.tool)
            expect([tool.calls, tool.errors]).toEqual([
              calls.length,
              calls.filter((call) => call.status === 'error').length,
            ])
          }
        }
      }),
      { numRuns: cases(60), endOnFailure: true },
    )
  })

  const ofTwoAgents = fc.tuple(...['a', 'b', 'c', 'd', 'e'].map((name) => treeOf(name, 30))).map((all) => {
    for (const trace of all.flatMap((forest) => forest.traces)) {
      if (trace.agent !== 'tester') trace.agent = 'executeur'
    }
    return all
  })
  const sampleOf = (agent: string, traces: readonly Trace[]) =>
    traces.filter((trace) => trace.agent === agent && trace.status !== 'RUNNING' && !trace.copied)

  it('say of an agent what is normal, from eight traces that are over', async () => {
    await fc.assert(
      fc.asyncProperty(ofTwoAgents, async (all) => {
        const { traces } = await save(all)
        const baselines = await store.agentBaselines([...AGENTS, 'nobody'])
        expect(baselines.at(-1)).toBeNull()
        for (const [i, agent] of AGENTS.entries()) {
          const sample = sampleOf(agent, traces)
          const baseline = baselines[i] ?? null
          if (sample.length < SMALLEST_SAMPLE) {
            expect(baseline).toBeNull()
            continue
          }
          if (baseline === null) throw new Error(`${agent} has ${sample.length} traces and no baseline`)
          expect([baseline.agent, baseline.sampleSize]).toEqual([agent, sample.length])
          near(baseline.durationMs, spread(sample.map((trace) => trace.durationMs)), agent)
          near(baseline.cost, spread(sample.map((trace) => trace.total.cost)), agent)
          near(baseline.tokens, spread(sample.map((trace) => tokensOf(trace.total))), agent)
        }
      }),
      { numRuns: cases(40), endOnFailure: true },
    )
  })

  it('of random trees are now of enough traces to say so and now of too few', () => {
    let small = 0
    let large = 0
    const count = fc.property(ofTwoAgents, (all) => {
      for (const agent of AGENTS) {
        if (sampleOf(agent, joined(all).traces).length < SMALLEST_SAMPLE) small += 1
        else large += 1
      }
    })
    // Enough cases that chance decides nothing.
    fc.assert(count, { numRuns: 400 })
    expect(Math.min(small, large)).toBeGreaterThan(50)
  })

  it('add up to the whole, whatever they are grouped by, and no span of time is left out', async () => {
    await fc.assert(
      fc.asyncProperty(forests(), filters, async (all, filter) => {
        const history = await save(all)
        const admitted = history.traces.filter((trace) => matchesTrace(filter, trace, history, rule))
        for (const by of USAGE_GROUPINGS) {
          const rows = await usageRows(store, by, filter, rule)
          same(sumOf(rows.map((row) => row.own)), sumOf(admitted.map((trace) => trace.own)), by)
          const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0)
          expect(sum((row) => row.invocations)).toBe(admitted.length)
          expect(sum((row) => row.errors)).toBe(admitted.filter((trace) => trace.status === 'ERROR').length)
          expect(sum((row) => row.activeMs)).toBe(admitted.reduce((total, trace) => total + (trace.activeMs ?? 0), 0))
          if (by === 'HOUR') {
            const hours = rows.map((row) => Date.parse(row.key))
            for (const [i, hour] of hours.entries()) {
              expect(hour).toBe((hours[0] ?? 0) + i * 3_600_000)
              const within = admitted.filter((trace) => trace.startedMs >= hour && trace.startedMs < hour + 3_600_000)
              expect(rows[i]?.invocations).toBe(within.length)
            }
          }
          if (by === 'SESSION') {
            for (const row of rows) {
              const within = admitted.filter((trace) => trace.rootSessionId === row.key)
              same(row.own, sumOf(within.map((trace) => trace.own)), row.key)
            }
          }
        }
      }),
      { numRuns: cases(40), endOnFailure: true },
    )
  })

  it('name spans of time by their start, in UTC, with those in which nothing began', async () => {
    const reading = (keys: string[]) => ({
      ...store,
      usageBy: async () => keys.map((key) => ({ key, own: noUsage(), invocations: 1, errors: 0, activeMs: 0 })),
    })
    const keysOf = async (by: 'DAY' | 'WEEK' | 'MONTH', keys: string[]) =>
      (await usageRows(reading(keys), by, {}, rule)).map((row) => row.key)
    expect(await keysOf('DAY', ['2024-02-28', '2024-03-01'])).toEqual(['2024-02-28', '2024-02-29', '2024-03-01'])
    expect(await keysOf('WEEK', ['2025-12-29', '2026-01-12'])).toEqual(['2025-12-29', '2026-01-05', '2026-01-12'])
    expect(await keysOf('MONTH', ['2025-11-01', '2026-01-01'])).toEqual(['2025-11-01', '2025-12-01', '2026-01-01'])
    await expect(keysOf('DAY', ['1600-01-01', '2026-01-01'])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/more than 100,000 of these periods.*no option raises/),
      details: { limit: 'maxSpans', value: 100_000, option: null },
    })
  })

  it('offer as facets whatever occurs', async () => {
    await fc.assert(
      fc.asyncProperty(forests(), async (all) => {
        const { traces } = await save(all)
        const facets = await store.facets()
        expect(byAgent(facets.agents)).toEqual(counts(traces.map((trace) => trace.agent)))
        expect(facets.models).toEqual([...new Set(traces.flatMap((trace) => trace.models))].sort())
        expect(facets.tools).toEqual([...new Set(traces.flatMap((trace) => trace.toolsUsed))].sort())
        const starts = traces.map((trace) => trace.startedMs)
        expect(facets.firstMs).toBe(starts.length === 0 ? null : Math.min(...starts))
        expect(facets.lastMs).toBe(starts.length === 0 ? null : Math.max(...starts))
      }),
      { numRuns: cases(30), endOnFailure: true },
    )
  })
})
