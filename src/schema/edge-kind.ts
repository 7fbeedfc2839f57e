import type { EdgeKind as Kind } from '../records.ts'
import { builder } from './builder.ts'

export const EdgeKind = builder.enumType('EdgeKind', {
  description: 'How two traces, or the agents that answered them, come one after the other.',
  values: {
    DELEGATED: { description: 'The first called the second.' },
    FOLLOWED: {
      description:
        'One caller called both, and the second began when the first had ended, before anything that began in between had ended: what the pattern language writes as `;`. Turns of one session follow each other, too.',
    },
  } satisfies Record<Kind, { description: string }>,
})
