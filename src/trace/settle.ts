/**
 * Settles traces that are RUNNING according to the files, but whose end a later event, or what they waited for, proves.
 */
import { pushTo } from '../group.ts'
import type { Run } from './digest.ts'
import type { Node, RunNode } from './nodes.ts'
import { byTime } from './order.ts'

/**
 * Sets the final statuses in place. Callers are settled before their delegations, so that an end propagates downwards.
 */
export function settleStatuses(nodes: readonly Node[]): void {
  const bySession = new Map<string, RunNode[]>()
  for (const node of nodes) {
    if (isOfRun(node) && !node.trace.copied) pushTo(bySession, node.run.sessionId, node)
  }
  for (const node of nodes) if (node.call !== null && node.parent !== null) stopWithCommand(node, node.parent)
  for (const list of bySession.values()) settleSession(list)
  for (const node of callersFirst(nodes)) {
    const { trace, parent, call } = node
    if (
      trace.status === 'RUNNING' &&
      call !== null &&
      !trace.background &&
      parent !== null &&
      parent.trace.status !== 'RUNNING'
    ) {
      trace.status = 'INTERRUPTED'
    }
  }
}

/**
 * Marks a turn as aborted if its custom command was. Up to 1.2, only the session that ran the command records that the
 * user aborted the turn meanwhile: if the command alone had been aborted, the next answer of the turn would have begun
 * at once.
 */
function stopWithCommand({ trace: { status, endedMs, error } }: Node, { run, trace }: Node): void {
  if (status !== 'ABORTED' || run === null || run.toolCalls.length > 0) return
  const { state } = run.outcome
  // In the first 1.0 no answer would have begun: the command is completed without one.
  const mayBeStopped =
    state === 'between' ? trace.status === 'RUNNING' : state === 'completed' && run.usage.llmCalls === 0
  if (!mayBeStopped) return
  Object.assign(trace, { status, error, endedMs: Math.max(run.lastActivityMs, endedMs ?? 0) })
}

const isOfRun = (node: Node): node is RunNode => node.run !== null

/** A prompt that no other work delays is taken up within this time, or never: OpenCode starts within seconds. */
const PROMPT_TAKEN_UP_MS = 10_000

/** The run that kept a session busy when a prompt arrived, and until when. */
interface Busy {
  with: RunNode
  untilMs: number
}

/** Settles the runs of one session, from the last to the first. */
function settleSession(list: RunNode[]): void {
  list.sort(
    byTime(
      (n) => n.run.startedMs,
      (n) => n.trace.id,
    ),
  )
  const busyBefore: (Busy | null)[] = []
  let busy: Busy | null = null
  for (const node of list) {
    busyBefore.push(busy)
    const untilMs = node.run.outcome.endedMs ?? node.run.lastActivityMs
    if (busy === null || untilMs > busy.untilMs) busy = { with: node, untilMs }
  }
  let next: RunNode | null = null
  for (let i = list.length - 1; i >= 0; i--) {
    const node = list[i]
    if (node === undefined) continue
    if (wentOnUnder(node.run, next)) endBefore(node)
    else if (node.trace.status === 'RUNNING') settle(node, next, busyBefore[i] ?? null)
    if (node.run.answeredMs !== null) next = node
  }
}

/** Whether the next prompt came before the answer was complete, and the answer went on under that prompt. */
const wentOnUnder = ({ outcome }: Run, next: RunNode | null): boolean =>
  outcome.state === 'between' && outcome.endedMs !== null && next !== null && next.run.startedMs <= outcome.endedMs

/** Ends a run with its own last text, although a waiting caller received the answer to the later prompt. */
function endBefore({ run, trace }: RunNode): void {
  if (trace.status !== 'RUNNING' && trace.status !== 'COMPLETED') return
  trace.status = 'COMPLETED'
  trace.endedMs = run.outcome.endedMs
  trace.promptOutput = run.outcome.output
}

/**
 * @param next the next run whose prompt was answered
 * @param before the run that kept the session busy the longest, among those before this one
 */
function settle({ run, trace, call }: RunNode, next: RunNode | null, before: Busy | null): void {
  const { state } = run.outcome
  const waitedFor = state === 'waiting' && before !== null && before.untilMs >= run.startedMs ? before : null
  // OpenCode 0.5 names no agent in a prompt: a waiting prompt is taken up by the agent that is at work.
  if (state === 'waiting' && call === null && run.agent === null)
    trace.agent = (before?.with ?? next)?.trace.agent ?? trace.agent
  const lost = waitedFor?.with.trace
  if (
    waitedFor !== null &&
    (lost?.status === 'ABORTED' || lost?.status === 'ERROR') &&
    (next === null || next.run.startedMs > waitedFor.untilMs)
  ) {
    // The session became free but did not take the prompt up, so the prompt ended as the run that it waited for did.
    trace.status = lost.status
    trace.endedMs = waitedFor.untilMs
    trace.error = lost.error
  } else if (next === null) {
    return
  } else if (waitedFor !== null || (state === 'waiting' && next.run.startedMs - run.startedMs <= PROMPT_TAKEN_UP_MS)) {
    // One answer serves, or will serve, both prompts.
    trace.status = next.trace.status
    trace.endedMs = next.trace.endedMs
  } else trace.status = 'INTERRUPTED'
}

function callersFirst(nodes: readonly Node[]): Node[] {
  const children = new Map<Node | null, Node[]>()
  for (const node of nodes) pushTo(children, node.parent, node)
  const order = [...(children.get(null) ?? [])]
  for (let i = 0; i < order.length; i++) {
    const node = order[i]
    if (node !== undefined) for (const child of children.get(node) ?? []) order.push(child)
  }
  return order
}
