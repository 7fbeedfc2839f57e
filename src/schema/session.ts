import { present } from '../resolvers/existing.ts'
import { traceFilter } from '../resolvers/filters.ts'
import { flowOfSession } from '../resolvers/flow.ts'
import { wholePage } from '../resolvers/page-args.ts'
import { resumeCommand } from '../resolvers/resume-command.ts'
import { sourceOf } from '../resolvers/source-of.ts'
import { rootTracesOfSession, tracesOfSession } from '../resolvers/tree-lists.ts'
import { Anomaly } from './anomaly.ts'
import { FlowGraph } from './flow-graph.ts'
import { Node } from './node.ts'
import { partArguments } from './page-arguments.ts'
import { planTraces } from './selection.ts'
import { Session } from './session-ref.ts'
import { Source } from './source.ts'
import { TraceConnection } from './trace-connection.ts'
import { TraceFilter } from './trace-filter.ts'
import { Trace } from './trace-ref.ts'
import { TraceStatus } from './trace-status.ts'
import { Usage } from './usage.ts'

Session.implement({
  interfaces: [Node],
  description:
    'One conversation in OpenCode, opened by a person or by a delegation (then it has a `parent`). Its figures cover its whole tree, including child sessions at any depth, except for `own`.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Its title, which OpenCode generates and its user may change.' }),
    directory: t.exposeString('directory', {
      nullable: true,
      description: 'The directory that OpenCode was started in; null when its version did not store it.',
    }),
    project: t.exposeString('project', {
      nullable: true,
      description:
        "The path of the repository's worktree, or `global` outside of a repository; null when it is not known.",
    }),
    version: t.exposeString('version', {
      nullable: true,
      description: 'The version of OpenCode that created the session, as it was stored; null when none was stored.',
    }),
    source: t.field({
      type: Source,
      description: 'The store of OpenCode that it was read from.',
      resolve: (session) => sourceOf(session.sourceId),
    }),
    parent: t.field({
      type: Session,
      nullable: true,
      description: 'The session whose agent opened this one; null for a session that a person opened.',
      resolve: ({ parentId }, _args, { loaders }) => (parentId === null ? null : loaders.session.load(parentId)),
    }),
    children: t.field({
      type: [Session],
      description: 'The sessions that its agents opened, ordered by start.',
      resolve: ({ id }, _args, { loaders }) => loaders.childSessions.load(id),
    }),
    root: t.field({
      type: Session,
      description: 'The session at the top of its tree; the session itself when a person opened it.',
      resolve: async (session, _args, { loaders }) =>
        session.rootId === session.id ? session : present(await loaders.session.load(session.rootId), session.rootId),
    }),
    rootTraces: t.field({
      type: [Trace],
      description: 'The turns of its user, in order: start here and follow `children`.',
      resolve: (session, _args, context, info) => rootTracesOfSession(context, session, planTraces(info)),
    }),
    traces: t.field({
      type: TraceConnection,
      description:
        'Every trace of its tree as a flat list, depth first: each is followed by everything below it, so that a tree of any depth can be drawn from one request with `depth` or `parentId`.',
      args: {
        filter: t.arg({ type: TraceFilter, description: 'Only the traces that match; the order stays the same.' }),
        ...partArguments,
      },
      resolve: (session, { filter, ...page }, context, info) =>
        tracesOfSession(context, session, filter ? traceFilter(filter) : null, wholePage(page), planTraces(info)),
    }),
    traceCount: t.exposeInt('traceCount', { description: 'How many traces are in its tree.' }),
    delegationCount: t.exposeInt('delegationCount', {
      description: 'How many traces in its tree are delegations, that is, called by an agent.',
    }),
    errorCount: t.exposeInt('errorCount', { description: 'How many traces in its tree have the status ERROR.' }),
    maxDepth: t.exposeInt('maxDepth', { description: 'How deep its tree goes; 0 when nothing was delegated.' }),
    agents: t.exposeStringList('agents', {
      description: 'The agents that worked in its tree, in order of first use in `traces`.',
    }),
    models: t.exposeStringList('models', {
      description:
        'The models that were used in its tree, as OpenCode names them, without their providers, in order of first use in `traces`.',
    }),
    status: t.expose('status', {
      type: TraceStatus,
      description:
        'RUNNING while anything in its tree is running, otherwise the status of its last turn; COMPLETED when it has no turns.',
    }),
    startedAt: t.expose('startedMs', { type: 'DateTime', description: 'When it was created.' }),
    lastActivityAt: t.expose('lastActivityMs', {
      type: 'DateTime',
      description: 'When anything in its tree was last written.',
    }),
    durationMs: t.exposeFloat('durationMs', {
      description: 'Milliseconds from `startedAt` to `lastActivityAt`, including the pauses of its user.',
    }),
    activeMs: t.exposeFloat('activeMs', {
      description:
        'Milliseconds during which any prompt given in it was being answered (the union of their intervals); what a fork copied does not count.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its own messages used.' }),
    total: t.expose('total', {
      type: Usage,
      description:
        'What it and its child sessions at any depth used. For a root session, that is what its whole tree used.',
    }),
    flow: t.field({
      type: FlowGraph,
      description: 'Which agent called which in its tree, and which ran right after which.',
      resolve: ({ id }, _args, { loaders }) => flowOfSession(loaders, id),
    }),
    anomalies: t.field({
      type: [Anomaly],
      description:
        'What stands out in it: the session itself, if a person opened it, and the traces of its whole tree; highest score first. `subject` says which of them it is.',
      resolve: ({ id }, _args, { loaders }) => loaders.sessionAnomalies.load(id),
    }),
    forkedFrom: t.field({
      type: Session,
      nullable: true,
      description: 'The session that it was forked from; null when it is not a fork, or when the original is gone.',
      resolve: ({ forkedFromId }, _args, { loaders }) =>
        forkedFromId === null ? null : loaders.session.load(forkedFromId),
    }),
    resumeCommand: t.string({
      description: 'What to type in a terminal to continue it, such as `cd /home/me/app && opencode --session ses_…`.',
      resolve: resumeCommand,
    }),
  }),
})
