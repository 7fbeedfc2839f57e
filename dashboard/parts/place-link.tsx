import type { ReactNode } from 'react'
import { go, type Place, placeUrl } from '../data/place.ts'

interface Props {
  place: Place
  change: Partial<Place>
  className?: string
  title?: string | undefined
  current?: boolean
  children: ReactNode
}

/** A link within the dashboard. */
export function PlaceLink({ place, change, className = 'button button-quiet', title, current, children }: Props) {
  return (
    <a
      href={placeUrl(place, change)}
      className={className}
      title={title}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        // The browser opens a new tab or window itself.
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        go(change)
      }}
    >
      {children}
    </a>
  )
}
