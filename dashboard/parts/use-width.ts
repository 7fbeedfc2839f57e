/** How wide an element is, in CSS pixels; 0 until it is laid out. */
import { type RefObject, useEffect, useState } from 'react'

export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [widthPx, setWidth] = useState(0)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return widthPx
}
