import type { RefObject } from 'react'
import type { SessionList } from '../data/use-sessions.ts'
import { useWords } from '../words/index.tsx'
import { RestProblem } from './notice.tsx'

interface Props {
  list: SessionList
  scroller: RefObject<HTMLElement | null>
}

/** Under a list that asks for its next page by itself: that it could not be had, and a button to ask again. */
export function RestOfRows({ list, scroller }: Props) {
  const words = useWords()
  const { isFetchNextPageError, isFetchingNextPage, error, fetchNextPage } = list
  if (!isFetchNextPageError) return null
  const askAgain = () => {
    // The button goes when the page comes, and the focus would go with it.
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
