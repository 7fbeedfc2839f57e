import type { NumberRange, SessionFilter, TimeRange, TraceFilter } from '../store/store.ts'
import { badArgument } from './page-args.ts'

/** A time range as the API takes it; `from` and `to` are already UTC milliseconds. */
interface GivenRange {
  from?: number | null | undefined
  to?: number | null | undefined
}

type Given<T> = {
  [Name in keyof T]: Name extends 'startedAt' | 'lastActivityAt' ? GivenRange | null | undefined : T[Name]
}

export function sessionFilter(given: Given<SessionFilter> | null | undefined): SessionFilter {
  if (!given) return {}
  checkNumbers(given)
  return {
    ...given,
    startedAt: timeRange('startedAt', given.startedAt),
    lastActivityAt: timeRange('lastActivityAt', given.lastActivityAt),
  }
}

export function traceFilter(given: Given<TraceFilter> | null | undefined): TraceFilter {
  if (!given) return {}
  checkNumbers(given)
  return { ...given, startedAt: timeRange('startedAt', given.startedAt) }
}

type Numbers = Partial<Record<'durationMs' | 'cost' | 'tokens' | 'depth', NumberRange | null | undefined>>

function checkNumbers(given: Numbers): void {
  for (const name of ['durationMs', 'cost', 'tokens', 'depth'] as const) {
    const { min, max } = given[name] ?? {}
    if (min != null && max != null && min > max) {
      throw badArgument(name, `The range "${name}" is empty: "min" is ${min} and "max" is ${max}.`)
    }
  }
}

function timeRange(name: string, given: GivenRange | null | undefined): TimeRange | null {
  if (!given) return null
  const { from, to } = given
  if (from != null && to != null && from > to) {
    throw badArgument(name, `The range "${name}" ends before it starts: "from" must not be later than "to".`)
  }
  return { fromMs: from, toMs: to }
}
