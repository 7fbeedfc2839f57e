import type { TraceKind as Kind } from '../records.ts'
import { builder } from './builder.ts'

export const TraceKind = builder.enumType('TraceKind', {
  description: 'Who wrote the prompt.',
  values: {
    USER_TURN: { description: 'A person, who typed it into a session.' },
    DELEGATION: { description: 'Another agent, through the `task` tool.' },
  } satisfies Record<Kind, { description: string }>,
})
