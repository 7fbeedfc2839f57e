import type { TraceKind as Kind } from '../records.ts'
import { builder } from './builder.ts'

export const TraceKind = builder.enumType('TraceKind', {
  description: 'Who asked.',
  values: {
    USER_TURN: { description: 'A person: one prompt that was typed into a session.' },
    DELEGATION: { description: 'Another agent, through the `task` tool.' },
  } satisfies Record<Kind, { description: string }>,
})
