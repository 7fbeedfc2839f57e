import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LinkedTree } from '../../src/resolvers/linked-tree.ts'
import { subtreesOf } from '../../src/resolvers/subtrees.ts'
import type { TraceColumn } from '../../src/store/store.ts'
import { cases } from '../cases.ts'
import { fakeStore } from '../fake-store.ts'
import { forests, joined, NOW_MS, STALE_AFTER_MS } from '../store/forest.ts'

const rule = { nowMs: NOW_MS, staleAfterMs: STALE_AFTER_MS }
const COLUMNS: ReadonlySet<TraceColumn> = new Set(['agent'])

describe('what is below each of some traces', () => {
  it('is that, whichever of them lie within one another, and is read once', async () => {
    await fc.assert(
      fc.asyncProperty(forests(3, 12), fc.infiniteStream(fc.boolean()), async (trees, choice) => {
        const forest = joined(trees)
        const store = fakeStore(forest)
        const inOrder = (
          await store.getTraceTree([...new Set(forest.traces.map((t) => t.rootSessionId))], [], rule)
        ).flat()
        const tops = inOrder.filter(() => choice.next().value)
        const read: LinkedTree[] = []
        const found = await subtreesOf(store, rule, tops, COLUMNS, (tree) => read.push(tree))
        for (const [i, top] of tops.entries()) {
          const below = inOrder.filter(
            (t) => t.rootSessionId === top.rootSessionId && top.lft < t.lft && t.rgt < top.rgt,
          )
          expect(found[i]?.rows.map(({ id }) => id)).toEqual(below.map(({ id }) => id))
          const children = found[i]?.childrenOf.get(top.id) ?? []
          expect(children.map(({ id }) => id)).toEqual(below.filter((t) => t.parentId === top.id).map(({ id }) => id))
        }
        const ids = read.flatMap(({ rows }) => rows.map(({ id }) => id))
        expect(new Set(ids).size).toBe(ids.length)
      }),
      { numRuns: cases(100) },
    )
  })
})
