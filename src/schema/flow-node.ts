import type { FlowNode as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const FlowNode = builder.objectRef<Row>('FlowNode')

FlowNode.implement({
  description: 'One agent of a diagram.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    invocations: t.exposeInt('invocations', { description: 'How many prompts it answered: its traces.' }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    own: t.expose('own', { type: Usage, description: 'What its traces spent themselves.' }),
    activeMs: t.exposeFloat('activeMs', {
      description: 'Milliseconds in which its traces worked themselves, added up.',
    }),
  }),
})
