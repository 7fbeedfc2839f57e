import type { Usage } from '../records.ts'
import { builder } from './builder.ts'

export const Tokens = builder.objectRef<Usage>('Tokens')

Tokens.implement({
  description:
    'Five kinds of tokens, none counted twice, whatever the version of OpenCode stored: `input` is without cache, `output` without reasoning.',
  fields: (t) => ({
    input: t.expose('input', { type: 'SafeInt', description: 'Sent to the model and not read from its cache.' }),
    output: t.expose('output', { type: 'SafeInt', description: 'Written by the model, reasoning not included.' }),
    reasoning: t.expose('reasoning', { type: 'SafeInt', description: 'Spent by the model on reasoning.' }),
    cacheRead: t.expose('cacheRead', {
      type: 'SafeInt',
      description: 'Sent to the model and read from its cache, which costs less.',
    }),
    cacheWrite: t.expose('cacheWrite', { type: 'SafeInt', description: 'Sent to the model and written to its cache.' }),
    total: t.field({
      type: 'SafeInt',
      description: 'All five kinds together.',
      resolve: (usage) => usage.input + usage.output + usage.reasoning + usage.cacheRead + usage.cacheWrite,
    }),
  }),
})
