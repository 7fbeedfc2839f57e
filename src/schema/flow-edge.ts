import type { FlowEdge as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { EdgeKind } from './edge-kind.ts'

export const FlowEdge = builder.objectRef<Row>('FlowEdge')

FlowEdge.implement({
  description: 'How often one agent called another, or ran right before it.',
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The agent that called, or that ran first.' }),
    to: t.exposeString('to', { description: 'The agent that was called, or that ran next.' }),
    kind: t.expose('kind', { type: EdgeKind, description: 'Whether `from` called `to`, or ran right before it.' }),
    count: t.exposeInt('count', { description: 'How many pairs of traces the edge stands for.' }),
    errors: t.exposeInt('errors', { description: 'In how many of these pairs the second trace has the status ERROR.' }),
    medianGapMs: t.exposeFloat('medianGapMs', {
      nullable: true,
      description:
        'The median time from the end of the first trace to the start of the second, in milliseconds; null for delegations.',
    }),
  }),
})
