import type { SessionFilter, TimeRange, TraceFilter } from '../store/store.ts'
import { badArgument } from './page-args.ts'

/** As the API has it: with `from` and `to`, already UTC milliseconds. */
interface GivenRange {
  from?: number | null | undefined
  to?: number | null | undefined
}

type Given<T> = Omit<T, 'startedAt'> & { startedAt?: GivenRange | null | undefined }

export function sessionFilter(given: Given<SessionFilter> | null | undefined): SessionFilter {
  if (!given) return {}
  return { ...given, startedAt: timeRange(given.startedAt) }
}

export function traceFilter(given: Given<TraceFilter> | null | undefined): TraceFilter {
  if (!given) return {}
  return { ...given, startedAt: timeRange(given.startedAt) }
}

function timeRange(given: GivenRange | null | undefined): TimeRange | null {
  if (!given) return null
  const { from, to } = given
  if (from != null && to != null && from > to) {
    throw badArgument('startedAt', 'The span "startedAt" ends before it begins: "from" must not be later than "to".')
  }
  return { fromMs: from, toMs: to }
}
