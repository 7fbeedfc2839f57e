import type { AgentBaseline } from '../store/store.ts'
import { builder } from './builder.ts'
import { Distribution } from './distribution.ts'

export const Baseline = builder.objectRef<AgentBaseline>('Baseline')

Baseline.implement({
  description:
    "What is normal for an agent, over all its traces that have ended, whenever they ran. Traces that are running do not count, nor traces that fell silent without anything in the files to say that they ended, nor a fork's copies.",
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    sampleSize: t.exposeInt('sampleSize', {
      description: 'How many traces the figures are computed from; at least 8.',
    }),
    durationMs: t.expose('durationMs', {
      type: Distribution,
      description: 'Wall-clock duration of the traces whose end is known, in milliseconds.',
    }),
    cost: t.expose('cost', {
      type: Distribution,
      description: 'Cost of each trace including everything below it, in US dollars.',
    }),
    tokens: t.expose('tokens', {
      type: Distribution,
      description: 'Tokens of all kinds of each trace, including everything below it.',
    }),
  }),
})
