import type { FlowNode as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const FlowNode = builder.objectRef<Row>('FlowNode')

FlowNode.implement({
  description: 'One agent in a diagram.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    invocations: t.exposeInt('invocations', {
      description: 'How many prompts it answered, which is the number of its traces.',
    }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    own: t.expose('own', { type: Usage, description: 'What its traces used themselves, without what they delegated.' }),
    activeMs: t.exposeFloat('activeMs', {
      description: 'Milliseconds that its traces worked themselves, added up, without waiting for delegations.',
    }),
  }),
})
