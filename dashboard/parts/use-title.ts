import { useEffect } from 'react'

/** Sets the document title, which tabs, history and bookmarks show. */
export function useTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} – delegraph`
  }, [name])
}
