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
    'One prompt answered by one agent: either a turn of a user, or a delegation that another agent made through the `task` tool. Traces form a tree: `children` goes down one level at a time, `descendants` returns everything below at once, in the order in which a tree is drawn.',
  fields: (t) => ({
    // who and what
    kind: t.field({
      type: TraceKind,
      description: 'Whether a person or another agent wrote the prompt.',
      ...column('kind'),
    }),
    agent: t.string({ description: 'The agent that answered, such as `build` or `tester`.', ...column('agent') }),
    description: t.string({
      nullable: true,
      description:
        'The short description that its caller gave the task; null for a turn of a user, and when its call is not stored.',
      ...column('description'),
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description:
        'The session that it ran in. Null while no child session exists (the call is pending, was refused, or failed before one was created), or when that session has been deleted.',
      resolve: ({ sessionId }, _args, { loaders }) => (sessionId === null ? null : loaders.session.load(sessionId)),
    }),
    rootSession: t.field({
      type: Session,
      description: 'The session at the top of its tree: the one that a person opened.',
      resolve: async ({ rootSessionId }, _args, { loaders }) =>
        present(await loaders.session.load(rootSessionId), rootSessionId),
    }),

    // place in the tree
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
        'The traces that this one called, ordered by start, then id. May be nested to any depth in one query: the whole tree is then read at once.',
      ...relatives('below'),
      resolve: (row, _args, context, info) => childrenOfTrace(context, row, planTraces(info)),
    }),
    childCount: t.int({ description: 'How many traces it called directly.', ...column('childCount') }),
    ancestors: t.field({
      type: [Trace],
      description: 'The traces above it, root first; empty for a root.',
      ...relatives('above'),
      resolve: (row, _args, context, info) => ancestorsOfTrace(context, row, planTraces(info).own),
    }),
    descendants: t.field({
      type: TraceConnection,
      description:
        'Everything below it at any depth as a flat list, depth first: each trace is followed by everything below it, so that `depth` is enough to draw the tree.',
      args: {
        maxDepth: t.arg.int({
          description: 'Only this many levels below it: 1 returns its children. All levels when omitted.',
        }),
        filter: t.arg({ type: TraceFilter, description: 'Only the traces that match; the order stays the same.' }),
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
    depth: t.exposeInt('depth', { description: 'Its depth below the root of its tree; 0 for a root.' }),
    path: t.stringList({
      description: 'The agents from the root down to this one, such as `["build", "executor", "tester"]`.',
      ...needsOfPath('agent'),
      resolve: (row, _args, context) => agentPath(context, row),
    }),

    // outcome
    status: t.field({ type: TraceStatus, description: 'Whether it is running, or how it ended.', ...column('status') }),
    error: t.field({
      type: TraceError,
      nullable: true,
      description: 'What went wrong; null when nothing did.',
      ...column('error'),
    }),

    // prompt and result
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
      description: 'The beginning of `promptInput` on one line; "…" marks where it was cut.',
      args: {
        length: t.arg.int({
          defaultValue: 120,
          description: 'At most this many characters, from 1 to 10,000.',
        }),
      },
      ...needs('promptInput'),
      resolve: (row, { length }) => previewOf(read(row, 'promptInput'), length ?? 120),
    }),

    handoff: t.field({
      type: Handoff,
      nullable: true,
      description: 'What its caller passed on to it: both prompts compared. Null when no other trace called it.',
      ...needs('promptInput'),
      resolve: (row, _args, { loaders }) => loaders.handoff.load(row),
    }),

    // times
    startedAt: t.field({ type: 'DateTime', description: 'When it started.', ...column('startedMs') }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it is running, or when that is not known.',
      ...column('endedMs'),
    }),
    lastActivityAt: t.field({
      type: 'DateTime',
      description: 'When it last wrote anything itself, not counting its children.',
      ...column('lastActivityMs'),
    }),
    offsetMs: t.float({
      description:
        'Milliseconds from the start of its root trace to its own start: where its bar begins on a timeline.',
      ...column('offsetMs'),
    }),
    durationMs: t.float({
      nullable: true,
      description: 'Wall-clock time from start to end, in milliseconds; null when `endedAt` is null.',
      ...column('durationMs'),
    }),
    waitMs: t.float({
      nullable: true,
      description:
        'Milliseconds of its duration during which at least one of its children was running (the union of their intervals); null when `endedAt` is null.',
      ...column('waitMs'),
    }),
    activeMs: t.float({
      nullable: true,
      description: 'Milliseconds that it worked itself: `durationMs` minus `waitMs`; null when `endedAt` is null.',
      ...column('activeMs'),
    }),

    // usage
    own: t.field({ type: Usage, description: 'What it used itself.', ...column('own') }),
    total: t.field({ type: Usage, description: 'What it and everything below it used.', ...column('total') }),
    models: t.stringList({
      description: 'The models that it used, as OpenCode names them, without their providers, in order of first use.',
      ...column('models'),
    }),
    toolsUsed: t.stringList({
      description: 'The tools that it used, each once, in order of first use.',
      ...column('toolsUsed'),
    }),
    tools: t.field({
      type: [ToolStats],
      description: 'The tools that it used, in order of first use, each with its number of calls and failures.',
      ...column('tools'),
    }),
    toolCalls: t.field({
      type: ToolCallConnection,
      description: 'Its tool calls, in the order in which it made them.',
      args: { ...partArguments },
      ...needs('toolCalls'),
      resolve: (row, args) =>
        listAtHand(
          wholePage(args),
          async () => read(row, 'toolCalls'),
          (call) => call.id,
        ),
    }),

    // where the time went
    criticalPath: t.field({
      type: [Trace],
      description:
        'The chain that decides when it ends, from itself down: at each step the child that ended last, of those that ended no later than their caller (a child that runs on in the background holds nobody up). A child that is still running counts as ending last; of children that ended together, the one that started last is taken.',
      resolve: (row, _args, context, info) => criticalPathOf(context, row, planTraces(info).own),
    }),
    bottleneck: t.field({
      type: Bottleneck,
      nullable: true,
      description:
        'The trace with the most active time, of itself and everything below it; if there are several, the first in depth-first order. Null when `endedAt` is null.',
      resolve: (row, _args, context, info) => bottleneckOf(context, row, planTraces(info).own),
    }),

    baseline: t.field({
      type: Baseline,
      nullable: true,
      description:
        'What is normal for its agent, to compare its own figures with. Null while fewer than 8 traces of that agent have ended.',
      ...needs('agent'),
      resolve: (row, _args, { loaders }) => loaders.baseline.load(read(row, 'agent')),
    }),

    anomalies: t.field({
      type: [Anomaly],
      description:
        'In what ways it stands out itself, highest score first; what stands out below it is in `Session.anomalies`.',
      resolve: ({ id }, _args, { loaders }) => loaders.traceAnomalies.load(id),
    }),

    // flags and anomalies
    linkInferred: t.boolean({
      description:
        'True when its place in the tree was inferred: OpenCode does not say which call opened its session, and the prompt alone did not decide.',
      ...column('linkInferred'),
    }),
    orphan: t.boolean({
      description: 'True when what called it no longer exists, so that it is a root.',
      ...column('orphan'),
    }),
    copied: t.boolean({
      description:
        "True for a fork's copy of a trace: its usage is zero here and counts in the session that it came from.",
      ...column('copied'),
    }),
    reverted: t.boolean({
      description: 'True when its user undid it; what it used still counts.',
      ...column('reverted'),
    }),
  }),
})
