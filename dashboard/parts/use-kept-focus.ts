/**
 * Another place of the page takes away what led there. Were the focus lost with it, the keyboard would begin at the top of
 * the page again: it goes to the nearest part around it that is still there.
 */
import { type FocusEvent, useEffect, useRef } from 'react'
import type { Place } from '../data/place.ts'

/** Handlers for the element within which the focus is kept; what may have it instead has a `tabindex`. */
export function useKeptFocus(place: Place) {
  const around = useRef<readonly HTMLElement[]>([])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever the place is, it may have taken something away.
  useEffect(() => {
    if (document.activeElement !== document.body) return
    around.current.find((part) => part.isConnected)?.focus({ preventScroll: true })
  }, [place])
  return {
    onFocus: ({ target }: FocusEvent<HTMLElement>) => {
      around.current = partsAround(target)
    },
    // Left for nothing, by a click beside everything. React tells of no blur where the element itself goes.
    onBlur: () => {
      around.current = []
    },
  }
}

function partsAround(element: HTMLElement): HTMLElement[] {
  const parts: HTMLElement[] = []
  for (let part = element.parentElement; part; part = part.parentElement)
    if (part.hasAttribute('tabindex')) parts.push(part)
  return parts
}
