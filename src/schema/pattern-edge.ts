import type { PatternMatch } from '../store/store.ts'
import { builder } from './builder.ts'
import { EdgeKind } from './edge-kind.ts'

export const PatternEdge = builder.objectRef<PatternMatch['edges'][number]>('PatternEdge')

PatternEdge.implement({
  description: 'How the traces of two neighbouring steps stand to each other.',
  fields: (t) => ({
    from: t.exposeInt('from', { description: 'The first step.' }),
    to: t.exposeInt('to', { description: 'The second step.' }),
    kind: t.expose('kind', {
      type: EdgeKind,
      description: 'Whether the second was delegated by the first or came after it; DELEGATED where both hold.',
    }),
    distance: t.exposeInt('distance', {
      description:
        'Of a delegation, how many levels the second is below the first. Otherwise 1 when it follows directly, as with `;`, and 0 when it only comes later.',
    }),
    gapMs: t.exposeFloat('gapMs', {
      nullable: true,
      description: 'Milliseconds from the end of the first to the start of the second; null for a delegation.',
    }),
  }),
})
