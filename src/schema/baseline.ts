import type { AgentBaseline } from '../store/store.ts'
import { builder } from './builder.ts'
import { Distribution } from './distribution.ts'

export const Baseline = builder.objectRef<AgentBaseline>('Baseline')

Baseline.implement({
  description:
    "What is normal for an agent: of all its traces that are over, whenever they ran. What still runs is not counted, nor what fell silent as long as nothing says that it is over, nor is a fork's copy.",
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The agent.' }),
    sampleSize: t.exposeInt('sampleSize', { description: 'Of how many traces this is said; at least 8.' }),
    durationMs: t.expose('durationMs', {
      type: Distribution,
      description: 'Milliseconds of wall time, of those whose end is known.',
    }),
    cost: t.expose('cost', {
      type: Distribution,
      description: 'US dollars that each trace cost with everything below it.',
    }),
    tokens: t.expose('tokens', {
      type: Distribution,
      description: 'All tokens of each trace with everything below it.',
    }),
  }),
})
