/**
 * Decides which `task` call opened which run. A call that names its session is matched to a run there by prompt and
 * order; a call that names none (OpenCode 0.5, or a process that died at the wrong moment) to a child session of its
 * caller; a call that an export has redacted by time.
 */
import { pushTo } from '../group.ts'
import type { Call, Run, SessionDigest } from './digest.ts'
import { linkByTime } from './link-by-time.ts'
import { compareIds } from './order.ts'

export interface Link {
  /** The session that ran the call; null while none exists. */
  sessionId: string | null
  /** The run that it opened there; null if the session never got the prompt. */
  run: Run | null
  /** The link is a guess: the prompt alone did not determine it. */
  inferred: boolean
}

/** The error messages by which OpenCode marks a call that was aborted together with its turn. */
const ABORTED = /tool execution aborted|task cancelled|^cancelled$|\babort/i

export const isAbort = (error: string | null): boolean => error !== null && ABORTED.test(error)

type Digests = ReadonlyMap<string, SessionDigest>

/** Returns exactly one link for each call that is not a fork's copy. */
export function linkCalls(digests: Digests): Map<Call, Link> {
  const calls = [...digests.values()]
    .flatMap((d) => d.calls)
    .filter((c) => !c.copied)
    .sort((a, b) => a.messageMs - b.messageMs || compareIds(a.id, b.id))
  const links = new Map<Call, Link>()
  const linking = linkingInto(links)
  const named = calls.filter((c) => c.task.sessionId !== null && digests.has(c.task.sessionId))
  linkNamed(named, calls, digests, linking)
  linkUnnamed(named, calls, digests, linking)
  const redacted = calls.filter((call) => call.task.redacted)
  if (redacted.length > 0) {
    const { free, isLinked, link } = linking
    linkByTime(redacted, digests, { free, isLinked, link: (call, run) => link(call, run.sessionId, run, true) })
  }
  for (const call of calls) {
    if (!links.has(call)) links.set(call, { sessionId: null, run: null, inferred: false })
  }
  return links
}

interface Linking {
  isLinked: (call: Call) => boolean
  /** Whether the call may have opened the run: the run is not older than the call, and no other call has claimed it. */
  free: (call: Call, run: Run) => boolean
  link: (call: Call, sessionId: string, run: Run | null, inferred: boolean) => void
}

/** One to one: a run has at most one call. */
function linkingInto(links: Map<Call, Link>): Linking {
  const claimed = new Set<Run>()
  return {
    isLinked: (call) => links.has(call),
    free: (call, run) =>
      run.prompted && !run.copied && !claimed.has(run) && run.id !== call.runId && run.startedMs >= call.messageMs,
    link(call, sessionId, run, inferred) {
      links.set(call, { sessionId, run, inferred })
      if (run !== null) claimed.add(run)
    },
  }
}

/** Links calls that name the session that ran them, or that asked to resume one. */
function linkNamed(
  named: readonly Call[],
  calls: readonly Call[],
  digests: Digests,
  { free, isLinked, link }: Linking,
): void {
  const linkByPrompt = (call: Call, sessionId: string | null): void => {
    const run = runsOf(digests, sessionId).find((r) => free(call, r) && r.prompt === call.task.prompt)
    if (run !== undefined) link(call, run.sessionId, run, false)
  }
  for (const call of named) linkByPrompt(call, call.task.sessionId)
  // A call that asked to resume a session ran there, even if its process died before the part could name the session.
  for (const call of calls) {
    if (call.task.sessionId === null && mayHaveChild(call)) linkByPrompt(call, call.task.resumes)
  }
  // The prompt differs from the call's, so take the first prompt that the session got while the call was under way.
  for (const call of named) {
    if (isLinked(call)) continue
    const sessionId = call.task.sessionId ?? ''
    const run = runsOf(digests, sessionId).find(
      (r) => free(call, r) && (call.endMs === null || r.startedMs <= call.endMs),
    )
    link(call, sessionId, run ?? null, run !== undefined)
  }
}

/** Links calls that name no session to those child sessions of their caller that no other call claims. */
function linkUnnamed(
  named: readonly Call[],
  calls: readonly Call[],
  digests: Digests,
  { free, isLinked, link }: Linking,
): void {
  const spoken = new Set(named.filter((c) => mayHaveOpened(c, digests)).map((c) => c.task.sessionId))
  /** Keyed by parent session and first prompt, so that thousands of calls in one session are not compared pairwise. */
  const children = new Map<string, SessionDigest[]>()
  const keyOf = (parentId: string, prompt: string | null): string => `${parentId}\0${prompt ?? ''}`
  for (const d of [...digests.values()].sort(byMaking)) {
    if (d.parentId === null || spoken.has(d.sessionId)) continue
    pushTo(children, keyOf(d.parentId, d.runs[0]?.prompt ?? null), d)
  }
  const taken = new Set<SessionDigest>()
  const unnamed = calls.filter((c) => c.task.sessionId === null && mayHaveChild(c) && !isLinked(c))
  const inTime = (call: Call, d: SessionDigest): boolean =>
    !taken.has(d) && d.session.createdMs >= call.messageMs && (call.endMs === null || d.session.createdMs <= call.endMs)
  const candidates = (call: Call): SessionDigest[] =>
    (children.get(keyOf(call.sessionId, call.task.prompt)) ?? []).filter((d) => {
      const first = d.runs[0]
      return (
        inTime(call, d) &&
        first !== undefined &&
        free(call, first) &&
        (first.agent ?? first.answeredBy ?? call.task.agent) === call.task.agent
      )
    })
  const take = (call: Call, d: SessionDigest, inferred: boolean): void => {
    taken.add(d)
    link(call, d.sessionId, d.runs[0] ?? null, inferred)
  }
  // The child's tool parts that OpenCode 0.5 copied into the call name the child session.
  for (const call of unnamed) {
    const child = candidates(call).find((d) => call.task.summarySessionIds.includes(d.sessionId))
    if (child !== undefined) take(call, child, false)
  }
  for (const call of unnamed) {
    if (isLinked(call)) continue
    const fitting = candidates(call)
    const child = fitting[0]
    if (child !== undefined) take(call, child, fitting.length > 1)
  }
  // The session was created, but its prompt was never stored.
  for (const call of unnamed) {
    if (isLinked(call)) continue
    const title = `${call.task.description} (@${call.task.agent} subagent)`
    const child = (children.get(keyOf(call.sessionId, null)) ?? []).find(
      (d) => inTime(call, d) && d.runs.length === 0 && d.session.title === title,
    )
    if (child !== undefined) take(call, child, true)
  }
}

/** Creation order of sessions. Only session ids count down: among equal times, the later session has the smaller id. */
export const byMaking = (a: SessionDigest, b: SessionDigest): number =>
  a.session.createdMs - b.session.createdMs || compareIds(b.sessionId, a.sessionId)

const runsOf = (digests: Digests, sessionId: string | null): Run[] =>
  (sessionId === null ? undefined : digests.get(sessionId))?.runs ?? []

/** Whether the call may have opened the session that it names. A call that is younger than the session resumed it. */
const mayHaveOpened = (call: Call, digests: Digests): boolean =>
  call.messageMs <= (digests.get(call.task.sessionId ?? '')?.session.createdMs ?? Number.POSITIVE_INFINITY)

/** Whether a call without a session may have created one. From 1.0 on, a failed call did not, unless it was aborted. */
const mayHaveChild = (call: Call): boolean =>
  call.task.prompt !== null && (call.legacy || call.status !== 'error' || isAbort(call.error))
