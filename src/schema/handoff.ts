import type { Handoff as Row } from '../resolvers/handoff.ts'
import { builder } from './builder.ts'

export const Handoff = builder.objectRef<Row>('Handoff')

Handoff.implement({
  description:
    "A caller's prompt against the one that it wrote for the agent it called. Of each the first 100,000 characters are compared.",
  fields: (t) => ({
    similarity: t.exposeFloat('similarity', {
      description:
        "The share of the caller's prompt that reappears, from 0 to 1: of its words those that stand in a run of three which the other prompt has, too, whatever their case and punctuation. 1 where it was handed on whole.",
    }),
    addedLines: t.exposeInt('addedLines', { description: 'Lines that only the prompt of the agent called has.' }),
    removedLines: t.exposeInt('removedLines', { description: "Lines that only the caller's prompt has." }),
    diff: t.exposeString('diff', {
      description:
        "From the caller's prompt to the other, by lines, as a unified diff with three lines around each change; empty where they are the same. With more than 400 lines that differ the shortest one is not looked for: all lines are removed and all are added.",
    }),
  }),
})
