import { present } from '../resolvers/existing.ts'
import type { TextMatch as Match } from '../store/store.ts'
import { builder } from './builder.ts'
import { Highlight } from './highlight.ts'
import { planTraces } from './selection.ts'
import { TextField } from './text-field.ts'
import { Trace } from './trace-ref.ts'

export const TextMatch = builder.objectRef<Match>('TextMatch').implement({
  description: 'A text that matches.',
  fields: (t) => ({
    trace: t.field({
      type: Trace,
      description: 'Whose text it is; of a title the first trace of its session that the filter admits.',
      resolve: async ({ traceId }, _args, { loaders }, info) =>
        present(await loaders.trace(planTraces(info).own).load(traceId), traceId),
    }),
    field: t.expose('field', { type: TextField, description: 'Which of its texts.' }),
    score: t.exposeFloat('score', {
      description: 'How well it fits (BM25): rare words, and words said often in a short text, count more.',
    }),
    snippet: t.exposeString('snippet', {
      description: 'The piece of the text with the most matches, on one line; `…` where it was cut.',
    }),
    highlights: t.expose('highlights', {
      type: [Highlight],
      description: 'What was searched for, in the snippet, in order; none overlaps another.',
    }),
  }),
})
