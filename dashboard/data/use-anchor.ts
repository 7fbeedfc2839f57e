import { type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Keeps what is being read where it is when rows come or go above it: the row at the top edge of a list of equally high
 * rows stays there. A list that is at its beginning stays at its beginning. Gives the handler for scrolling.
 */
export function useAnchor(scroller: RefObject<HTMLElement | null>, keys: readonly string[], rowPx: number): () => void {
  const anchor = useRef<{ key: string; belowPx: number } | null>(null)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || !anchor.current) return
    const index = keys.indexOf(anchor.current.key)
    const top = index * rowPx + anchor.current.belowPx
    if (index >= 0 && Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top
  }, [scroller, keys, rowPx])
  return () => {
    const top = scroller.current?.scrollTop ?? 0
    const index = Math.floor(top / rowPx)
    const key = keys[index]
    anchor.current = top <= 0 || key === undefined ? null : { key, belowPx: top - index * rowPx }
  }
}
