import { useCallback, useRef, useState } from 'react'

interface ShowAll {
  all: boolean
  showAll: () => void
  /** The `ref` for the first of the rows that are hidden at first; that row needs `tabIndex={-1}`. */
  firstOfRest: (row: HTMLElement | null) => void
}

/** Shows the rest of a long list. The button that does so disappears; the first of the new rows gets its focus. */
export function useShowAll(): ShowAll {
  const [all, setAll] = useState(false)
  const due = useRef(false)
  const firstOfRest = useCallback((row: HTMLElement | null) => {
    if (row === null || !due.current) return
    due.current = false
    // Meanwhile the user may have moved the focus elsewhere.
    if (document.activeElement === document.body) row.focus()
  }, [])
  const showAll = () => {
    due.current = true
    setAll(true)
  }
  return { all, showAll, firstOfRest }
}
