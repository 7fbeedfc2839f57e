import type { AgentView } from '../resolvers/agents.ts'
import { AgentCount } from './agent-count.ts'
import { builder } from './builder.ts'
import { Distribution } from './distribution.ts'
import { ToolStats } from './tool-stats.ts'
import { Usage } from './usage.ts'

export const AgentStats = builder.objectRef<AgentView>('AgentStats')

AgentStats.implement({
  description: 'Statistics of one agent, over the traces that match the filter.',
  fields: (t) => ({
    agent: t.exposeString('agent', { description: 'The name of the agent.' }),
    invocations: t.exposeInt('invocations', {
      description: 'How many prompts it answered, which is the number of its traces.',
    }),
    sessions: t.exposeInt('sessions', {
      description:
        'In how many trees of sessions it worked. Each tree counts once, for the session that a person opened.',
    }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    errorRate: t.float({
      description: '`errors` divided by `invocations`: from 0 to 1.',
      resolve: ({ errors, invocations }) => errors / invocations,
    }),
    duration: t.expose('duration', {
      type: Distribution,
      description: 'Wall-clock duration of its traces that have ended, in milliseconds.',
    }),
    active: t.expose('active', {
      type: Distribution,
      description:
        'Active time of its traces that have ended, in milliseconds: their duration without waiting for delegations.',
    }),
    cost: t.expose('cost', {
      type: Distribution,
      description: 'Cost of each trace including everything below it, in US dollars.',
    }),
    tokens: t.expose('tokens', {
      type: Distribution,
      description: 'Tokens of all kinds of each trace, including everything below it.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its traces used themselves, without what they delegated.' }),
    total: t.field({
      type: Usage,
      description:
        'What its traces used, including everything below them. A trace below another one of the same agent is part of that one and is not counted again.',
      resolve: (stats) => stats.total(),
    }),
    tools: t.field({
      type: [ToolStats],
      description: 'The tools that it used, most used first.',
      resolve: (stats) => stats.tools(),
    }),
    calledBy: t.field({
      type: [AgentCount],
      description: 'The agents that called it, most frequent first. Turns of a user have no caller.',
      resolve: (stats) => stats.calledBy(),
    }),
    delegatesTo: t.field({
      type: [AgentCount],
      description:
        'The agents that it called, most frequent first. Every call by a matching trace counts, whether or not the trace that it opened matches the filter.',
      resolve: (stats) => stats.delegatesTo(),
    }),
    models: t.exposeStringList('models', {
      description: 'The models that it used, without their providers, sorted by name.',
    }),
    firstSeenAt: t.expose('firstMs', { type: 'DateTime', description: 'When its first trace started.' }),
    lastSeenAt: t.expose('lastMs', { type: 'DateTime', description: 'When its latest trace started.' }),
  }),
})
