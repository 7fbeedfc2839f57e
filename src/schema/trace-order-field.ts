import type { TraceOrder } from '../store/store.ts'
import { builder } from './builder.ts'

export const TraceOrderField = builder.enumType('TraceOrderField', {
  description:
    'What traces can be ordered by. Those without a value come last, and equal ones are ordered by id, whichever end comes first.',
  values: {
    STARTED_AT: { description: 'When the trace began.' },
    DURATION: { description: 'Its wall time.' },
    ACTIVE: { description: 'The time in which it worked itself.' },
    WAIT: { description: 'The time in which it waited for those that it called.' },
    COST: { description: 'What it and everything below it cost.' },
    TOKENS: { description: 'All tokens of it and everything below it.' },
    DEPTH: { description: 'Its steps down from its root.' },
  } satisfies Record<TraceOrder['field'], { description: string }>,
})
