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
    'One conversation of OpenCode: opened by a person, or by a delegation (then it has a `parent`). Its figures are of its whole tree, child sessions at any depth included, except for `own`.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Its title, which OpenCode makes and its user may change.' }),
    directory: t.exposeString('directory', {
      nullable: true,
      description: 'The directory that OpenCode was started in; null where its version did not store it.',
    }),
    project: t.exposeString('project', {
      nullable: true,
      description: "The path of the repository's worktree, `global` outside of one; null where it is not known.",
    }),
    version: t.exposeString('version', {
      nullable: true,
      description: 'The version of OpenCode that made the session, as it wrote it; null where it wrote none.',
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
      description: 'The sessions that its agents opened, by start.',
      resolve: ({ id }, _args, { loaders }) => loaders.childSessions.load(id),
    }),
    root: t.field({
      type: Session,
      description: 'The session at the top of its tree; itself when a person opened it.',
      resolve: async (session, _args, { loaders }) =>
        session.rootId === session.id ? session : present(await loaders.session.load(session.rootId), session.rootId),
    }),
    rootTraces: t.field({
      type: [Trace],
      description: 'The turns of its user, in order: begin here and follow `children`.',
      resolve: (session, _args, context, info) => rootTracesOfSession(context, session, planTraces(info)),
    }),
    traces: t.field({
      type: TraceConnection,
      description:
        'Every trace of its tree, flat and depth first: each comes right after the one that it hangs from, so that a tree of any depth is drawn from one request with `depth` or `parentId`.',
      args: {
        filter: t.arg({ type: TraceFilter, description: 'Only the traces that fit; the order stays.' }),
        ...partArguments,
      },
      resolve: (session, { filter, ...page }, context, info) =>
        tracesOfSession(context, session, filter ? traceFilter(filter) : null, wholePage(page), planTraces(info)),
    }),
    traceCount: t.exposeInt('traceCount', { description: 'How many traces its tree has.' }),
    delegationCount: t.exposeInt('delegationCount', {
      description: 'How many traces of its tree are delegations: called by an agent.',
    }),
    errorCount: t.exposeInt('errorCount', { description: 'How many traces of its tree have the status ERROR.' }),
    maxDepth: t.exposeInt('maxDepth', { description: 'How deep its tree goes; 0 when nothing was delegated.' }),
    agents: t.exposeStringList('agents', {
      description: 'The agents that worked in its tree, in the order of their first use in `traces`.',
    }),
    models: t.exposeStringList('models', {
      description:
        'The models that its tree worked with, as OpenCode names them, without their providers, in the order of their first use in `traces`.',
    }),
    status: t.expose('status', {
      type: TraceStatus,
      description:
        'RUNNING while anything in its tree runs, otherwise the status of its last turn; COMPLETED when it has none.',
    }),
    startedAt: t.expose('startedMs', { type: 'DateTime', description: 'When it was made.' }),
    lastActivityAt: t.expose('lastActivityMs', {
      type: 'DateTime',
      description: 'When anything in its tree was last written.',
    }),
    durationMs: t.exposeFloat('durationMs', {
      description: 'Milliseconds from `startedAt` to `lastActivityAt`, pauses of its user included.',
    }),
    activeMs: t.exposeFloat('activeMs', {
      description:
        'Milliseconds in which any prompt that was given in it was being answered (the union of their intervals); what a fork copied is left out.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its own messages spent.' }),
    total: t.expose('total', {
      type: Usage,
      description: 'What it and its child sessions spent, at any depth. Of a root session: what its whole tree spent.',
    }),
    flow: t.field({
      type: FlowGraph,
      description: 'Which agent called which in its tree, and which ran after which.',
      resolve: ({ id }, _args, { loaders }) => flowOfSession(loaders, id),
    }),
    anomalies: t.field({
      type: [Anomaly],
      description:
        'What stands out in it: the session itself, if a person opened it, and the traces of its whole tree; the highest score first. `subject` says what it is.',
      resolve: ({ id }, _args, { loaders }) => loaders.sessionAnomalies.load(id),
    }),
    forkedFrom: t.field({
      type: Session,
      nullable: true,
      description: 'The session that it is a fork of; null when it is none or the other is gone.',
      resolve: ({ forkedFromId }, _args, { loaders }) =>
        forkedFromId === null ? null : loaders.session.load(forkedFromId),
    }),
    resumeCommand: t.string({
      description: 'What to type in a terminal to continue it, such as `cd /home/me/app && opencode --session ses_…`.',
      resolve: resumeCommand,
    }),
  }),
})
