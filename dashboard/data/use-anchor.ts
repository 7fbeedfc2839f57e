import { type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Keeps the scroll position of a list of equally high rows when rows are added or removed above: the row at the top
 * edge stays there. A list that is scrolled to the top stays at the top. Returns the scroll handler.
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
