import { type RefObject, useEffect } from 'react'
import type { SessionList } from '../data/use-sessions.ts'
import { useRows } from './use-rows.ts'

export interface RowOptions {
  rowPx: number
  /** Rows beyond the edges of the screen that are in the page. */
  overscan: number
  /** Rows before the end at which the next page is asked for. */
  ahead: number
}

/** The rows of a listbox of sessions, of which only what is on the screen is in the page; more come when its end is near. */
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
  // One that could not be had would be asked for again without end: whoever reads the list says when.
  const isDue = hasNextPage && !isFetchingNextPage && !isFetchNextPageError
  useEffect(() => {
    if (isDue && lastShown >= sessions.length - ahead) fetchNextPage()
  }, [isDue, fetchNextPage, lastShown, sessions.length, ahead])

  /** The row to which a key leads from the row `at` (-1: none), which is brought into view; null where it leads nowhere. */
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
