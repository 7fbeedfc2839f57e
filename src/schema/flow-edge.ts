import type { FlowEdge as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { EdgeKind } from './edge-kind.ts'

export const FlowEdge = builder.objectRef<Row>('FlowEdge')

FlowEdge.implement({
  description: 'That one agent called another, or ran before it, and how often.',
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The agent that called, or that ran first.' }),
    to: t.exposeString('to', { description: 'The agent that was called, or that ran next.' }),
    kind: t.expose('kind', { type: EdgeKind, description: 'Whether `from` called `to`, or ran before it.' }),
    count: t.exposeInt('count', { description: 'How many pairs of traces it stands for.' }),
    errors: t.exposeInt('errors', { description: 'In how many of its pairs the second trace has the status ERROR.' }),
    medianGapMs: t.exposeFloat('medianGapMs', {
      nullable: true,
      description:
        'The median of the milliseconds from the end of the first to the start of the second; null for delegations.',
    }),
  }),
})
