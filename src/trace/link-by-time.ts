/**
 * `opencode export --sanitize` leaves of a `task` call neither its arguments nor the session that it opened: only when it
 * was made, when it returned, and whether that was with an error. What it opened began after it was made, and a call
 * returns just when that is over. Of calls that were stopped together, the earlier one opened what began earlier.
 */
import { firstFrom, groupBy, pushTo } from '../group.ts'
import type { Call, Run, SessionDigest } from './digest.ts'
import { byTime } from './order.ts'

export interface Linking {
  free: (call: Call, run: Run) => boolean
  isLinked: (call: Call) => boolean
  link: (call: Call, run: Run) => void
}

/** A run of a child session, and when it was called: its session is made for the first, some time before its prompt. */
interface Beginning {
  run: Run
  atMs: number
  isFirst: boolean
}

/** @param calls in their order */
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
      // What a person asked of that session meanwhile was answered there after it.
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
  // One in error may have opened nothing at all.
  const inOrder = [...calls.filter((c) => c.status !== 'error'), ...calls.filter((c) => c.status === 'error')]
  for (const [callerId, some] of groupBy(inOrder, (call) => call.sessionId)) {
    linkAmong(some, ofParent.get(callerId) ?? [])
  }
  // Few calls resume what another session opened: what can be the caller's own child is.
  const resumed = beginnings.filter(({ isFirst }) => !isFirst)
  linkAmong(
    inOrder.filter((call) => !isLinked(call)),
    resumed,
  )
}

/** Of all child sessions, by time. */
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

/** Each call that completed gets what was over last before it did: it returns some milliseconds after its session. */
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
  /** What is over and was not linked, the last on top. */
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

/** The beginnings are gone through from the first that is not too early: a session may have made thousands of calls. */
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

/** One whose process died has no end: then the next prompt of its session is it. */
function endOf(call: Call, digests: ReadonlyMap<string, SessionDigest>): number {
  if (call.endMs !== null) return call.endMs
  const next = digests.get(call.sessionId)?.runs.find((run) => run.startedMs > call.messageMs)
  return next?.startedMs ?? Number.POSITIVE_INFINITY
}
