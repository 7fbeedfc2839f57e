/** Checks the critical path and the bottleneck of a trace against a search through all traces. */

import fc from 'fast-check'
import { graphql } from 'graphql'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { Trace } from '../../src/records.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { schema } from '../../src/schema/index.ts'
import { fakeStore } from '../fake-store.ts'
import { histories, NOW_MS } from '../pattern/forests.ts'
import { servicesFor } from '../services.ts'

const Answer = z.object({
  traces: z.object({
    nodes: z.array(
      z.object({
        id: z.string(),
        criticalPath: z.array(z.object({ id: z.string(), agent: z.string() })),
        bottleneck: z
          .object({ activeMs: z.number(), share: z.number(), trace: z.object({ id: z.string(), agent: z.string() }) })
          .nullable(),
      }),
    ),
  }),
})
const QUERY = `{ traces(first: 500) { nodes { id
  criticalPath { id agent } bottleneck { activeMs share trace { id agent } } } } }`

const end = (trace: Trace) => trace.endedMs ?? Number.POSITIVE_INFINITY

it('is right for children that run at the same time, on from the trace itself', async () => {
  await fc.assert(
    fc.asyncProperty(histories({ trees: 2, nodes: 10, instants: 12 }), async ({ sessions, traces }) => {
      const store = fakeStore({ sessionIds: [], sessions, traces })
      const result = await graphql({ schema, source: QUERY, contextValue: createContext(servicesFor(store), NOW_MS) })
      expect(result.errors).toBeUndefined()
      const { nodes } = Answer.parse(result.data).traces
      expect(nodes).toHaveLength(traces.length)
      // The list; for each of the two fields, the traces themselves and what is below them.
      expect(store.calls.length).toBeLessThanOrEqual(5)
      for (const { id, criticalPath, bottleneck } of nodes) {
        const path = criticalPath.map((step) => traces.find((trace) => trace.id === step.id))
        expect(path[0]?.id).toBe(id)
        path.forEach((trace, i) => {
          const next = path[i + 1]
          const inTime = traces.filter((t) => trace && t.parentId === trace.id && end(t) <= end(trace))
          expect(next === undefined).toBe(inTime.length === 0)
          if (next === undefined) return
          expect(inTime).toContain(next)
          for (const child of inTime) {
            expect(end(child)).toBeLessThanOrEqual(end(next))
            if (end(child) === end(next)) expect(child.startedMs).toBeLessThanOrEqual(next.startedMs)
          }
        })
        const top = path[0]
        if (top?.durationMs == null) expect(bottleneck).toBeNull()
        else {
          const own = traces.filter(
            (t) => t.rootSessionId === top.rootSessionId && top.lft <= t.lft && t.rgt <= top.rgt,
          )
          const most = Math.max(...own.map((trace) => trace.activeMs ?? -1))
          const first = own.filter((trace) => trace.activeMs === most).sort((a, b) => a.lft - b.lft)[0]
          expect(bottleneck?.trace).toEqual({ id: first?.id, agent: first?.agent })
          expect(bottleneck?.activeMs).toBe(most)
          expect(bottleneck?.share).toBe(top.durationMs === 0 ? 0 : Math.min(1, most / top.durationMs))
        }
      }
    }),
    { numRuns: 100, endOnFailure: true },
  )
})
