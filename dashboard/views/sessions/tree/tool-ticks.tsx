/** Tool calls as ticks on a bar: short ones, and long thick ones for failed calls. */
import type { ToolCalls } from './use-tool-ticks.ts'

const WIDTH = 1000
const HEIGHT = 14
/** The minimum distance of ticks, in units of WIDTH (some pixels): closer ticks would merge into one black bar. */
const NEAREST = 12

interface Props {
  calls: ToolCalls
  /** The position on the bar of a time in UTC milliseconds, from 0 to 1. */
  place: (ms: number) => number
}

export function ToolTicks({ calls, place }: Props) {
  const [fine, failed] = [new Set<number>(), new Set<number>()]
  for (const { startedAt, status } of calls.nodes) {
    if (startedAt === null) continue
    const at = place(Date.parse(startedAt))
    if (at < 0 || at > 1) continue
    ;(status === 'error' ? failed : fine).add(Math.round((at * WIDTH) / NEAREST) * NEAREST)
  }
  if (fine.size + failed.size === 0) return null
  const path = (places: ReadonlySet<number>, from: number) => [...places].map((x) => `M${x} ${from}V${HEIGHT}`).join('')
  return (
    <svg className="bar-ticks" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {fine.size > 0 ? <path className="tick" d={path(fine, 7)} /> : null}
      {failed.size > 0 ? <path className="tick tick-failed" d={path(failed, 0)} /> : null}
    </svg>
  )
}
