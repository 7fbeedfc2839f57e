/**
 * Links `task` calls to runs by their times alone. `opencode export --sanitize` removes a call's arguments and the
 * session that it opened; only its start, its end and its status remain. The run that it opened began after the call
 * was made, and ended just before the call returned. Among calls that were aborted together, the earlier one opened the
 * earlier run.
 */
import { firstFrom, groupBy, pushTo } from '../group.ts'
import type { Call, Run, SessionDigest } from './digest.ts'
import { byTime } from './order.ts'

export interface Linking {
  free: (call: Call, run: Run) => boolean
  isLinked: (call: Call) => boolean
  link: (call: Call, run: Run) => void
}

/**
 * A run of a child session and when it was called: for the first run when the session was created, which is some time
 * before its prompt was stored.
 */
interface Beginning {
  run: Run
  atMs: number
  isFirst: boolean
}

/** @param calls redacted calls, in call order */
export function linkByTime(
  calls: readonly Call[],
  digests: ReadonlyMap<string, SessionDigest>,
  { free, isLinked, link }: Linking,
): void {
  const beginnings = beginningsIn(digests)
  const ofParent = new Map<string, Beginning[]>()
  for (const beginning of beginnings) {
    const parentId = digests.get(beginning.run.sessionId)?.parentId ?? null
    if (parentId !== null) pushTo(ofParent, parentId, beginning)
  }
  const mayHaveOpened = (call: Call, { run, atMs }: Beginning): boolean =>
    atMs >= call.messageMs && run.sessionId !== call.sessionId && free(call, run)
  const linkAmong = (some: readonly Call[], among: readonly Beginning[]): void => {
    linkByEnd(some, among, (call, beginning) => {
      if (!mayHaveOpened(call, beginning)) return false
      // The last run to end may answer a person who typed into that session meanwhile; the call's own run came first.
      const { run } = beginning
      link(call, digests.get(run.sessionId)?.runs.find((first) => free(call, first)) ?? run)
      return true
    })
    for (const call of some) {
      if (isLinked(call)) continue
      const untilMs = endOf(call, digests)
      const begun = firstDuring(call.messageMs, untilMs, among, (beginning) => mayHaveOpened(call, beginning))
      if (begun !== undefined) link(call, begun.run)
    }
  }
  // Failed calls come last, since they may have opened nothing at all.
  const inOrder = [...calls.filter((c) => c.status !== 'error'), ...calls.filter((c) => c.status === 'error')]
  for (const [callerId, some] of groupBy(inOrder, (call) => call.sessionId)) {
    linkAmong(some, ofParent.get(callerId) ?? [])
  }
  // Few calls resume a session that another session opened, so the caller's own children were tried first.
  const resumed = beginnings.filter(({ isFirst }) => !isFirst)
  linkAmong(
    inOrder.filter((call) => !isLinked(call)),
    resumed,
  )
}

/** The beginnings of all child sessions, by time. */
function beginningsIn(digests: ReadonlyMap<string, SessionDigest>): Beginning[] {
  const found: Beginning[] = []
  for (const { parentId, runs, session } of digests.values()) {
    if (parentId === null) continue
    runs.forEach((run, i) => {
      found.push({ run, atMs: i === 0 ? session.createdMs : run.startedMs, isFirst: i === 0 })
    })
  }
  return found.sort(
    byTime(
      (b) => b.atMs,
      (b) => b.run.id,
    ),
  )
}

/** Links each completed call to the last run to end before it: a call returns some milliseconds after its run ends. */
function linkByEnd(
  calls: readonly Call[],
  among: readonly Beginning[],
  tryLink: (call: Call, beginning: Beginning) => boolean,
): void {
  const ended = among
    .flatMap((beginning) => {
      const { endedMs } = beginning.run.outcome
      return endedMs === null ? [] : { beginning, endedMs }
    })
    .sort((a, b) => a.endedMs - b.endedMs)
  const returned = calls
    .flatMap((call) => (call.status === 'completed' && call.endMs !== null ? { call, untilMs: call.endMs } : []))
    .sort((a, b) => a.untilMs - b.untilMs)
  /** A stack of runs that have ended and are not linked yet, the latest on top. */
  const over: typeof ended = []
  let next = 0
  for (const { call, untilMs } of returned) {
    for (let at = ended[next]; at !== undefined && at.endedMs <= untilMs; at = ended[++next]) over.push(at)
    for (let i = over.length - 1; i >= 0; i--) {
      const at = over[i]
      if (at === undefined || at.endedMs < call.messageMs) break
      if (!tryLink(call, at.beginning)) continue
      over.splice(i, 1)
      break
    }
  }
}

/**
 * The first matching beginning in a span of time, found by binary search: a session may have made thousands of calls.
 */
function firstDuring(
  fromMs: number,
  untilMs: number,
  among: readonly Beginning[],
  isRight: (beginning: Beginning) => boolean,
): Beginning | undefined {
  for (let i = firstFrom(among, fromMs, ({ atMs }) => atMs); i < among.length; i++) {
    const beginning = among[i]
    if (beginning === undefined || beginning.atMs > untilMs) return undefined
    if (isRight(beginning)) return beginning
  }
  return undefined
}

/** The end of a call. If its process died, the call has none, and its session's next prompt counts as its end. */
function endOf(call: Call, digests: ReadonlyMap<string, SessionDigest>): number {
  if (call.endMs !== null) return call.endMs
  const next = digests.get(call.sessionId)?.runs.find((run) => run.startedMs > call.messageMs)
  return next?.startedMs ?? Number.POSITIVE_INFINITY
}
