/** The fields of `Query` that add up and compare. */
import { agentViews } from '../resolvers/agents.ts'
import { anomalyList } from '../resolvers/anomalies.ts'
import { compareSessions } from '../resolvers/compare.ts'
import { traceFilter } from '../resolvers/filters.ts'
import { flowOfFilter } from '../resolvers/flow.ts'
import { usageRows } from '../resolvers/usage-rows.ts'
import { AgentStats } from './agent-stats.ts'
import { AnomalyConnection } from './anomaly-connection.ts'
import { AnomalyKind } from './anomaly-kind.ts'
import { builder } from './builder.ts'
import { Facets } from './facets.ts'
import { FlowGraph } from './flow-graph.ts'
import { partArguments } from './page-arguments.ts'
import { SessionComparison } from './session-comparison.ts'
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
  anomalies: t.field({
    type: AnomalyConnection,
    description:
      'Sessions and traces that are not as they usually are: abnormally long, costly, deep or wide, failed, stuck, going round in circles. The highest score first, the latest first among equals. `AnomalyKind` says what counts.',
    args: {
      filter: t.arg({
        type: TraceFilter,
        description:
          'Only these traces, and the sessions in whose trees there is one of them; everything when left out. What is normal is always said of the whole history.',
      }),
      kinds: t.arg({ type: [AnomalyKind], description: 'Only of these kinds; all when left out.' }),
      first: t.arg.int({ description: 'The first so many, from 0 to 500. 50 when it is left out.' }),
      after: partArguments.after,
    },
    resolve: (_root, { filter, kinds, ...page }, context) =>
      anomalyList(context.store, { filter: traceFilter(filter), kinds }, page, context),
  }),
  compareSessions: t.field({
    type: SessionComparison,
    nullable: true,
    description:
      'Two sessions side by side: what each agent did in them, and what only one of them has. Null when one does not exist.',
    args: {
      a: t.arg.id({ required: true, description: 'The id of the first, `ses_…`.' }),
      b: t.arg.id({ required: true, description: 'The id of the second, `ses_…`.' }),
    },
    resolve: (_root, { a, b }, context) => compareSessions(context, a, b),
  }),
  facets: t.field({
    type: Facets,
    description: 'The agents, models, tools and projects that there are: what a filter can be filled with.',
    resolve: (_root, _args, { store }) => store.facets(),
  }),
}))
