/** The variables and pages of the session queries. */
import { SessionsDocument, type SessionsQuery, type SessionsQueryVariables } from 'delegraph/client'
import { ask } from './ask.ts'
import { type Place, sessionFilterOf, type Window } from './place.ts'

/** A small first page, so that it arrives quickly. */
const FIRST_SESSIONS = 25
const PAGE = 100
const LANES = 60
const FIRST_PAGE: string | null = null

/** The sessions that match the filters, latest activity first. */
export const sessionListVariables = (place: Place): SessionsQueryVariables => ({
  filter: sessionFilterOf(place),
  orderBy: { field: 'LAST_ACTIVITY_AT' },
  first: FIRST_SESSIONS,
})

/** The sessions that match the filters and were active in a time window, latest start first. */
export function timelineVariables(place: Place, window: Window | null): SessionsQueryVariables {
  const { startedAt, ...filter } = sessionFilterOf(place)
  const iso = (ms: number) => new Date(ms).toISOString()
  const until = [place.to, window && iso(window.toMs)].filter((moment) => moment !== null).sort()[0]
  return {
    filter:
      window === null
        ? sessionFilterOf(place)
        : {
            ...filter,
            startedAt: { from: startedAt?.from ?? null, to: until ?? null },
            lastActivityAt: { from: iso(window.fromMs) },
          },
    orderBy: { field: 'STARTED_AT' },
    first: LANES,
  }
}

export function sessionPages(variables: SessionsQueryVariables) {
  return {
    queryKey: ['Sessions', variables],
    queryFn: ({ signal, pageParam }: { signal: AbortSignal; pageParam: string | null }) =>
      ask(SessionsDocument, pageParam === null ? variables : { ...variables, first: PAGE, after: pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: ({ sessions: { pageInfo } }: SessionsQuery) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
  }
}
