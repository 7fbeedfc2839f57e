import type { SessionOrder } from '../store/store.ts'
import { builder } from './builder.ts'

export const SessionOrderField = builder.enumType('SessionOrderField', {
  description: 'What sessions can be ordered by. Equal ones are ordered by id, ascending in either direction.',
  values: {
    STARTED_AT: { description: 'When the session was created.' },
    LAST_ACTIVITY_AT: { description: 'When anything in its tree was last written.' },
    DURATION: { description: 'The time from its start to its last activity.' },
    COST: { description: 'The cost of its whole tree.' },
    TOKENS: { description: 'The tokens of all kinds in its whole tree.' },
    TRACES: { description: 'The number of traces in its tree.' },
  } satisfies Record<SessionOrder['field'], { description: string }>,
})
