import { useFigures, useWords } from '../words/index.tsx'

interface Props {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
  shown: number
  total: number
}

/** Asks for the next page of a list, and says how much of it is there. */
export function MoreButton({ pages, shown, total }: Props) {
  const words = useWords()
  const figures = useFigures()
  if (!pages.hasNextPage) return null
  return (
    <p className="more">
      <button
        type="button"
        className="button"
        // Not `disabled`, which would take the focus from it.
        aria-disabled={pages.isFetchingNextPage}
        onClick={() => {
          if (!pages.isFetchingNextPage) pages.fetchNextPage()
        }}
      >
        {pages.isFetchingNextPage ? words.loading : words.more}
      </button>
      <span className="muted">{words.shownOf(figures.exact(shown), figures.exact(total))}</span>
    </p>
  )
}
