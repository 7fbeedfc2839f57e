/** A paged list; each page is queried on demand. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import type { TypedDocument } from 'delegraph/client'
import { operationName } from './answers.ts'
import { ask } from './ask.ts'

const FIRST_PAGE: string | null = null

interface Page {
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

export function usePages<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  variables: (after: string | null) => Variables,
  pageOf: (answer: Result) => Page,
  { enabled = true }: { enabled?: boolean } = {},
) {
  return useInfiniteQuery({
    queryKey: [operationName(document), variables(FIRST_PAGE)],
    queryFn: ({ signal, pageParam }) => ask(document, variables(pageParam), signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (answer) => {
      const { hasNextPage, endCursor } = pageOf(answer).pageInfo
      return hasNextPage ? endCursor : null
    },
    enabled,
    placeholderData: keepPreviousData,
  })
}
