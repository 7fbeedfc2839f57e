import type { Usage as UsageRecord } from '../records.ts'
import { builder } from './builder.ts'
import { Tokens } from './tokens.ts'

export const Usage = builder.objectRef<UsageRecord>('Usage')

Usage.implement({
  description:
    'What was spent. `own` is what the messages of one trace or session spent themselves, `total` that and everything below; the sum of `own` over a tree is the `total` of its root.',
  fields: (t) => ({
    tokens: t.field({ type: Tokens, description: 'Tokens by kind.', resolve: (usage) => usage }),
    tokensIn: t.field({
      type: 'SafeInt',
      description: 'All tokens that went to the model: input, cacheRead and cacheWrite.',
      resolve: (usage) => usage.input + usage.cacheRead + usage.cacheWrite,
    }),
    tokensOut: t.field({
      type: 'SafeInt',
      description: 'All tokens that came from the model: output and reasoning.',
      resolve: (usage) => usage.output + usage.reasoning,
    }),
    cost: t.exposeFloat('cost', {
      description: 'In US dollars, as OpenCode recorded it; 0 for models without a known price.',
    }),
    llmCalls: t.exposeInt('llmCalls', {
      description:
        'Calls of the language model that were answered, compactions included. Calls that OpenCode does not store (for titles) count nowhere.',
    }),
  }),
})
