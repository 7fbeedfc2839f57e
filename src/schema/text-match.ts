import { present } from '../resolvers/existing.ts'
import type { TextMatch as Match } from '../store/store.ts'
import { builder } from './builder.ts'
import { Highlight } from './highlight.ts'
import { planTraces } from './selection.ts'
import { TextField } from './text-field.ts'
import { Trace } from './trace-ref.ts'

export const TextMatch = builder.objectRef<Match>('TextMatch').implement({
  description: 'A text that matches a search.',
  fields: (t) => ({
    trace: t.field({
      type: Trace,
      description: 'The trace whose text it is; for a title, the first trace of its session that matches the filter.',
      resolve: async ({ traceId }, _args, { loaders }, info) =>
        present(await loaders.trace(planTraces(info).own).load(traceId), traceId),
    }),
    field: t.expose('field', { type: TextField, description: 'Which text of the trace it is.' }),
    score: t.exposeFloat('score', {
      description: 'How well it matches (BM25): rare words, and words that occur often in a short text, count more.',
    }),
    snippet: t.exposeString('snippet', {
      description: 'The piece of the text with the most matches, on one line; `…` marks where it was cut.',
    }),
    highlights: t.expose('highlights', {
      type: [Highlight],
      description: 'The pieces of the snippet that match, in order and without overlaps.',
    }),
  }),
})
