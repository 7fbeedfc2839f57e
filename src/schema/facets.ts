import type { Facets as Row } from '../store/store.ts'
import { AgentCount } from './agent-count.ts'
import { builder } from './builder.ts'

export const Facets = builder.objectRef<Row>('Facets')

Facets.implement({
  description: 'The values that filters can take, over everything that was read.',
  fields: (t) => ({
    agents: t.expose('agents', {
      type: [AgentCount],
      description: 'Every agent with the number of its traces, most frequent first.',
    }),
    models: t.exposeStringList('models', {
      description: 'Every model, as OpenCode names it, without its provider; sorted by name.',
    }),
    tools: t.exposeStringList('tools', { description: 'Every tool, sorted by name.' }),
    projects: t.exposeStringList('projects', { description: 'Every project that has traces, sorted by name.' }),
    firstAt: t.expose('firstMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first trace started; null while there is none.',
    }),
    lastAt: t.expose('lastMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the latest trace started; null while there is none.',
    }),
  }),
})
