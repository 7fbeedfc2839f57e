/** The fields of `Query` that add up and compare. */
import { agentViews } from '../resolvers/agents.ts'
import { traceFilter } from '../resolvers/filters.ts'
import { flowOfFilter } from '../resolvers/flow.ts'
import { usageRows } from '../resolvers/usage-rows.ts'
import { AgentStats } from './agent-stats.ts'
import { builder } from './builder.ts'
import { Facets } from './facets.ts'
import { FlowGraph } from './flow-graph.ts'
import { TraceFilter } from './trace-filter.ts'
import { UsageGrouping } from './usage-grouping.ts'
import { UsageRow } from './usage-row.ts'

builder.queryFields((t) => ({
  agents: t.field({
    type: [AgentStats],
    description:
      'Statistics of every agent that has a trace, by name: how long, how costly, how often it fails, whom it calls.',
    args: { filter: t.arg({ type: TraceFilter, description: 'Over which traces; all when left out.' }) },
    resolve: (_root, { filter }, { store, rule }) => agentViews(store, traceFilter(filter), rule),
  }),
  flow: t.field({
    type: FlowGraph,
    description:
      'The diagram of the chain of execution: which agent called which, and which ran after which, over the traces that the filter admits.',
    args: { filter: t.arg({ type: TraceFilter, description: 'Of which traces; all when left out.' }) },
    resolve: (_root, { filter }, context) => flowOfFilter(context, traceFilter(filter)),
  }),
  usage: t.field({
    type: [UsageRow],
    description:
      'What was spent, by span of time or by name. Spans are in order and without gaps from the first trace to the last; names come with the dearest first. The sums are those of the whole, whatever they are grouped by.',
    args: {
      by: t.arg({ type: UsageGrouping, required: true, description: 'By what.' }),
      filter: t.arg({ type: TraceFilter, description: 'Of which traces; all when left out.' }),
    },
    resolve: (_root, { by, filter }, { store, rule }) => usageRows(store, by, traceFilter(filter), rule),
  }),
  facets: t.field({
    type: Facets,
    description: 'The agents, models, tools and projects that there are: what a filter can be filled with.',
    resolve: (_root, _args, { store }) => store.facets(),
  }),
}))
