/**
 * Virtualized rows of equal height. The first few are rendered with the list and the others once it has been measured:
 * laying out a whole screen of rows at once takes noticeably long on a slow machine.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import type { RefObject } from 'react'

const FIRST_ROWS_PX = 240

export interface RowsOptions {
  count: number
  keyOf?: (index: number) => string | undefined
  rowPx: number
  /** Number of rows rendered beyond each edge of the visible part. */
  overscan: number
  /** Height of a sticky header inside the scroller. */
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

/** Whether a row is in the DOM: `aria-activedescendant` must not name one that is scrolled away. */
export const isDrawn = (items: readonly { index: number }[], at: number): boolean =>
  items.some(({ index }) => index === at)

/** Measures with a ResizeObserver only: its first callback follows the regular layout, so no extra layout is forced. */
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
