/**
 * Live updates: changes on the server invalidate the affected queries, and sessions in a list are updated in place from
 * the change itself.
 */
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query'
import type { SessionSummaryFragment, SessionsQuery } from 'delegraph/client'
import { useEffect, useState } from 'react'
import { isOffline } from './ask.ts'
import { type Change, followChanges } from './changes.ts'

type Pages = InfiniteData<SessionsQuery>

/**
 * Changes are batched for this long, and until the previous batch's queries are answered: otherwise a busy history
 * would keep the page busy and cancel slow queries again and again.
 */
const GATHER_MS = 400

export type Connection = 'connecting' | 'live' | 'lost' | 'refused'

/** Follows the changes while the component is mounted. */
export function useLive(): Connection {
  const client = useQueryClient()
  const [connection, setConnection] = useState<Connection>('connecting')
  useEffect(() => {
    let gathered: Change[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    let everything = false

    const show = async () => {
      await askAgainFor()
      timer = undefined
      if (everything || gathered.length > 0) soon()
    }

    const askAgainFor = (): Promise<void> => {
      const changes = gathered
      gathered = []
      if (everything || changes.some((change) => !change.complete)) {
        everything = false
        return client.invalidateQueries()
      }
      const sessions = new Map(changes.flatMap((change) => change.sessions).map((session) => [session.id, session]))
      const sessionIds = new Set(changes.flatMap((change) => change.sessionIds))
      const traceIds = new Set(changes.flatMap((change) => change.traceIds))
      renewSessions(sessions)
      return client.invalidateQueries({
        predicate: ({ queryKey: [operation, variables], state: { data } }) =>
          ((operation === 'TreeRows' || operation === 'SessionFlow') && names(variables, sessionIds)) ||
          (operation === 'CompareSessions' &&
            (names(variables, sessionIds, 'a') || names(variables, sessionIds, 'b'))) ||
          ((operation === 'TraceDetail' || operation === 'TraceBaseline') && names(variables, traceIds)) ||
          (operation === 'ToolTicks' && namesAny(variables, traceIds)) ||
          (operation === 'Sessions' &&
            (isFiltered(variables) || [...sessionIds].some((id) => !sessions.has(id) || !shows(data, id)))) ||
          STATISTICS.has(String(operation)),
      })
    }
    const soon = () => {
      timer ??= setTimeout(show, GATHER_MS)
    }

    /** Replaces sessions in the cached lists with their new versions. */
    const renewSessions = (sessions: ReadonlyMap<string, SessionSummaryFragment>): void => {
      for (const [key, data] of client.getQueriesData<Pages>({ queryKey: ['Sessions'], predicate: isPaged }))
        if (data) client.setQueryData<Pages>(key, renewed(data, sessions, isByActivity(key[1])))
    }

    let first = true
    const end = followChanges({
      onChange: (change) => {
        gathered.push(change)
        soon()
      },
      onConnected: (resumed) => {
        setConnection('live')
        if (!first && !resumed) {
          everything = true
          // Requests that are still pending were sent before the connection was lost and may never be answered.
          clearTimeout(timer)
          timer = undefined
          soon()
        } else if (!first) askAgainWhatFailed(client)
        first = false
      },
      onLost: () => {
        setConnection('lost')
        // Data queried before the first connection may have changed as well, so that connection invalidates it too.
        first = false
      },
      onRefused: () => setConnection('refused'),
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [client])
  return connection
}

/** Operations whose results any change may affect; those on screen are queried again. */
const STATISTICS = new Set([
  'UsageBy',
  'AgentStatistics',
  'Anomalies',
  'FilterFacets',
  'Reading',
  'Flow',
  'HistorySpan',
  'Traces',
  'SearchPattern',
])

/** After a resumed connection no change was missed, but queries may have failed in the meantime: these are repeated. */
const askAgainWhatFailed = (client: QueryClient): Promise<void> =>
  client.invalidateQueries({ predicate: ({ state }) => state.status === 'error' && isOffline(state.error) })

const names = (variables: unknown, ids: ReadonlySet<string>, argument = 'id'): boolean =>
  typeof variables === 'object' && ids.has(String(new Map(Object.entries(variables ?? {})).get(argument)))

const namesAny = (variables: unknown, ids: ReadonlySet<string>): boolean =>
  typeof variables === 'object' &&
  variables !== null &&
  'ids' in variables &&
  Array.isArray(variables.ids) &&
  variables.ids.some((id) => ids.has(String(id)))

/** Any change of a session may change which sessions match a filter, whether or not the list contains it. */
const isFiltered = (variables: unknown): boolean =>
  typeof variables === 'object' &&
  variables !== null &&
  'filter' in variables &&
  Object.keys(variables.filter ?? {}).length > 0

const isPages = (data: unknown): data is Pages => typeof data === 'object' && data !== null && 'pages' in data

const isPaged = (query: { state: { data?: unknown } }): boolean => isPages(query.state.data)

const shows = (data: unknown, id: string): boolean =>
  isPages(data) && data.pages.some((page) => page.sessions.nodes.some((session) => session.id === id))

const isByActivity = (variables: unknown): boolean =>
  typeof variables === 'object' &&
  variables !== null &&
  'orderBy' in variables &&
  typeof variables.orderBy === 'object' &&
  variables.orderBy !== null &&
  'field' in variables.orderBy &&
  variables.orderBy.field === 'LAST_ACTIVITY_AT'

function renewed(data: Pages, sessions: ReadonlyMap<string, SessionSummaryFragment>, byActivity: boolean): Pages {
  const before = data.pages.flatMap((page) => page.sessions.nodes)
  const nodes = before.map((session) => sessions.get(session.id) ?? session)
  if (byActivity) for (const { id } of before) if (sessions.has(id)) moveUp(nodes, id)
  let shown = 0
  return {
    ...data,
    pages: data.pages.map(({ sessions }) => {
      const from = shown
      shown += sessions.nodes.length
      return { sessions: { ...sessions, nodes: nodes.slice(from, shown) } }
    }),
  }
}

/** Moves a session up to its place by latest activity, but not past running ones: two of these would swap endlessly. */
function moveUp(nodes: SessionSummaryFragment[], id: string): void {
  const at = nodes.findIndex((session) => session.id === id)
  const [session] = nodes.splice(at, 1)
  if (session === undefined) return
  const isOlder = ({ status, lastActivityAt }: SessionSummaryFragment): boolean =>
    status !== 'RUNNING' && Date.parse(lastActivityAt) < Date.parse(session.lastActivityAt)
  const to = nodes.slice(0, at).findIndex(isOlder)
  nodes.splice(to < 0 ? at : to, 0, session)
}
