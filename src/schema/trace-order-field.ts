import type { TraceOrder } from '../store/store.ts'
import { builder } from './builder.ts'

export const TraceOrderField = builder.enumType('TraceOrderField', {
  description:
    'What traces can be ordered by. Those without a value come last, and equal ones are ordered by id, ascending, in either direction.',
  values: {
    STARTED_AT: { description: 'When the trace started.' },
    DURATION: { description: 'Its wall-clock duration.' },
    ACTIVE: { description: 'The time that it worked itself, without waiting for delegations.' },
    WAIT: { description: 'The time that it waited for the traces it called.' },
    COST: { description: 'Its cost including everything below it.' },
    TOKENS: { description: 'Its tokens of all kinds, including everything below it.' },
    DEPTH: { description: 'Its depth below its root.' },
  } satisfies Record<TraceOrder['field'], { description: string }>,
})
