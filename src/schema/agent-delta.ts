import type { AgentDelta as Row } from '../resolvers/compare.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const AgentDelta = builder.objectRef<Row>('AgentDelta')

AgentDelta.implement({
  description:
    'What one agent did in each of two sessions, over their whole trees. Figures are 0 for a session in which it did not work.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    invocationsA: t.exposeInt('invocationsA', { description: 'How many prompts it answered in the first session.' }),
    invocationsB: t.exposeInt('invocationsB', { description: 'How many prompts it answered in the second session.' }),
    ownA: t.expose('ownA', {
      type: Usage,
      description: 'What its traces in the first session used themselves, without what they delegated.',
    }),
    ownB: t.expose('ownB', {
      type: Usage,
      description: 'What its traces in the second session used themselves, without what they delegated.',
    }),
    activeMsA: t.exposeFloat('activeMsA', {
      description: 'Milliseconds that it worked itself in the first session, without waiting for delegations.',
    }),
    activeMsB: t.exposeFloat('activeMsB', {
      description: 'Milliseconds that it worked itself in the second session, without waiting for delegations.',
    }),
  }),
})
