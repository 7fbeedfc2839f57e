/** The timeline view: sessions as lanes over days. */
import { HistorySpanDocument, SessionsDocument } from 'delegraph/client'
import { useEffect, useState } from 'react'
import { go, sessionFilterOf, usePlace, type Window } from '../../data/place.ts'
import { timelineVariables } from '../../data/session-pages.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { useNow } from '../../data/use-now.ts'
import { useSessions } from '../../data/use-sessions.ts'
import { isWhole, pan, type Viewport, WHOLE } from '../../format/viewport.ts'
import { NoSessions } from '../../parts/no-sessions.tsx'
import { Loading, Problem } from '../../parts/notice.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useFigures, useWords } from '../../words/index.tsx'
import { Lanes } from './lanes.tsx'
import { Overview } from './overview.tsx'
import '../../styles/timeline.css'

/** Sessions are queried again when the viewport has not moved for this long. */
const SETTLED_AFTER_MS = 200
/** Margin at either end, as a fraction of the whole span. */
const MARGIN = 0.01

export default function TimelineView() {
  const words = useWords()
  useTitle(words.views.timeline)
  const figures = useFigures()
  const place = usePlace()
  const span = useAnswer(HistorySpanDocument, { filter: sessionFilterOf(place) }, { keepPrevious: true })
  const settled = useSettled(place.window)
  const variables = timelineVariables(place, settled)
  const list = useSessions(variables)
  const nowMs = useNow(list.sessions.some((session) => session.status === 'RUNNING'))
  const fromMs = Date.parse(span.data?.earliest.nodes[0]?.startedAt ?? '')
  const toMs = Date.parse(span.data?.latest.nodes[0]?.lastActivityAt ?? '')
  const whole = withMargin(fromMs, Math.max(toMs, list.sessions.some(isRunning) ? nowMs : toMs))
  const viewport = viewportOf(place.window, whole)
  const move = (change: (now: Viewport) => Viewport) => {
    const next = change(viewport)
    go({ window: isWhole(next) ? null : windowOf(next, whole) }, { replace: true })
  }

  const content = () => {
    if (span.isPending || list.isPending) return <Loading />
    if (span.isError && !span.data) return <Problem error={span.error} onRetry={() => span.refetch()} />
    if (list.isError && list.sessions.length === 0) {
      return <Problem error={list.error} onRetry={() => list.refetch()} />
    }
    if (span.data?.earliest.totalCount === 0) return <NoSessions place={place} />
    return (
      <>
        <Overview
          place={place}
          whole={whole}
          viewport={viewport}
          onCentre={(share) =>
            move((now) => pan(now, (share - (now.from + now.to) / 2) / Math.max(1e-9, now.to - now.from)))
          }
        />
        <Lanes list={list} whole={whole} viewport={viewport} move={move} />
      </>
    )
  }
  const shown = windowOf(viewport, whole)
  return (
    <div className="days">
      <div className="toolbar">
        <h1>{words.views.timeline}</h1>
        {Number.isNaN(shown.fromMs) ? null : (
          <span className="muted" aria-live="polite">
            {words.timeline.shown(
              figures.time(new Date(shown.fromMs).toISOString()),
              figures.time(new Date(shown.toMs).toISOString()),
            )}
          </span>
        )}
        <span className="toolbar-gap" />
        <ShowQuery document={SessionsDocument} variables={variables} />
      </div>
      {content()}
    </div>
  )
}

const isRunning = ({ status }: { status: string }): boolean => status === 'RUNNING'

function withMargin(fromMs: number, toMs: number): Window {
  const marginMs = Math.max(1000, (toMs - fromMs) * MARGIN)
  return { fromMs: fromMs - marginMs, toMs: toMs + marginMs }
}

/** The viewport for the window in the URL, clamped, since that may extend beyond the history. */
function viewportOf(window: Window | null, whole: Window): Viewport {
  if (window === null) return WHOLE
  const wholeMs = whole.toMs - whole.fromMs
  const from = Math.min(1, Math.max(0, (window.fromMs - whole.fromMs) / wholeMs))
  const to = Math.min(1, Math.max(0, (window.toMs - whole.fromMs) / wholeMs))
  return to > from ? { from, to } : WHOLE
}

function windowOf({ from, to }: Viewport, { fromMs, toMs }: Window): Window {
  const at = (share: number) => Math.round(fromMs + share * (toMs - fromMs))
  return { fromMs: at(from), toMs: Math.max(at(from) + 1, at(to)) }
}

function useSettled(window: Window | null): Window | null {
  const [settled, setSettled] = useState(window)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(window), SETTLED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [window])
  return settled
}
