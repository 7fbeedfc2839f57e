import { listAtHand } from '../resolvers/connection.ts'
import { bottleneckOf, criticalPathOf } from '../resolvers/critical-path.ts'
import { present } from '../resolvers/existing.ts'
import { traceFilter } from '../resolvers/filters.ts'
import { wholePage } from '../resolvers/page-args.ts'
import { previewOf } from '../resolvers/preview.ts'
import { agentPath, ancestorsOfTrace, childrenOfTrace, parentOfTrace } from '../resolvers/relatives.ts'
import { pageOfDescendants } from '../resolvers/tree-lists.ts'
import { Anomaly } from './anomaly.ts'
import { Baseline } from './baseline.ts'
import { Bottleneck } from './bottleneck.ts'
import { Handoff } from './handoff.ts'
import { Node } from './node.ts'
import { partArguments } from './page-arguments.ts'
import { column, needs, needsOfPath, planTraces, read, relatives } from './selection.ts'
import { Session } from './session-ref.ts'
import { ToolCallConnection } from './tool-call-connection.ts'
import { ToolStats } from './tool-stats.ts'
import { TraceConnection } from './trace-connection.ts'
import { TraceError } from './trace-error.ts'
import { TraceFilter } from './trace-filter.ts'
import { TraceKind } from './trace-kind.ts'
import { Trace } from './trace-ref.ts'
import { TraceStatus } from './trace-status.ts'
import { Usage } from './usage.ts'

Trace.implement({
  interfaces: [Node],
  description:
    'One prompt answered by one agent: either a turn of a user, or a delegation that another agent made through the `task` tool. Traces form a tree; `children` goes down one step at a time, `descendants` gives everything below at once, in the order in which a tree is drawn.',
  fields: (t) => ({
    // who and what
    kind: t.field({ type: TraceKind, description: 'Whether a person or another agent asked.', ...column('kind') }),
    agent: t.string({ description: 'The agent that answered, such as `build` or `tester`.', ...column('agent') }),
    description: t.string({
      nullable: true,
      description:
        'The few words with which its caller named the task; null for the turn of a user, and where no call of it is stored.',
      ...column('description'),
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description:
        'The conversation that it ran in. Null while no child session exists (the call is pending, was refused or failed before), or when that session has been deleted.',
      resolve: ({ sessionId }, _args, { loaders }) => (sessionId === null ? null : loaders.session.load(sessionId)),
    }),
    rootSession: t.field({
      type: Session,
      description: 'The session at the top of its tree: the one that a person opened.',
      resolve: async ({ rootSessionId }, _args, { loaders }) =>
        present(await loaders.session.load(rootSessionId), rootSessionId),
    }),

    // its place in the tree
    parent: t.field({
      type: Trace,
      nullable: true,
      description: 'The trace whose agent called this one; null for a root.',
      ...relatives('above'),
      resolve: (row, _args, context, info) => parentOfTrace(context, row, planTraces(info)),
    }),
    parentId: t.exposeID('parentId', { nullable: true, description: 'The id of `parent`; null for a root.' }),
    parentAgent: t.string({
      nullable: true,
      description: 'The agent that called this one; null for a root.',
      ...column('parentAgent'),
    }),
    children: t.field({
      type: [Trace],
      description:
        'The traces that this one called, by start, then id. May be nested to any depth in one query: the whole tree is then read at once.',
      ...relatives('below'),
      resolve: (row, _args, context, info) => childrenOfTrace(context, row, planTraces(info)),
    }),
    childCount: t.int({ description: 'How many traces it called itself.', ...column('childCount') }),
    ancestors: t.field({
      type: [Trace],
      description: 'The traces above it, root first; empty for a root.',
      ...relatives('above'),
      resolve: (row, _args, context, info) => ancestorsOfTrace(context, row, planTraces(info).own),
    }),
    descendants: t.field({
      type: TraceConnection,
      description:
        'Everything below it at any depth, flat and depth first: each trace comes right after the one that it hangs from, so that `depth` is enough to draw the tree.',
      args: {
        maxDepth: t.arg.int({
          description: 'Only so many levels below it: 1 gives its children. All levels when left out.',
        }),
        filter: t.arg({ type: TraceFilter, description: 'Only the traces that fit; the order stays.' }),
        ...partArguments,
      },
      ...relatives('below'),
      resolve: (row, { maxDepth, filter, ...page }, context, info) =>
        pageOfDescendants(
          context,
          row,
          maxDepth ?? null,
          filter ? traceFilter(filter) : null,
          wholePage(page),
          planTraces(info),
        ),
    }),
    descendantCount: t.int({
      description: 'How many traces are below it at any depth.',
      ...column('descendantCount'),
    }),
    depth: t.exposeInt('depth', { description: 'Steps down from the root of its tree; 0 for a root.' }),
    path: t.stringList({
      description: 'The agents from the root down to this one, such as `["build", "executor", "tester"]`.',
      ...needsOfPath('agent'),
      resolve: (row, _args, context) => agentPath(context, row),
    }),

    // how it went
    status: t.field({ type: TraceStatus, description: 'How far it has come, or how it ended.', ...column('status') }),
    error: t.field({
      type: TraceError,
      nullable: true,
      description: 'What went wrong; null when nothing did.',
      ...column('error'),
    }),

    // what was said
    promptInput: t.string({
      description: 'The whole prompt that the agent received, exactly as stored.',
      ...column('promptInput'),
    }),
    promptOutput: t.string({
      nullable: true,
      description: 'The whole final answer; null while there is none.',
      ...column('promptOutput'),
    }),
    promptPreview: t.string({
      description: 'The beginning of `promptInput` on one line, with "…" where it was cut.',
      args: {
        length: t.arg.int({
          defaultValue: 120,
          description: 'At most so many characters, from 1 to 10,000.',
        }),
      },
      ...needs('promptInput'),
      resolve: (row, { length }) => previewOf(read(row, 'promptInput'), length ?? 120),
    }),

    handoff: t.field({
      type: Handoff,
      nullable: true,
      description: 'What its caller passed on to it: both prompts against each other. Null for what nobody called.',
      ...needs('promptInput'),
      resolve: (row, _args, { loaders }) => loaders.handoff.load(row),
    }),

    // when
    startedAt: t.field({ type: 'DateTime', description: 'When it began.', ...column('startedMs') }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it is under way or when that is not known.',
      ...column('endedMs'),
    }),
    lastActivityAt: t.field({
      type: 'DateTime',
      description: 'When it last wrote anything itself, its children not counted.',
      ...column('lastActivityMs'),
    }),
    offsetMs: t.float({
      description: 'Milliseconds from the start of its root trace to its own: where its bar begins on a timeline.',
      ...column('offsetMs'),
    }),
    durationMs: t.float({
      nullable: true,
      description: 'Milliseconds of wall time from start to end; null where `endedAt` is null.',
      ...column('durationMs'),
    }),
    waitMs: t.float({
      nullable: true,
      description:
        'Milliseconds of its duration in which at least one of its children ran (the union of their intervals); null where `endedAt` is null.',
      ...column('waitMs'),
    }),
    activeMs: t.float({
      nullable: true,
      description: 'Milliseconds in which it worked itself: `durationMs` less `waitMs`; null where `endedAt` is null.',
      ...column('activeMs'),
    }),

    // what it spent
    own: t.field({ type: Usage, description: 'What it spent itself.', ...column('own') }),
    total: t.field({ type: Usage, description: 'What it and everything below it spent.', ...column('total') }),
    models: t.stringList({
      description:
        'The models that it worked with, as OpenCode names them, without their providers, in order of first use.',
      ...column('models'),
    }),
    toolsUsed: t.stringList({
      description: 'The tools that it used, each once, in order of first use.',
      ...column('toolsUsed'),
    }),
    tools: t.field({
      type: [ToolStats],
      description: 'The tools that it used, in order of first use, with the number of calls and failures of each.',
      ...column('tools'),
    }),
    toolCalls: t.field({
      type: ToolCallConnection,
      description: 'Its calls of tools, in the order in which it made them.',
      args: { ...partArguments },
      ...needs('toolCalls'),
      resolve: (row, args) =>
        listAtHand(
          wholePage(args),
          async () => read(row, 'toolCalls'),
          (call) => call.id,
        ),
    }),

    // where its time went
    criticalPath: t.field({
      type: [Trace],
      description:
        'The chain that decides when it ends, from itself down: at each step the child that ended last, of those that ended no later than their caller (a child that runs on in the background holds nobody up). What still runs counts as ending last; of children that ended together the one that began last is taken.',
      resolve: (row, _args, context, info) => criticalPathOf(context, row, planTraces(info).own),
    }),
    bottleneck: t.field({
      type: Bottleneck,
      nullable: true,
      description:
        'The trace with the most active time, of itself and everything below it; of several the first in depth-first order. Null where `endedAt` is null.',
      resolve: (row, _args, context, info) => bottleneckOf(context, row, planTraces(info).own),
    }),

    baseline: t.field({
      type: Baseline,
      nullable: true,
      description:
        'What is normal for its agent, to hold its own figures against. Null while fewer than 8 traces of that agent are over.',
      ...needs('agent'),
      resolve: (row, _args, { loaders }) => loaders.baseline.load(read(row, 'agent')),
    }),

    anomalies: t.field({
      type: [Anomaly],
      description:
        'In what it stands out itself, the highest score first; what stands out below it is in `Session.anomalies`.',
      resolve: ({ id }, _args, { loaders }) => loaders.traceAnomalies.load(id),
    }),

    // what to know about it
    linkInferred: t.boolean({
      description:
        'Its place in the tree is inferred: OpenCode does not say which call opened its session, and the prompt alone did not decide.',
      ...column('linkInferred'),
    }),
    orphan: t.boolean({
      description: 'What called it does not exist any more, so that it stands as a root.',
      ...column('orphan'),
    }),
    copied: t.boolean({
      description: "A fork's copy of a trace: its usage is zero here and counts in the session that it came from.",
      ...column('copied'),
    }),
    reverted: t.boolean({
      description: 'Undone by its user; what it spent still counts.',
      ...column('reverted'),
    }),
  }),
})
