/** Anomalies: the list, the session or trace that each is about, and the sentence that explains it. */
import type {
  Anomaly,
  AnomalyKind,
  AnomalyReader,
  PageArgs,
  SessionRow,
  StaleRule,
  TraceColumn,
  TraceFilter,
  TraceRow,
} from '../store/store.ts'
import { type Connection, foundList } from './connection.ts'
import type { Context } from './context.ts'
import { present } from './existing.ts'
import { listPage } from './page-args.ts'
import { previewOf } from './preview.ts'

export function anomalyList(
  store: AnomalyReader,
  search: { filter: TraceFilter; kinds: readonly AnomalyKind[] | null | undefined },
  given: Pick<PageArgs, 'first' | 'after'>,
  { anomalyThreshold, rule }: { anomalyThreshold: number; rule: StaleRule },
): Connection<Anomaly> {
  const page = listPage(given)
  return foundList(() => store.findAnomalies(search, page, anomalyThreshold, rule))
}

export async function subjectOf(
  { subject }: Anomaly,
  { loaders }: Pick<Context, 'loaders'>,
  columns: ReadonlySet<TraceColumn>,
): Promise<SessionRow | TraceRow> {
  const found = subject.kind === 'session' ? loaders.session.load(subject.id) : loaders.trace(columns).load(subject.id)
  return present<SessionRow | TraceRow>(await found, subject.id)
}

// ---------------------------------------------------------------- sentences

/** One plain English sentence, with the value, the median and the sample size if the anomaly has them. */
export function explain({ kind, subject, agent, value, baseline, detail }: Anomaly): string {
  const who = subject.kind === 'session' ? 'The session' : (agent ?? 'The agent')
  const { median = 0, sampleSize = 0 } = baseline ?? {}
  const sample = subject.kind === 'session' ? `${count(sampleSize)} sessions` : `${count(sampleSize)} runs of ${who}`
  switch (kind) {
    case 'SLOW':
      return `${who} ${subject.kind === 'session' ? 'was at work for' : 'took'} ${time(value)}; the median of ${sample} is ${time(median)}.`
    case 'COSTLY':
      return `${who} cost ${money(value)} with all below it; the median of ${sample} is ${money(median)}.`
    case 'TOKEN_HEAVY':
      return `${who} took ${count(value)} tokens with all below it; the median of ${sample} is ${count(median)}.`
    case 'FAILED':
      return detail === null || detail === '' ? `${who} failed.` : `${who} failed: ${previewOf(detail, LONGEST_REASON)}`
    case 'STUCK':
      return `${who} has not ended, and nothing in its tree has been written for ${time(value)}.`
    case 'DEEP':
      return `The session delegates ${count(value)} levels deep; the median of ${sample} that delegate is ${count(median)}.`
    case 'WIDE':
      return `${who} made ${count(value)} delegations; the median of ${sample} that delegate is ${count(median)}.`
    case 'REPEATED':
      return `${who} sent ${detail} the same or nearly the same prompt ${count(value)} times.`
  }
}

/** In characters. */
const LONGEST_REASON = 300

const count = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })

/** US dollars with two decimals; below $0.10, three significant digits. */
const money = (value: number): string =>
  value >= 0.1
    ? `$${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
    : `$${value.toLocaleString('en', { maximumSignificantDigits: 3 })}`

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

const TENTH_MS = 100

/**
 * Formats a duration in its two largest units: `2 h 5 min`, `1 min 3 s`, `4.5 s`, `320 ms`. It is rounded before it is
 * split, so that 59 min 59.7 s becomes `1 h`.
 */
function time(ms: number): string {
  for (const [place, [unit, size]] of UNITS.entries()) {
    const next = UNITS[place + 1]
    const stepMs = next?.[1] ?? TENTH_MS
    const rounded = Math.round(ms / stepMs) * stepMs
    if (rounded < size) continue
    if (next === undefined) return `${count(rounded / size)} ${unit}`
    const whole = `${count(Math.floor(rounded / size))} ${unit}`
    const rest = (rounded % size) / stepMs
    return rest === 0 ? whole : `${whole} ${rest} ${next[0]}`
  }
  return `${Math.round(ms)} ms`
}
