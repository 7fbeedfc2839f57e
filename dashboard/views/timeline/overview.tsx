/** The whole history at a glance: how many traces began when, and which part of it is looked at. */
import { UsageByDocument } from 'delegraph/client'
import type { PointerEvent } from 'react'
import { type Place, traceFilterOf, type Window } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import type { Viewport } from '../../format/viewport.ts'
import { useWords } from '../../words/index.tsx'

const LEAST = 4
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Longer histories are counted by day. */
const BY_HOUR_MS = 8 * DAY_MS

interface Props {
  place: Place
  whole: Window
  viewport: Viewport
  /** Puts a place of the whole, from 0 to 1, in the middle. */
  onCentre: (share: number) => void
}

export function Overview({ place, whole, viewport, onCentre }: Props) {
  const words = useWords()
  const wholeMs = whole.toMs - whole.fromMs
  const by = wholeMs > BY_HOUR_MS ? 'DAY' : 'HOUR'
  const stepMs = by === 'DAY' ? DAY_MS : HOUR_MS
  const variables = { by, filter: traceFilterOf(place) } as const
  const rows = useAnswer(UsageByDocument, variables, { keepPrevious: true }).data?.usage ?? []
  // A few bars say nothing.
  if (rows.length < LEAST) return null
  const most = Math.max(1, ...rows.map((row) => row.invocations))
  const path = rows
    .filter((row) => row.invocations > 0)
    .map((row) => {
      const left = Math.max(0, (Date.parse(row.key) - whole.fromMs) / wholeMs)
      const right = Math.min(1, (Date.parse(row.key) + stepMs - whole.fromMs) / wholeMs)
      // A day of thousands must not flatten all others to nothing.
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
