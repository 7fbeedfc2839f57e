import type { TextField as Field } from '../store/store.ts'
import { builder } from './builder.ts'

export const TextField = builder.enumType('TextField', {
  description: 'Where a text stands.',
  values: {
    PROMPT_INPUT: { description: 'What an agent was told.' },
    PROMPT_OUTPUT: { description: 'What it answered.' },
    DESCRIPTION: { description: 'The few words with which it was called.' },
    TITLE: { description: 'The title of a session.' },
  } satisfies Record<Field, { description: string }>,
})
