/** The lanes: a virtualized listbox of sessions below an axis of dates. */
import { type KeyboardEvent, useCallback, useRef, useState } from 'react'
import { go, type Window } from '../../data/place.ts'
import type { SessionList } from '../../data/use-sessions.ts'
import { inView, isWhole, type Viewport } from '../../format/viewport.ts'
import { AxisTicks } from '../../parts/axis-ticks.tsx'
import { RestOfRows } from '../../parts/rest-of-rows.tsx'
import { scaled } from '../../parts/root-scale.ts'
import { useAxis } from '../../parts/use-axis.ts'
import { isDrawn } from '../../parts/use-rows.ts'
import { useSessionRows } from '../../parts/use-session-rows.ts'
import { ZoomButtons } from '../../parts/zoom-buttons.tsx'
import { useFigures, useWords } from '../../words/index.tsx'
import { calendarTicks } from './calendar.ts'
import { Lane, laneId } from './lane.tsx'

const LANE_PX = scaled(30)
/** Space for the label of a tick: a time or a date. */
const LABEL_PX = scaled(84)
const ROWS = { rowPx: LANE_PX, overscan: 5, ahead: 30 }

interface Props {
  list: SessionList
  whole: Window
  viewport: Viewport
  move: (change: (now: Viewport) => Viewport) => void
}

const openSession = (id: string) => go({ view: 'sessions', session: id, trace: null })

export function Lanes({ list, whole, viewport, move }: Props) {
  const words = useWords()
  const figures = useFigures()
  const frame = useRef<HTMLDivElement>(null)
  const axis = useAxis(frame, move)
  const [activeId, setActive] = useState<string | null>(null)
  const { sessions, totalCount } = list
  const scroller = useRef<HTMLDivElement>(null)
  const { virtual, items, moveBy } = useSessionRows(list, scroller, ROWS)

  const at = sessions.findIndex((session) => session.id === activeId)
  const open = useCallback((id: string) => openSession(id), [])
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const moves: Readonly<Record<string, () => void>> = {
      '+': axis.zoomIn,
      '=': axis.zoomIn,
      '-': axis.zoomOut,
      '0': axis.zoomWhole,
      ...(event.shiftKey ? { ArrowLeft: axis.panLeft, ArrowRight: axis.panRight } : {}),
    }
    const way = moves[event.key]
    if (way) way()
    else if (event.key === 'Enter' && activeId !== null && at >= 0) open(activeId)
    else {
      const to = moveBy(event.key, at)
      if (to === null) return
      setActive(sessions[to]?.id ?? null)
    }
    event.preventDefault()
  }

  const wholeMs = whole.toMs - whole.fromMs
  const shownFromMs = whole.fromMs + viewport.from * wholeMs
  const shownToMs = whole.fromMs + viewport.to * wholeMs
  const room = Math.max(2, Math.floor(axis.widthPx / LABEL_PX))
  const ticks = calendarTicks(shownFromMs, shownToMs, room).map((tick) => ({
    key: tick.ms,
    at: inView(viewport, (tick.ms - whole.fromMs) / wholeMs),
    label: figures.calendar[tick.shows](tick.ms),
    className: `days-tick-${tick.shows}`,
  }))
  return (
    <div ref={frame} className="days-frame">
      <div className="days-head days-columns">
        <span className="days-count" aria-live="polite">
          <span title={figures.exact(totalCount)}>{words.sessions.count(totalCount, figures.exact(totalCount))}</span>
          <ZoomButtons
            onIn={axis.zoomIn}
            onOut={axis.zoomOut}
            onWhole={axis.zoomWhole}
            wholeLabel={words.timeline.all}
            isWhole={isWhole(viewport)}
            isFarthest={isWhole(viewport)}
          />
        </span>
        <span className="days-axis" title={words.timeline.hint} {...axis.cell}>
          <AxisTicks ticks={ticks} widthPx={axis.widthPx} />
        </span>
      </div>
      {sessions.length === 0 ? <p className="days-none muted">{words.timeline.none}</p> : null}
      <div
        ref={scroller}
        className={`scroller days-lanes${list.isPlaceholderData ? ' stale' : ''}`}
        role="listbox"
        tabIndex={0}
        aria-busy={list.isPlaceholderData}
        aria-label={words.timeline.label}
        aria-activedescendant={activeId !== null && isDrawn(items, at) ? laneId(activeId) : undefined}
        onKeyDown={press}
      >
        <div className="virtual" role="presentation" style={{ height: virtual.getTotalSize() }}>
          <div className="days-lines days-columns" aria-hidden="true">
            <span>
              {ticks.map(({ key, at }) => (
                <i key={key} style={{ left: `${at * 100}%` }} />
              ))}
            </span>
          </div>
          {items.map((item) => {
            const session = sessions[item.index]
            return session ? (
              <Lane
                key={session.id}
                session={session}
                wholeFromMs={whole.fromMs}
                wholeMs={wholeMs}
                viewport={viewport}
                position={item.index + 1}
                total={totalCount}
                top={item.start}
                active={session.id === activeId}
                onOpen={open}
              />
            ) : null
          })}
        </div>
      </div>
      <RestOfRows list={list} scroller={scroller} />
    </div>
  )
}
