/** The fields of `Query` for statistics and comparisons. */
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
      'Statistics of every agent that has a trace, sorted by name: how long it takes, what it costs, how often it fails, whom it calls.',
    args: { filter: t.arg({ type: TraceFilter, description: 'Which traces to count; all when omitted.' }) },
    resolve: (_root, { filter }, { store, rule }) => agentViews(store, traceFilter(filter), rule),
  }),
  flow: t.field({
    type: FlowGraph,
    description:
      'The diagram of the chain of execution: which agent called which, and which ran right after which, over the traces that match the filter.',
    args: { filter: t.arg({ type: TraceFilter, description: 'Which traces to count; all when omitted.' }) },
    resolve: (_root, { filter }, context) => flowOfFilter(context, traceFilter(filter)),
  }),
  usage: t.field({
    type: [UsageRow],
    description:
      'What was used, grouped by period or by name. Periods come in order and without gaps, from the first trace to the last; names come most expensive first. The groups add up to the same totals, whatever they are grouped by.',
    args: {
      by: t.arg({ type: UsageGrouping, required: true, description: 'What to group by.' }),
      filter: t.arg({ type: TraceFilter, description: 'Which traces to count; all when omitted.' }),
    },
    resolve: (_root, { by, filter }, { store, rule }) => usageRows(store, by, traceFilter(filter), rule),
  }),
  anomalies: t.field({
    type: AnomalyConnection,
    description:
      'Sessions and traces that are out of the ordinary: abnormally slow, costly, deep or wide, failed, stuck, or going round in circles. Highest score first, latest first among equals. `AnomalyKind` says what counts.',
    args: {
      filter: t.arg({
        type: TraceFilter,
        description:
          'Only these traces, and the sessions whose trees contain one of them; everything when omitted. What is normal is always determined over the whole history.',
      }),
      kinds: t.arg({ type: [AnomalyKind], description: 'Only these kinds; all when omitted.' }),
      first: t.arg.int({ description: 'Return the first n items, from 0 to 500; 50 when omitted.' }),
      after: partArguments.after,
    },
    resolve: (_root, { filter, kinds, ...page }, context) =>
      anomalyList(context.store, { filter: traceFilter(filter), kinds }, page, context),
  }),
  compareSessions: t.field({
    type: SessionComparison,
    nullable: true,
    description:
      'Two sessions side by side: what each agent did in them, and what only one of them has. Null when one of them does not exist.',
    args: {
      a: t.arg.id({ required: true, description: 'The id of the first session, `ses_…`.' }),
      b: t.arg.id({ required: true, description: 'The id of the second session, `ses_…`.' }),
    },
    resolve: (_root, { a, b }, context) => compareSessions(context, a, b),
  }),
  facets: t.field({
    type: Facets,
    description: 'The agents, models, tools and projects that there are: the values that filters can take.',
    resolve: (_root, _args, { store }) => store.facets(),
  }),
}))
