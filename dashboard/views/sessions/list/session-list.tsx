/** The list of sessions on the left: a virtualized listbox. */

import { type KeyboardEvent, useLayoutEffect, useMemo, useRef } from 'react'
import { go, type Place } from '../../../data/place.ts'
import { useAnchor } from '../../../data/use-anchor.ts'
import type { SessionList as Sessions } from '../../../data/use-sessions.ts'
import { NoSessions } from '../../../parts/no-sessions.tsx'
import { Loading, Problem } from '../../../parts/notice.tsx'
import { RestOfRows } from '../../../parts/rest-of-rows.tsx'
import { scaled } from '../../../parts/root-scale.ts'
import { isDrawn } from '../../../parts/use-rows.ts'
import { useSessionRows } from '../../../parts/use-session-rows.ts'
import { useFigures, useWords } from '../../../words/index.tsx'
import { SessionItem } from './session-item.tsx'

const ITEM_PX = scaled(74)
const ROWS = { rowPx: ITEM_PX, overscan: 6, ahead: 6 }

const optionId = (id: string): string => `session-${id}`

export function SessionList({ list, place, chosen }: { list: Sessions; place: Place; chosen: string | null }) {
  const words = useWords()
  const figures = useFigures()
  const { sessions, totalCount } = list
  const scroller = useRef<HTMLDivElement>(null)
  const { virtual, items, moveBy } = useSessionRows(list, scroller, ROWS)
  const ids = useMemo(() => sessions.map((session) => session.id), [sessions])
  const noteScroll = useAnchor(scroller, ids, ITEM_PX)
  // A list for other filters starts scrolled to the top.
  const asked = JSON.stringify(list.variables)
  const shown = useRef(asked)
  useLayoutEffect(() => {
    if (list.isPlaceholderData || shown.current === asked) return
    shown.current = asked
    scroller.current?.scrollTo(0, 0)
  }, [list.isPlaceholderData, asked])

  const at = sessions.findIndex((session) => session.id === chosen)
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const to = moveBy(event.key, at)
    if (to === null) return
    event.preventDefault()
    go({ session: sessions[to]?.id ?? null, trace: null }, { replace: true })
  }

  if (list.isPending) return <Loading />
  if (list.isError && sessions.length === 0) return <Problem error={list.error} onRetry={() => list.refetch()} />
  if (sessions.length === 0) return <NoSessions place={place} />
  return (
    <>
      <p className="pane-caption" aria-live="polite">
        <span title={figures.exact(totalCount)}>{words.sessions.count(totalCount, figures.exact(totalCount))}</span>{' '}
        <span className="muted">{words.sessions.recent}</span>
      </p>
      <div
        ref={scroller}
        className={`scroller session-list${list.isPlaceholderData ? ' stale' : ''}`}
        role="listbox"
        aria-busy={list.isPlaceholderData}
        tabIndex={0}
        aria-label={words.sessions.list}
        aria-activedescendant={chosen !== null && isDrawn(items, at) ? optionId(chosen) : undefined}
        onScroll={noteScroll}
        onKeyDown={press}
      >
        <div className="virtual" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const session = sessions[item.index]
            if (!session) return null
            return (
              <SessionItem
                key={session.id}
                id={optionId(session.id)}
                session={session}
                chosen={session.id === chosen}
                position={item.index + 1}
                total={totalCount}
                top={item.start}
              />
            )
          })}
        </div>
      </div>
      <RestOfRows list={list} scroller={scroller} />
    </>
  )
}
