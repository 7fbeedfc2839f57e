import { DelegraphError } from '../errors.ts'
import { noUsage } from '../records.ts'
import type { AnalyticsReader, StaleRule, TraceFilter, UsageGrouping, UsageRow } from '../store/store.ts'

/** Usage by group; periods in which no trace started are filled in with zeros. */
export async function usageRows(
  store: AnalyticsReader,
  by: UsageGrouping,
  filter: TraceFilter,
  rule: StaleRule,
): Promise<UsageRow[]> {
  const rows = await store.usageBy(by, filter, rule)
  const next = NEXT[by]
  return next === undefined ? rows : withoutGaps(rows, next)
}

/** Eleven years of hours: a single wrong date must not produce millions of rows. */
const MAX_SPANS = 100_000
const HOUR_MS = 3_600_000
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** The key of the following period, in UTC. */
const NEXT: Partial<Record<UsageGrouping, (key: string) => string>> = {
  HOUR: (key) => new Date(Date.parse(key) + HOUR_MS).toISOString(),
  DAY: (key) => dayOf(Date.parse(key) + 24 * HOUR_MS),
  WEEK: (key) => dayOf(Date.parse(key) + 7 * 24 * HOUR_MS),
  MONTH: (key) => {
    const start = new Date(key)
    return dayOf(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1))
  },
}

function withoutGaps(rows: readonly UsageRow[], next: (key: string) => string): UsageRow[] {
  const all: UsageRow[] = []
  for (const row of rows) {
    const last = all.at(-1)
    if (last !== undefined) {
      // Keys of the same grouping sort chronologically.
      for (let key = next(last.key); key < row.key; key = next(key)) {
        all.push({ key, own: noUsage(), invocations: 0, errors: 0, activeMs: 0 })
        if (all.length > MAX_SPANS) throw tooMany()
      }
    }
    all.push(row)
  }
  return all
}

function tooMany(): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `From the first trace to the last there are more than ${MAX_SPANS.toLocaleString('en')} of these periods, which is the limit (no option raises it: it keeps a single wrong date from making millions). Group by longer ones, or give "filter.startedAt".`,
    { limit: 'maxSpans', value: MAX_SPANS, option: null },
  )
}
