import type { SessionFilter, TimeRange, TraceFilter } from '../store/store.ts'
import { badArgument } from './page-args.ts'

/** As the API has it: with `from` and `to`, already UTC milliseconds. */
interface GivenRange {
  from?: number | null | undefined
  to?: number | null | undefined
}

type Given<T> = {
  [Name in keyof T]: Name extends 'startedAt' | 'lastActivityAt' ? GivenRange | null | undefined : T[Name]
}

export function sessionFilter(given: Given<SessionFilter> | null | undefined): SessionFilter {
  if (!given) return {}
  return {
    ...given,
    startedAt: timeRange('startedAt', given.startedAt),
    lastActivityAt: timeRange('lastActivityAt', given.lastActivityAt),
  }
}

export function traceFilter(given: Given<TraceFilter> | null | undefined): TraceFilter {
  if (!given) return {}
  return { ...given, startedAt: timeRange('startedAt', given.startedAt) }
}

function timeRange(name: string, given: GivenRange | null | undefined): TimeRange | null {
  if (!given) return null
  const { from, to } = given
  if (from != null && to != null && from > to) {
    throw badArgument(name, `The span "${name}" ends before it begins: "from" must not be later than "to".`)
  }
  return { fromMs: from, toMs: to }
}
