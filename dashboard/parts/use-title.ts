import { useEffect } from 'react'

/** What the browser's tabs, its history and its bookmarks call what is shown. */
export function useTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} – delegraph`
  }, [name])
}
