import type { EdgeKind as Kind } from '../records.ts'
import { builder } from './builder.ts'

export const EdgeKind = builder.enumType('EdgeKind', {
  description: 'How one trace, or the agent that answered it, comes after another.',
  values: {
    DELEGATED: { description: 'The first called the second.' },
    FOLLOWED: {
      description:
        'The same caller called both, and the second started after the first had ended, with no other call lying wholly in between: what patterns write as `;`. Turns of one session follow each other, too.',
    },
  } satisfies Record<Kind, { description: string }>,
})
