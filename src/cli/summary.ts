import type { IngestResult } from '../ingest/run.ts'
import type { IngestReport } from '../resolvers/context.ts'
import { duration, group, plural, size } from './figures.ts'

/** Label of each phase of a reading, for the progress bar. */
export const PHASES = { looking: 'Looking at sessions', reading: 'Reading sessions' } as const

/** Summarises a reading for a person, as lines. */
export async function summaryOf(report: IngestReport, result: IngestResult | null): Promise<string[]> {
  const { sources, rejected } = await report.findings()
  const lines: string[] = []
  if (report.message !== null) lines.push(report.message)
  for (const { sourceId, sessions, bytes } of report.demo ? [] : sources) {
    lines.push(`${sourceId.slice(sourceId.indexOf(':') + 1)}: ${plural(sessions, 'session')}, ${size(bytes)}`)
  }
  if (result !== null) {
    const took = duration(result.finishedAtMs - result.startedAtMs)
    const { sessionsRead, sessionsRemoved, changed } = result
    const removed = sessionsRemoved > 0 ? `, ${group(sessionsRemoved)} gone since` : ''
    if (sessionsRead === 0 && !changed) lines.push(`Nothing has changed since the last read (${took}).`)
    else lines.push(`Read ${plural(sessionsRead, 'session')}${removed} in ${took}.`)
  }
  if (rejected.length > 0) {
    lines.push(
      `${plural(result?.rejectedCount ?? rejected.length, 'file or value', 'files or values')} could not be read; "delegraph doctor" lists them.`,
    )
  }
  return lines
}
