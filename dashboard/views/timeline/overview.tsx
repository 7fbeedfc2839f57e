/** An overview of the whole history: how many traces started when, and which part of it is visible below. */
import { UsageByDocument } from 'delegraph/client'
import type { PointerEvent } from 'react'
import { type Place, traceFilterOf, type Window } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import type { Viewport } from '../../format/viewport.ts'
import { useWords } from '../../words/index.tsx'

const LEAST = 4
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Longer histories are grouped by day instead of by hour. */
const BY_HOUR_MS = 8 * DAY_MS

interface Props {
  place: Place
  whole: Window
  viewport: Viewport
  /** Centres the viewport on a position in the whole, from 0 to 1. */
  onCentre: (share: number) => void
}

export function Overview({ place, whole, viewport, onCentre }: Props) {
  const words = useWords()
  const wholeMs = whole.toMs - whole.fromMs
  const by = wholeMs > BY_HOUR_MS ? 'DAY' : 'HOUR'
  const stepMs = by === 'DAY' ? DAY_MS : HOUR_MS
  const variables = { by, filter: traceFilterOf(place) } as const
  const rows = useAnswer(UsageByDocument, variables, { keepPrevious: true }).data?.usage ?? []
  // A few bars would be meaningless.
  if (rows.length < LEAST) return null
  const most = Math.max(1, ...rows.map((row) => row.invocations))
  const path = rows
    .filter((row) => row.invocations > 0)
    .map((row) => {
      const left = Math.max(0, (Date.parse(row.key) - whole.fromMs) / wholeMs)
      const right = Math.min(1, (Date.parse(row.key) + stepMs - whole.fromMs) / wholeMs)
      // A logarithmic height: one day with thousands of traces must not flatten all others.
      const height = Math.log1p(row.invocations) / Math.log1p(most)
      return right <= left ? '' : `M${left} 1V${1 - height}H${right}V1z`
    })
    .join('')
  const point = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    onCentre((event.clientX - box.left) / box.width)
  }
  return (
    <div className="days-columns days-overview">
      <span className="muted">
        {words.timeline.overview} ({words.timeline.overviewScale})
      </span>
      <span
        className="days-strip"
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          point(event)
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) point(event)
        }}
      >
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <path d={path} />
        </svg>
        <span
          className="days-window"
          style={{ left: `${viewport.from * 100}%`, width: `${(viewport.to - viewport.from) * 100}%` }}
        />
      </span>
    </div>
  )
}
