import type { AgentView } from '../resolvers/agents.ts'
import { AgentCount } from './agent-count.ts'
import { builder } from './builder.ts'
import { Distribution } from './distribution.ts'
import { ToolStats } from './tool-stats.ts'
import { Usage } from './usage.ts'

export const AgentStats = builder.objectRef<AgentView>('AgentStats')

AgentStats.implement({
  description: 'What is known of one agent, over the traces that the filter admits.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    invocations: t.exposeInt('invocations', { description: 'How many prompts it answered: its traces.' }),
    sessions: t.exposeInt('sessions', {
      description: 'In the trees of how many sessions, of those that a person opened, it worked.',
    }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    errorRate: t.float({
      description: '`errors` divided by `invocations`: from 0 to 1.',
      resolve: ({ errors, invocations }) => errors / invocations,
    }),
    duration: t.expose('duration', {
      type: Distribution,
      description: 'Milliseconds of wall time of the traces that ended.',
    }),
    active: t.expose('active', {
      type: Distribution,
      description: 'Milliseconds in which it worked itself, of the traces that ended.',
    }),
    cost: t.expose('cost', {
      type: Distribution,
      description: 'US dollars that each trace cost with everything below it.',
    }),
    tokens: t.expose('tokens', {
      type: Distribution,
      description: 'All tokens of each trace with everything below it.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its traces spent themselves.' }),
    total: t.field({
      type: Usage,
      description:
        'What its traces spent with everything below them. One that stands below another of the same agent is part of that one and counts once.',
      resolve: (stats) => stats.total(),
    }),
    tools: t.field({
      type: [ToolStats],
      description: 'The tools that it used, the most used first.',
      resolve: (stats) => stats.tools(),
    }),
    calledBy: t.field({
      type: [AgentCount],
      description: 'The agents that called it, the most frequent first. Turns of users have no caller.',
      resolve: (stats) => stats.calledBy(),
    }),
    delegatesTo: t.field({
      type: [AgentCount],
      description:
        'The agents that it called, the most frequent first: every call of the traces admitted, whatever it called.',
      resolve: (stats) => stats.delegatesTo(),
    }),
    models: t.exposeStringList('models', {
      description: 'The models that it worked with, without their providers, by name.',
    }),
    firstSeenAt: t.expose('firstMs', { type: 'DateTime', description: 'When its first trace began.' }),
    lastSeenAt: t.expose('lastMs', { type: 'DateTime', description: 'When its last trace began.' }),
  }),
})
