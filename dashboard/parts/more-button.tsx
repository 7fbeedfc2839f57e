import { useEffect, useRef } from 'react'
import { useFigures, useWords } from '../words/index.tsx'
import { RestProblem } from './notice.tsx'

interface Props {
  pages: {
    data: { pages: readonly unknown[] } | undefined
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isFetchNextPageError: boolean
    error: unknown
    fetchNextPage: () => unknown
  }
  shown: number
  total: number
}

/** A button that loads the next page of a list, and how many items are shown of how many. */
export function MoreButton({ pages, shown, total }: Props) {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, error, fetchNextPage } = pages
  const words = useWords()
  const figures = useFigures()
  const said = useRef<HTMLParagraphElement>(null)
  const isUsed = useRef(false)
  // The button disappears with the last page, and the focus would move to the top of the page.
  useEffect(() => {
    if (hasNextPage || !isUsed.current) return
    isUsed.current = false
    if (document.activeElement === document.body) said.current?.focus({ preventScroll: true })
  }, [hasNextPage])
  if (!hasNextPage && (pages.data?.pages.length ?? 0) < 2) return null
  return (
    <>
      {isFetchNextPageError && !isFetchingNextPage ? <RestProblem error={error} /> : null}
      <p className="more" ref={said} tabIndex={-1}>
        {hasNextPage && (
          <button
            type="button"
            className="button"
            // Not `disabled`, which would make the button lose the focus.
            aria-disabled={isFetchingNextPage}
            onClick={() => {
              isUsed.current = true
              if (!isFetchingNextPage) fetchNextPage()
            }}
          >
            {isFetchingNextPage ? words.loading : words.more}
          </button>
        )}
        <span className="muted">{words.shownOf(figures.exact(shown), figures.exact(total))}</span>
      </p>
    </>
  )
}
