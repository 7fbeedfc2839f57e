import { useCallback, useRef, useState } from 'react'

interface ShowAll {
  all: boolean
  showAll: () => void
  /** The `ref` of the first row that is shown only then; it needs a `tabIndex` of -1. */
  firstOfRest: (row: HTMLElement | null) => void
}

/** Of a long list the rest. The button that shows it goes, and the focus with it: the first row of the rest gets it. */
export function useShowAll(): ShowAll {
  const [all, setAll] = useState(false)
  const due = useRef(false)
  const firstOfRest = useCallback((row: HTMLElement | null) => {
    if (row === null || !due.current) return
    due.current = false
    // Meanwhile it may have gone elsewhere.
    if (document.activeElement === document.body) row.focus()
  }, [])
  const showAll = () => {
    due.current = true
    setAll(true)
  }
  return { all, showAll, firstOfRest }
}
