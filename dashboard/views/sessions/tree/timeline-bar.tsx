/** The bar of one trace: its span, hatched where it waits for its children, with an icon if it ended badly. */

import type { TraceStatus } from 'delegraph/client'
import type { CSSProperties } from 'react'
import { inView, type Viewport } from '../../../format/viewport.ts'
import { agentStyle } from '../../../parts/agent-name.tsx'
import { Icon, type IconName } from '../../../parts/icon.tsx'
import type { Row, Span } from './rows.ts'
import type { TimeScale } from './time-scale.ts'
import { ToolTicks } from './tool-ticks.tsx'
import type { ToolCalls } from './use-tool-ticks.ts'

interface Props {
  row: Row
  endMs: number
  waits: readonly Span[]
  scale: TimeScale
  viewport: Viewport
  critical: boolean
  /** Null until loaded. */
  calls: ToolCalls | null
  title: string
}

/** As a fraction of the viewport: shorter waits are not drawn, and waits with shorter gaps are merged. */
const FINEST = 0.002

export function TimelineBar({ row, endMs, waits, scale, viewport, critical, calls, title }: Props) {
  const place = (ms: number) => inView(viewport, scale.shareOf(row, ms))
  const from = place(row.startMs)
  const to = place(endMs)
  if (to < 0 || from > 1) return null
  const left = Math.max(from, -0.01)
  const width = Math.min(to, 1.01) - left
  const { status, agent } = row.trace
  const marks = coarse(waits, place).map(([begin, end]) => ({
    left: percent((Math.max(begin, left) - left) / Math.max(width, 1e-9)),
    width: percent((Math.min(end, left + width) - Math.max(begin, left)) / Math.max(width, 1e-9)),
  }))
  const style: CSSProperties = { ...agentStyle(agent), left: percent(left), width: percent(width) }
  return (
    <span className={`bar bar-${status.toLowerCase()}${critical ? ' bar-critical' : ''}`} style={style} title={title}>
      {marks.map((mark) => (
        <span key={mark.left} className="bar-wait" style={mark} />
      ))}
      {calls === null ? null : <ToolTicks calls={calls} place={(ms) => (place(ms) - left) / Math.max(width, 1e-9)} />}
      <EndSign status={status} />
    </span>
  )
}

const SIGNS: Readonly<Partial<Record<TraceStatus, IconName>>> = { ERROR: 'cross', ABORTED: 'stop', INTERRUPTED: 'bolt' }

function EndSign({ status }: { status: TraceStatus }) {
  const sign = SIGNS[status]
  return sign === undefined ? null : (
    <span className="bar-sign">
      <Icon name={sign} />
    </span>
  )
}

/** The spans that are in the viewport, as fractions of it; indistinguishable neighbours are merged. */
function coarse(spans: readonly Span[], place: (ms: number) => number): [number, number][] {
  const seen: [number, number][] = []
  for (const span of spans) {
    const begin = place(span.startMs)
    const end = place(span.endMs)
    if (end < 0 || begin > 1) continue
    const before = seen.at(-1)
    if (before && begin - before[1] < FINEST) before[1] = Math.max(before[1], end)
    else seen.push([begin, end])
  }
  return seen.filter(([begin, end]) => end - begin >= FINEST)
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`
