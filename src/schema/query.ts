import { storedList } from '../resolvers/connection.ts'
import { sessionFilter, traceFilter } from '../resolvers/filters.ts'
import { sessionOrder, traceOrder } from '../resolvers/orders.ts'
import { listPage } from '../resolvers/page-args.ts'
import { builder } from './builder.ts'
import { IngestReport } from './ingest-report.ts'
import { Node } from './node.ts'
import { pageArguments } from './page-arguments.ts'
import { planTraces } from './selection.ts'
import { SessionConnection } from './session-connection.ts'
import { SessionFilter } from './session-filter.ts'
import { SessionOrder } from './session-order.ts'
import { Session } from './session-ref.ts'
import { TraceConnection } from './trace-connection.ts'
import { TraceFilter } from './trace-filter.ts'
import { TraceOrder } from './trace-order.ts'
import { Trace } from './trace-ref.ts'

builder.queryType({
  description:
    'Everything that can be queried. Start with `sessions`, or with `traces` to look across all of them; `ingest` says what was read.',
  fields: (t) => ({
    node: t.field({
      type: Node,
      nullable: true,
      description: 'A session or a trace by its id; null when there is none.',
      args: { id: t.arg.id({ required: true, description: 'Its id, `ses_…`, `msg_…` or `prt_…`.' }) },
      resolve: async (_root, { id }, { loaders }, info) =>
        (await loaders.trace(planTraces(info).own).load(id)) ?? loaders.session.load(id),
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description: 'One session by its id; null when there is none.',
      args: { id: t.arg.id({ required: true, description: 'Its id, `ses_…`.' }) },
      resolve: (_root, { id }, { loaders }) => loaders.session.load(id),
    }),
    sessions: t.field({
      type: SessionConnection,
      description:
        'Sessions, latest first unless ordered otherwise. Only those that a person opened, unless `rootsOnly` is false.',
      args: {
        filter: t.arg({ type: SessionFilter, description: 'Which ones; all when omitted.' }),
        orderBy: t.arg({ type: SessionOrder, description: 'In which order; the latest started first when omitted.' }),
        ...pageArguments,
      },
      resolve: (_root, { filter, orderBy, ...page }, { store, rule }) =>
        storedList(
          listPage(page),
          (args) => store.pageSessions(sessionFilter(filter), sessionOrder(orderBy), args, rule),
          () => store.countSessions(sessionFilter(filter), rule),
        ),
    }),
    trace: t.field({
      type: Trace,
      nullable: true,
      description: 'One trace by its id; null when there is none.',
      args: {
        id: t.arg.id({
          required: true,
          description: 'Its id: `msg_…` of a turn of a user, `prt_…` of a delegation, as `Trace.id` has it.',
        }),
      },
      resolve: (_root, { id }, { loaders }, info) => loaders.trace(planTraces(info).own).load(id),
    }),
    traces: t.field({
      type: TraceConnection,
      description:
        'Traces of all sessions, latest first unless ordered otherwise. Filter by session, date, agent and more.',
      args: {
        filter: t.arg({ type: TraceFilter, description: 'Which ones; all when omitted.' }),
        orderBy: t.arg({ type: TraceOrder, description: 'In which order; the latest started first when omitted.' }),
        ...pageArguments,
      },
      resolve: (_root, { filter, orderBy, ...page }, { store, rule }, info) =>
        storedList(
          listPage(page),
          (args) => store.pageTraces(traceFilter(filter), traceOrder(orderBy), args, planTraces(info).own, rule),
          () => store.countTraces(traceFilter(filter), rule),
        ),
    }),
    ingest: t.field({
      type: IngestReport,
      description: "What was read from OpenCode's files, when, and what could not be read.",
      resolve: (_root, _args, { ingest }) => ingest.report(),
    }),
  }),
})
