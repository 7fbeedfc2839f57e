/** Paged lists of sessions. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import type { SessionSummaryFragment, SessionsQueryVariables } from 'delegraph/client'
import { useMemo } from 'react'
import type { Place } from './place.ts'
import { sessionListVariables, sessionPages } from './session-pages.ts'

export const useSessionList = (place: Place) => useSessions(sessionListVariables(place))

export function useSessions(variables: SessionsQueryVariables) {
  const answer = useInfiniteQuery({
    ...sessionPages(variables),
    // The result of the previous filters stays until the answer arrives.
    placeholderData: keepPreviousData,
  })
  const sessions = useMemo<SessionSummaryFragment[]>(
    () => answer.data?.pages.flatMap((page) => page.sessions.nodes) ?? [],
    [answer.data],
  )
  return { ...answer, variables, sessions, totalCount: answer.data?.pages[0]?.sessions.totalCount ?? 0 }
}

export type SessionList = ReturnType<typeof useSessionList>
