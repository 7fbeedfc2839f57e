/**
 * Equally high rows, of which only those on the screen are in the page. The first few are drawn with the list, the others
 * once it has been measured: laying out a whole screen of them takes a slow machine so long that it would be noticed.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import type { RefObject } from 'react'

const FIRST_ROWS_PX = 240

export interface RowsOptions {
  count: number
  keyOf?: (index: number) => string | undefined
  rowPx: number
  /** Rows beyond the edges of the screen that are in the page. */
  overscan: number
  /** Of a header that sticks to the top of what scrolls. */
  headPx?: number
}

export function useRows(
  scroller: RefObject<HTMLElement | null>,
  { count, keyOf = () => undefined, rowPx, overscan, headPx = 0 }: RowsOptions,
) {
  return useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    getItemKey: (index) => keyOf(index) ?? index,
    overscan,
    paddingStart: headPx,
    scrollPaddingStart: headPx,
    initialRect: { width: 0, height: FIRST_ROWS_PX },
    observeElementRect: measureAfterLayout,
  })
}

/** Whether a row is in the page: what is scrolled away can't be named as the active one. */
export const isDrawn = (items: readonly { index: number }[], at: number): boolean =>
  items.some(({ index }) => index === at)

/** An observer that begins by telling the size, after the layout that there is anyway. */
function measureAfterLayout(
  { scrollElement }: { scrollElement: HTMLElement | null },
  tell: (rect: { width: number; height: number }) => void,
) {
  if (scrollElement === null) return
  const observer = new ResizeObserver(() =>
    tell({ width: scrollElement.clientWidth, height: scrollElement.clientHeight }),
  )
  observer.observe(scrollElement)
  return () => observer.disconnect()
}
