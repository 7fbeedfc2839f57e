import type { RefObject } from 'react'
import type { SessionList } from '../data/use-sessions.ts'
import { useWords } from '../words/index.tsx'
import { RestProblem } from './notice.tsx'

interface Props {
  list: SessionList
  scroller: RefObject<HTMLElement | null>
}

/** Below a list that loads its next page automatically: says that this failed, with a button to retry. */
export function RestOfRows({ list, scroller }: Props) {
  const words = useWords()
  const { isFetchNextPageError, isFetchingNextPage, error, fetchNextPage } = list
  if (!isFetchNextPageError) return null
  const askAgain = () => {
    // The button disappears when the page arrives, and the focus would be lost with it.
    scroller.current?.focus({ preventScroll: true })
    if (!isFetchingNextPage) fetchNextPage()
  }
  return (
    <RestProblem error={error}>
      <button type="button" className="button" onClick={askAgain}>
        {isFetchingNextPage ? words.loading : words.retry}
      </button>
    </RestProblem>
  )
}
