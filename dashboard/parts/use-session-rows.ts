import { type RefObject, useEffect } from 'react'
import type { SessionList } from '../data/use-sessions.ts'
import { useRows } from './use-rows.ts'

export interface RowOptions {
  rowPx: number
  /** Number of rows rendered beyond each edge of the visible part. */
  overscan: number
  /** The next page is loaded when the last visible row is this close to the end. */
  ahead: number
}

/** The virtualized rows of a listbox of sessions; the next page is loaded when the end is near. */
export function useSessionRows(
  list: SessionList,
  scroller: RefObject<HTMLElement | null>,
  { rowPx, overscan, ahead }: RowOptions,
) {
  const { sessions, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list
  const virtual = useRows(scroller, {
    count: sessions.length,
    keyOf: (index) => sessions[index]?.id,
    rowPx,
    overscan,
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? 0
  // A page that failed to load is not requested again automatically, which would never end: the user retries it.
  const isDue = hasNextPage && !isFetchingNextPage && !isFetchNextPageError
  useEffect(() => {
    if (isDue && lastShown >= sessions.length - ahead) fetchNextPage()
  }, [isDue, fetchNextPage, lastShown, sessions.length, ahead])

  /** Scrolls to the row that a key leads to from row `at` (-1: none) and returns its index; null for any other key. */
  const moveBy = (key: string, at: number): number | null => {
    const screen = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPx) - 1)
    const wanted = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: sessions.length - 1,
      PageDown: at + screen,
      PageUp: at - screen,
    }[key]
    if (wanted === undefined || sessions.length === 0) return null
    const to = Math.min(sessions.length - 1, Math.max(0, wanted))
    virtual.scrollToIndex(to)
    return to
  }
  return { virtual, items, moveBy }
}
