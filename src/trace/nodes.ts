/** Makes the nodes of the trees: one trace for each run or call, combining both if a call opened the run. */
import { type FailureRecord, noUsage, type Trace, type TraceStatus } from '../records.ts'
import type { Call, Run } from './digest.ts'
import { isAbort, type Link } from './link.ts'

/**
 * A trace whose position, durations and totals are not known yet, with the run, the call or both that it was made from.
 */
export interface Node {
  trace: Trace
  parent: Node | null
  run: Run | null
  call: Call | null
}
export type RunNode = Node & { run: Run }
export type CallNode = Node & { call: Call }

function blankTrace(): Omit<
  Trace,
  'id' | 'kind' | 'agent' | 'rootSessionId' | 'callerSessionId' | 'promptInput' | 'startedMs' | 'lastActivityMs'
> {
  return {
    description: null,
    sessionId: null,
    parentId: null,
    parentAgent: null,
    status: 'RUNNING',
    error: null,
    promptOutput: null,
    endedMs: null,
    offsetMs: 0,
    durationMs: null,
    waitMs: null,
    activeMs: null,
    own: noUsage(),
    total: noUsage(),
    models: [],
    toolsUsed: [],
    toolCalls: [],
    depth: 0,
    lft: 0,
    rgt: 0,
    ord: 0,
    childCount: 0,
    followBeforeMs: null,
    followBeforeId: null,
    linkInferred: false,
    orphan: false,
    copied: false,
    reverted: false,
    background: false,
    clockSkewed: false,
  }
}

function fromRun(run: Run): Pick<Trace, 'own' | 'models' | 'toolsUsed' | 'toolCalls'> {
  return {
    own: { ...run.usage },
    models: run.models,
    toolsUsed: [...new Set(run.toolCalls.map((t) => t.tool))],
    toolCalls: run.toolCalls,
  }
}

/** @param child whether a call that is no longer stored must have opened the run */
export function turnOf(run: Run, child: boolean): RunNode {
  const trace: Trace = {
    ...blankTrace(),
    ...fromRun(run),
    id: run.id,
    kind: child ? 'DELEGATION' : 'USER_TURN',
    agent: run.agent ?? run.answeredBy ?? 'unknown',
    sessionId: run.sessionId,
    rootSessionId: run.sessionId,
    callerSessionId: run.sessionId,
    promptInput: run.prompt,
    startedMs: run.startedMs,
    lastActivityMs: run.lastActivityMs,
    linkInferred: child,
    copied: run.copied,
    reverted: run.reverted,
    ...ofOutcome(run),
  }
  return { trace, parent: null, run, call: null }
}

export function delegationOf(call: Call, link: Link): CallNode {
  const { run } = link
  const { task } = call
  const activity = [call.messageMs, call.startMs ?? 0, call.endMs ?? 0, run?.lastActivityMs ?? 0]
  const trace: Trace = {
    ...blankTrace(),
    ...(run === null || call.copied ? {} : fromRun(run)),
    id: call.id,
    kind: 'DELEGATION',
    agent: task.agent ?? run?.agent ?? run?.answeredBy ?? 'unknown',
    description: task.description,
    sessionId: link.sessionId,
    rootSessionId: call.sessionId,
    callerSessionId: call.sessionId,
    promptInput: task.prompt ?? run?.prompt ?? '',
    startedMs: run?.startedMs ?? call.startMs ?? call.messageMs,
    lastActivityMs: Math.max(...activity),
    linkInferred: link.inferred,
    copied: call.copied,
    reverted: run?.reverted ?? false,
    background: task.background,
    ...ofBothSides(call, run),
  }
  return { trace, parent: null, run, call }
}

// ---------------------------------------------------------------- status

type Outcome = Pick<Trace, 'status' | 'endedMs' | 'error' | 'promptOutput'>

const STATUS_OF = {
  waiting: 'RUNNING',
  running: 'RUNNING',
  between: 'RUNNING',
  completed: 'COMPLETED',
  error: 'ERROR',
  aborted: 'ABORTED',
} as const satisfies Record<Run['outcome']['state'], TraceStatus>

function ofOutcome(run: Run): Outcome {
  const status = STATUS_OF[run.outcome.state]
  return {
    status,
    endedMs: status === 'RUNNING' ? null : run.outcome.endedMs,
    error: run.outcome.error,
    promptOutput: status === 'RUNNING' ? null : run.outcome.output,
  }
}

/**
 * Combines the states of the call and of the child's run, since neither is reliable alone: up to 1.2, the call of a
 * failed child says `completed`, and that of a killed one `running`.
 */
function ofBothSides(call: Call, run: Run | null): Outcome {
  const own: Outcome | null = run === null ? null : ofOutcome(run)
  const failure = (): FailureRecord => ({ name: 'ToolError', message: call.error ?? '' })
  if (call.status === 'error' && (own === null || own.status === 'RUNNING' || own.status === 'COMPLETED')) {
    const stopped = isAbort(call.error)
    return {
      status: stopped ? 'ABORTED' : 'ERROR',
      endedMs: own?.endedMs ?? run?.outcome.endedMs ?? call.endMs,
      error: failure(),
      promptOutput: null,
    }
  }
  const returned = call.status === 'completed' && !call.task.background
  if (own === null || (own.status === 'RUNNING' && returned)) {
    if (call.status !== 'completed') return { status: 'RUNNING', endedMs: null, error: null, promptOutput: null }
    if (call.task.background) return own ?? { status: 'RUNNING', endedMs: null, error: null, promptOutput: null }
    return {
      status: 'COMPLETED',
      endedMs: run?.outcome.endedMs ?? call.endMs,
      error: null,
      promptOutput: unwrap(call.task.output),
    }
  }
  return own
}

/**
 * The tags that the `task` tool puts around the child's text (from 1.1 on), and the note that it appends (1.0). The
 * text itself may contain such tags.
 */
const TAG_AROUND =
  /^(?:<task [^>\n]*>|task_id: [^\n]*)\s*<task_result>\n?([\s\S]*?)\n?<\/task_result>\s*(?:<\/task>\s*)?$/
const NOTE_BEHIND = /\n\n<task_metadata>\nsession_id: [^\n]*\n<\/task_metadata>\s*$/

/** Extracts the child's text from the output of the `task` tool. */
function unwrap(output: string | null): string | null {
  if (output === null) return null
  const text = TAG_AROUND.exec(output)?.[1] ?? output.replace(NOTE_BEHIND, '')
  return text === '' ? null : text
}
