import type { Facets as Row } from '../store/store.ts'
import { AgentCount } from './agent-count.ts'
import { builder } from './builder.ts'

export const Facets = builder.objectRef<Row>('Facets')

Facets.implement({
  description: 'What there is to filter by, over everything that was read.',
  fields: (t) => ({
    agents: t.expose('agents', {
      type: [AgentCount],
      description: 'Every agent with the number of its traces, the most frequent first.',
    }),
    models: t.exposeStringList('models', {
      description: 'Every model, as OpenCode names it, without its provider, by name.',
    }),
    tools: t.exposeStringList('tools', { description: 'Every tool, by name.' }),
    projects: t.exposeStringList('projects', { description: 'Every project that has traces, by name.' }),
    firstAt: t.expose('firstMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first trace began; null while there is none.',
    }),
    lastAt: t.expose('lastMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last trace began; null while there is none.',
    }),
  }),
})
