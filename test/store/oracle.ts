/** Plain implementations of filters, orders and statuses that depend on the clock, to compare the store's SQL with. */
import type { Session, Trace, TraceStatus, Usage } from '../../src/records.ts'
import type {
  NumberRange,
  SessionFilter,
  SessionOrder,
  StaleRule,
  TimeRange,
  TraceFilter,
  TraceOrder,
} from '../../src/store/store.ts'

export interface History {
  sessions: readonly Session[]
  traces: readonly Trace[]
}

const isFresh = (rootId: string, { sessions }: History, { nowMs, staleAfterMs }: StaleRule): boolean =>
  sessions.some((root) => root.id === rootId && root.lastActivityMs > nowMs - staleAfterMs)

export function traceStatus(trace: Trace, history: History, rule: StaleRule): TraceStatus {
  if (trace.status !== 'RUNNING') return trace.status
  return isFresh(trace.rootSessionId, history, rule) ? 'RUNNING' : 'INTERRUPTED'
}

export function sessionStatus(session: Session, history: History, rule: StaleRule): TraceStatus {
  if (session.running && isFresh(session.rootId, history, rule)) return 'RUNNING'
  return session.lastStatus === 'RUNNING' ? 'INTERRUPTED' : session.lastStatus
}

export const tokensOf = ({ input, output, reasoning, cacheRead, cacheWrite }: Usage): number =>
  input + output + reasoning + cacheRead + cacheWrite

const has = <T>(list: readonly T[] | null | undefined, value: T | null): boolean =>
  list == null || (value !== null && list.includes(value))
const hasAny = <T>(list: readonly T[] | null | undefined, values: readonly T[]): boolean =>
  list == null || values.some((value) => list.includes(value))
const isIn = (range: NumberRange | null | undefined, value: number | null): boolean => {
  if (range?.min == null && range?.max == null) return true
  return value !== null && (range.min == null || value >= range.min) && (range.max == null || value <= range.max)
}
const isWithin = (range: TimeRange | null | undefined, ms: number): boolean =>
  (range?.fromMs == null || ms >= range.fromMs) && (range?.toMs == null || ms < range.toMs)

/** A fork's copy of a call names the session that the original opened, but did not run there. */
const isCopyOfCall = ({ copied, kind }: Trace): boolean => copied && kind === 'DELEGATION'

export function matchesTrace(filter: TraceFilter, trace: Trace, history: History, rule: StaleRule): boolean {
  const project = (id: string | null) => history.sessions.find((session) => session.id === id)?.project ?? null
  return (
    has(filter.ids, trace.id) &&
    ((has(filter.sessionIds, trace.sessionId) && !isCopyOfCall(trace)) ||
      has(filter.sessionIds, trace.rootSessionId)) &&
    (filter.kind == null || filter.kind === trace.kind) &&
    has(filter.agents, trace.agent) &&
    has(filter.parentAgents, trace.parentAgent) &&
    hasAny(filter.models, trace.models) &&
    hasAny(filter.tools, trace.toolsUsed) &&
    has(filter.status, traceStatus(trace, history, rule)) &&
    (filter.project == null || filter.project === (project(trace.sessionId) ?? project(trace.rootSessionId))) &&
    isWithin(filter.startedAt, trace.startedMs) &&
    isIn(filter.durationMs, trace.durationMs) &&
    isIn(filter.cost, trace.total.cost) &&
    isIn(filter.tokens, tokensOf(trace.total)) &&
    isIn(filter.depth, trace.depth)
  )
}

export function matchesSession(filter: SessionFilter, session: Session, history: History, rule: StaleRule): boolean {
  return (
    (filter.rootsOnly === false || session.rootId === session.id) &&
    has(filter.ids, session.id) &&
    hasAny(filter.agents, session.agents) &&
    hasAny(filter.models, session.models) &&
    has(filter.status, sessionStatus(session, history, rule)) &&
    (filter.project == null || filter.project === session.project) &&
    (filter.directory == null || filter.directory === session.directory) &&
    (filter.hasDelegations == null || filter.hasDelegations === session.maxDepth > 0) &&
    isWithin(filter.startedAt, session.startedMs) &&
    isWithin(filter.lastActivityAt, session.lastActivityMs) &&
    isIn(filter.durationMs, session.durationMs) &&
    isIn(filter.cost, session.total.cost) &&
    isIn(filter.tokens, tokensOf(session.total))
  )
}

const TRACE_VALUES: Record<TraceOrder['field'], (trace: Trace) => number | null> = {
  STARTED_AT: (trace) => trace.startedMs,
  DURATION: (trace) => trace.durationMs,
  ACTIVE: (trace) => trace.activeMs,
  WAIT: (trace) => trace.waitMs,
  COST: (trace) => trace.total.cost,
  TOKENS: (trace) => tokensOf(trace.total),
  DEPTH: (trace) => trace.depth,
}

const SESSION_VALUES: Record<SessionOrder['field'], (session: Session) => number | null> = {
  STARTED_AT: (session) => session.startedMs,
  LAST_ACTIVITY_AT: (session) => session.lastActivityMs,
  DURATION: (session) => session.durationMs,
  COST: (session) => session.total.cost,
  TOKENS: (session) => tokensOf(session.total),
  TRACES: (session) => session.traceCount,
}

/** Missing values come last in both directions; equal values are ordered by id. */
const byValue =
  <T extends { id: string }>(measure: (item: T) => number | null, direction: 'ASC' | 'DESC') =>
  (a: T, b: T): number => {
    const [x, y] = [measure(a), measure(b)]
    if (x !== null && y !== null && x !== y) return direction === 'ASC' ? x - y : y - x
    if ((x === null) !== (y === null)) return x === null ? 1 : -1
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
  }

export const sortedTraces = (traces: readonly Trace[], { field, direction }: TraceOrder): Trace[] =>
  [...traces].sort(byValue(TRACE_VALUES[field], direction))

export const sortedSessions = (sessions: readonly Session[], { field, direction }: SessionOrder): Session[] =>
  [...sessions].sort(byValue(SESSION_VALUES[field], direction))
