import type { PatternMatch } from '../store/store.ts'
import { builder } from './builder.ts'
import { EdgeKind } from './edge-kind.ts'

export const PatternEdge = builder.objectRef<PatternMatch['edges'][number]>('PatternEdge')

PatternEdge.implement({
  description: 'How the traces of two consecutive steps are related.',
  fields: (t) => ({
    from: t.exposeInt('from', { description: 'The index of the first step.' }),
    to: t.exposeInt('to', { description: 'The index of the second step.' }),
    kind: t.expose('kind', {
      type: EdgeKind,
      description: 'Whether the first trace called the second, or the second came after it; DELEGATED when both hold.',
    }),
    distance: t.exposeInt('distance', {
      description:
        'For a delegation, how many levels the second trace is below the first. Otherwise 1 when it follows directly, as with `;`, and 0 when it only comes later.',
    }),
    gapMs: t.exposeFloat('gapMs', {
      nullable: true,
      description: 'Milliseconds from the end of the first trace to the start of the second; null for a delegation.',
    }),
  }),
})
