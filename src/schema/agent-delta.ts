import type { AgentDelta as Row } from '../resolvers/compare.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const AgentDelta = builder.objectRef<Row>('AgentDelta')

AgentDelta.implement({
  description: 'What one agent did in each of two sessions, their whole trees; 0 where it did not work in one.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The agent.' }),
    invocationsA: t.exposeInt('invocationsA', { description: 'How many prompts it answered in the first.' }),
    invocationsB: t.exposeInt('invocationsB', { description: 'How many prompts it answered in the second.' }),
    ownA: t.expose('ownA', { type: Usage, description: 'What its traces spent themselves in the first.' }),
    ownB: t.expose('ownB', { type: Usage, description: 'What its traces spent themselves in the second.' }),
    activeMsA: t.exposeFloat('activeMsA', { description: 'Milliseconds in which it worked itself in the first.' }),
    activeMsB: t.exposeFloat('activeMsB', { description: 'Milliseconds in which it worked itself in the second.' }),
  }),
})
