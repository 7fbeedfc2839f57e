import type { AgentCount as Row } from '../store/store.ts'
import { builder } from './builder.ts'

export const AgentCount = builder.objectRef<Row>('AgentCount')

AgentCount.implement({
  description: 'An agent, and how many times it occurs.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    count: t.exposeInt('count', { description: 'How many times it occurs.' }),
  }),
})
