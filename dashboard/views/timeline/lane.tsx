/** The lane of one session: its title, and a bar for its span. */
import type { SessionSummaryFragment } from 'delegraph/client'
import { memo } from 'react'
import { inView, type Viewport } from '../../format/viewport.ts'
import { Icon } from '../../parts/icon.tsx'
import { StatusSign } from '../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

export const laneId = (id: string): string => `lane-${id}`

interface Props {
  session: SessionSummaryFragment
  /** The start of the whole timeline in UTC milliseconds; `wholeMs` is its length. */
  wholeFromMs: number
  wholeMs: number
  viewport: Viewport
  position: number
  total: number
  top: number
  active: boolean
  onOpen: (id: string) => void
}

export const Lane = memo(function Lane(props: Props) {
  const { session, viewport } = props
  const words = useWords()
  const figures = useFigures()
  const startMs = Date.parse(session.startedAt)
  const endMs = Math.max(startMs, Date.parse(session.lastActivityAt))
  const place = (ms: number) => inView(viewport, (ms - props.wholeFromMs) / props.wholeMs)
  const left = Math.max(-0.01, place(startMs))
  const right = Math.min(1.01, place(endMs))
  const title = words.sessions.titled(session.title)
  const when = words.timeline.lane(figures.fullTime(session.startedAt), figures.duration(endMs - startMs))
  return (
    <div
      id={laneId(session.id)}
      role="option"
      aria-selected={props.active}
      aria-posinset={props.position}
      aria-setsize={props.total}
      title={`${title}\n${when}`}
      className="days-lane days-columns"
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onOpen(session.id)}
    >
      <span className="days-title">
        <StatusSign status={session.status} />
        <span className="ellipsis">{title}</span>
        <span className="muted number">{figures.duration(session.activeMs)}</span>
      </span>
      <span className="lane">
        <span className="offscreen">{when}</span>
        <span
          className={`days-bar days-bar-${session.status.toLowerCase()}`}
          style={{ left: `${(left * 100).toFixed(3)}%`, width: `${(Math.max(0, right - left) * 100).toFixed(3)}%` }}
        >
          {session.errorCount > 0 ? (
            <span className={`days-errors${right > 0.94 ? ' days-errors-before' : ''}`}>
              <Icon name="cross" />
              {figures.short(session.errorCount)}
            </span>
          ) : null}
        </span>
      </span>
    </div>
  )
})
