/**
 * `opencode export --sanitize` leaves of a `task` call neither its arguments nor the session that it opened: only when it
 * was made, and how it ended. What began while a call ran, it opened; of several calls the first the first. This is how
 * OpenCode starts the calls of one answer, too, but between them nothing stored decides.
 */
import { pushTo } from '../group.ts'
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
  const resumed = beginnings.filter(({ isFirst }) => !isFirst)
  // One that failed may have opened nothing at all.
  const inOrder = [...calls.filter((c) => c.status !== 'error'), ...calls.filter((c) => c.status === 'error')]
  // Few calls resume what another session opened: what can be the caller's own child is.
  for (const among of [(call: Call) => ofParent.get(call.sessionId) ?? [], () => resumed]) {
    for (const call of inOrder) {
      if (isLinked(call)) continue
      const run = firstDuring(call, among(call), endOf(call, digests), free)
      if (run !== undefined) link(call, run)
    }
  }
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

function firstDuring(call: Call, among: readonly Beginning[], untilMs: number, free: Linking['free']): Run | undefined {
  for (let i = firstFrom(among, call.messageMs); i < among.length; i++) {
    const beginning = among[i]
    if (beginning === undefined || beginning.atMs > untilMs) return undefined
    if (beginning.run.sessionId !== call.sessionId && free(call, beginning.run)) return beginning.run
  }
  return undefined
}

/** The place of the first that is not before a time: a session may have made thousands of calls. */
function firstFrom(beginnings: readonly Beginning[], fromMs: number): number {
  let low = 0
  let high = beginnings.length
  while (low < high) {
    const mid = (low + high) >> 1
    if ((beginnings[mid]?.atMs ?? 0) < fromMs) low = mid + 1
    else high = mid
  }
  return low
}

/** One whose process died has no end: then the next prompt of its session is it. */
function endOf(call: Call, digests: ReadonlyMap<string, SessionDigest>): number {
  if (call.endMs !== null) return call.endMs
  const next = digests.get(call.sessionId)?.runs.find((run) => run.startedMs > call.messageMs)
  return next?.startedMs ?? Number.POSITIVE_INFINITY
}
