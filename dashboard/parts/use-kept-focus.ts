/**
 * Navigation may remove the focused element, and keyboard users would start at the top of the page again. Instead, the
 * focus moves to the nearest focusable ancestor that is still there.
 */
import { type FocusEvent, useEffect, useRef } from 'react'
import type { Place } from '../data/place.ts'

/** Handlers for the element within which the focus is kept. The ancestors that may receive it have a `tabindex`. */
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
    // The user left the element, for example by clicking on nothing. React fires no blur when the element is removed.
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
