import type { TextField as Field } from '../store/store.ts'
import { builder } from './builder.ts'

export const TextField = builder.enumType('TextField', {
  description: 'Which text of a trace or of its session.',
  values: {
    PROMPT_INPUT: { description: 'The prompt that an agent received.' },
    PROMPT_OUTPUT: { description: 'The answer that the agent gave.' },
    DESCRIPTION: { description: 'The short description that its caller gave the task.' },
    TITLE: { description: 'The title of a session.' },
  } satisfies Record<Field, { description: string }>,
})
