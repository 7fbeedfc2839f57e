import type { Handoff as Row } from '../resolvers/handoff.ts'
import { builder } from './builder.ts'

export const Handoff = builder.objectRef<Row>('Handoff')

Handoff.implement({
  description:
    'The prompt that a caller received, compared with the one that it wrote for the agent it called. Only the first 100,000 characters of each are compared.',
  fields: (t) => ({
    similarity: t.exposeFloat('similarity', {
      description:
        "How much of the caller's prompt reappears, from 0 to 1: the share of its words that are part of a run of three words that the other prompt has, too, ignoring case and punctuation. 1 when it was passed on whole.",
    }),
    addedLines: t.exposeInt('addedLines', { description: 'How many lines only the prompt of the called agent has.' }),
    removedLines: t.exposeInt('removedLines', { description: "How many lines only the caller's prompt has." }),
    diff: t.exposeString('diff', {
      description:
        "A unified diff from the caller's prompt to the other one, with three lines of context; empty when they are the same. When more than 400 lines differ, no shortest diff is computed: all lines are removed and all are added.",
    }),
  }),
})
