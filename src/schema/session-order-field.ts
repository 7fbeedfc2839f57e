import type { SessionOrder } from '../store/store.ts'
import { builder } from './builder.ts'

export const SessionOrderField = builder.enumType('SessionOrderField', {
  description: 'What sessions can be ordered by. Equal ones are ordered by id, whichever end comes first.',
  values: {
    STARTED_AT: { description: 'When the session was made.' },
    LAST_ACTIVITY_AT: { description: 'When anything in its tree was last written.' },
    DURATION: { description: 'From its start to its last activity.' },
    COST: { description: 'What its whole tree cost.' },
    TOKENS: { description: 'All tokens of its whole tree.' },
    TRACES: { description: 'The number of traces in its tree.' },
  } satisfies Record<SessionOrder['field'], { description: string }>,
})
