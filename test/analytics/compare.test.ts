/** Compares two sessions, and checks the counterparts against a search by their whole paths. */
import fc from 'fast-check'
import { graphql } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import type { Session, Trace } from '../../src/records.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { chain, makeForest, START_MS } from '../forest.ts'
import { type History, histories, NOW_MS } from '../pattern/forests.ts'
import { servicesFor } from '../services.ts'

const Traces = z.array(z.object({ id: z.string(), path: z.array(z.string()) }))
const Comparison = z.object({
  a: z.object({ id: z.string() }),
  b: z.object({ id: z.string() }),
  agents: z.array(
    z.object({
      agent: z.string(),
      invocationsA: z.number(),
      invocationsB: z.number(),
      ownA: z.object({ cost: z.number() }),
      ownB: z.object({ cost: z.number() }),
      activeMsA: z.number(),
      activeMsB: z.number(),
    }),
  ),
  onlyInA: Traces,
  onlyInB: Traces,
})
const Answer = z.object({ compareSessions: Comparison.nullable() })
const QUERY = `query ($a: ID!, $b: ID!) { compareSessions(a: $a, b: $b) { a { id } b { id }
  agents { agent invocationsA invocationsB ownA { cost } ownB { cost } activeMsA activeMsB }
  onlyInA { id path } onlyInB { id path } } }`

let store: Store
let count = 0
beforeAll(async () => {
  store = await openStore({ path: ':memory:', threads: 1 })
  store.onStatement(() => count++)
})
afterAll(() => store.close())

let stored: string[] = []
async function save({ sessions, traces }: History) {
  const sessionIds = sessions.map((session) => session.id)
  const removedSessionIds = stored.filter((id) => !sessionIds.includes(id))
  stored = sessionIds
  await store.saveTraces({ forests: [{ sessionIds, sessions, traces }], stamps: [], links: [], removedSessionIds })
}

async function compare(a: string, b: string, nowMs = NOW_MS) {
  count = 0
  const contextValue = createContext(servicesFor(store), nowMs)
  const result = await graphql({ schema, source: QUERY, variableValues: { a, b }, contextValue })
  expect(result.errors).toBeUndefined()
  return Answer.parse(result.data).compareSessions
}

const within = ({ id, rootId }: Session, traces: readonly Trace[]): Trace[] => {
  const tree = traces.filter((trace) => trace.rootSessionId === rootId)
  const tops = tree.filter((trace) => id === rootId || trace.sessionId === id)
  return tree
    .filter((trace) => tops.some((top) => top.lft <= trace.lft && trace.rgt <= top.rgt))
    .sort((x, y) => x.lft - y.lft)
}

/** The path of a trace: from the top down, each agent with its rank among siblings of the same agent. */
function placeOf(trace: Trace, all: readonly Trace[]): string {
  const parent = all.find((other) => other.id === trace.parentId)
  const siblings = all.filter(
    (other) =>
      other.agent === trace.agent &&
      (parent === undefined ? !all.some((above) => above.id === other.parentId) : other.parentId === parent.id),
  )
  const rank = siblings.findIndex((other) => other.id === trace.id)
  return `${parent === undefined ? '' : placeOf(parent, all)}/${trace.agent}#${rank}`
}

it('finds what only one has, and what each agent did in both', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(histories({ trees: 3, nodes: 9, instants: 12 }), fc.nat(), fc.nat(), async (history, i, j) => {
      await save(history)
      const { sessions, traces } = history
      const [a, b] = [sessions[i % sessions.length], sessions[j % sessions.length]]
      if (a === undefined || b === undefined) return
      const found = await compare(a.id, b.id)
      expect([found?.a.id, found?.b.id]).toEqual([a.id, b.id])
      const [inA, inB] = [within(a, traces), within(b, traces)]
      const only = (own: readonly Trace[], other: readonly Trace[]) => {
        const places = new Set(other.map((trace) => placeOf(trace, other)))
        return own.filter((trace) => !places.has(placeOf(trace, own))).map((trace) => trace.id)
      }
      expect(found?.onlyInA.map(({ id }) => id)).toEqual(only(inA, inB))
      expect(found?.onlyInB.map(({ id }) => id)).toEqual(only(inB, inA))
      const agents = [...new Set([...inA, ...inB].map((trace) => trace.agent))].sort()
      expect(found?.agents.map((delta) => [delta.agent, delta.invocationsA, delta.invocationsB])).toEqual(
        agents.map((agent) => [agent, ...[inA, inB].map((own) => own.filter((trace) => trace.agent === agent).length)]),
      )
      for (const { agent, ownA, activeMsB } of found?.agents ?? []) {
        const of = (own: readonly Trace[]) => own.filter((trace) => trace.agent === agent)
        expect(ownA.cost).toBeCloseTo(
          of(inA).reduce((sum, trace) => sum + trace.own.cost, 0),
          9,
        )
        expect(activeMsB).toBe(of(inB).reduce((sum, trace) => sum + (trace.activeMs ?? 0), 0))
      }
      if (a.id !== b.id) compared += 1
    }),
    { numRuns: 80, endOnFailure: true },
  )
  expect(compared).toBeGreaterThan(20)
})

it('costs the same for two large trees as for two small ones', async () => {
  const calls = (n: number, more: string[] = []) => [
    { agent: 'build', calls: [...Array(n).fill('tester'), ...more].map((agent: string) => ({ agent })) },
  ]
  await save(
    makeForest([
      { id: 'small', turns: calls(1) },
      { id: 'smaller', turns: calls(0) },
      { id: 'wide', turns: calls(2000) },
      { id: 'wider', turns: [...calls(2001, ['explore']), chain(300)] },
    ]),
  )
  const small = await compare('ses_small', 'ses_smaller', START_MS)
  expect(small?.onlyInA.map(({ path }) => path)).toEqual([['build', 'tester']])
  const before = count
  const large = await compare('ses_wide', 'ses_wider', START_MS)
  // The sessions, the agents' figures, both trees.
  expect([before, count]).toEqual([3, 3])
  expect(large?.onlyInA).toEqual([])
  expect(large?.onlyInB).toHaveLength(302)
  expect(large?.onlyInB.slice(0, 2).map(({ path }) => path.at(-1))).toEqual(['tester', 'explore'])
})

it('looks at all that ran in a child session, also where another tree resumed it', async () => {
  const resuming = { agent: 'lead', calls: [{ agent: 'y', with: { sessionId: 'ses_resumed_2' } }] }
  await save(
    makeForest([
      { id: 'resumed', turns: [chain(3, 'x')] },
      { id: 'other', turns: [resuming] },
    ]),
  )
  const found = await compare('ses_resumed_2', 'ses_resumed_3', START_MS)
  expect(found?.agents.map(({ agent, invocationsA, invocationsB }) => [agent, invocationsA, invocationsB])).toEqual([
    ['x', 2, 1],
    ['y', 1, 0],
  ])
  expect(found?.onlyInA.map(({ id }) => id)).toEqual(['prt_resumed_3', 'prt_other_2'])
  expect(found?.onlyInB).toEqual([])
})

it('looks at the tree of a root session alone, also where another tree resumed it', async () => {
  const resuming = { agent: 'lead', calls: [{ agent: 'y', with: { sessionId: 'ses_resumed' } }] }
  await save(
    makeForest([
      { id: 'resumed', turns: [chain(2, 'x')] },
      { id: 'other', turns: [resuming] },
    ]),
  )
  const found = await compare('ses_resumed', 'ses_other', START_MS)
  expect(found?.agents.map(({ agent, invocationsA, invocationsB }) => [agent, invocationsA, invocationsB])).toEqual([
    ['lead', 0, 1],
    ['x', 2, 0],
    ['y', 0, 1],
  ])
  expect(found?.onlyInA.map(({ id }) => id)).toEqual(['msg_resumed_1', 'prt_resumed_2'])
})

it('is null when one of them does not exist', async () => {
  await save(makeForest([{ id: 'here', turns: [{ agent: 'build' }] }]))
  expect(await compare('ses_here', 'ses_nowhere')).toBeNull()
  const same = await compare('ses_here', 'ses_here')
  expect([same?.onlyInA, same?.onlyInB]).toEqual([[], []])
})
