/** An in-memory store for tests of the layers above. Rows have only the columns asked for, and calls are recorded. */
import type { Forest, Session, Trace } from '../src/records.ts'
import {
  KEY_COLUMNS,
  type Page,
  type PageArgs,
  type SessionRow,
  type SomeColumns,
  type ToolStats,
  type TraceColumn,
  type TraceColumns,
  type TraceReader,
  type TraceRow,
  type TreeScope,
} from '../src/store/store.ts'

/** Each call stands for one statement in a real store. */
export interface FakeStore extends TraceReader {
  calls: { method: string; columns: string[] }[]
}

export function fakeStore({ sessions, traces }: Forest): FakeStore {
  const calls: FakeStore['calls'] = []
  const inOrder = [...traces].sort((a, b) => compare(a.rootSessionId, b.rootSessionId) || a.lft - b.lft)
  const note = (method: string, columns: Iterable<TraceColumn> = []) => calls.push({ method, columns: [...columns] })
  const sessionRow = (session: Session): SessionRow => ({ ...session, status: session.lastStatus })
  const find = (id: string) => sessions.find((session) => session.id === id)
  const rows = (found: readonly Trace[], columns: Iterable<TraceColumn>) =>
    found.map((trace) => project(trace, columns))
  const inScope = (scope: TreeScope) =>
    inOrder.filter((trace) =>
      scope.kind === 'session'
        ? trace.rootSessionId === scope.sessionId
        : trace.rootSessionId === scope.rootSessionId && scope.lft < trace.lft && trace.rgt < scope.rgt,
    )

  return {
    calls,
    async getTracesBySession(ids, columns) {
      note('getTracesBySession', columns)
      return ids.map((id) =>
        rows(
          inOrder.filter((trace) => trace.sessionId === id),
          columns,
        ),
      )
    },
    async getTraceTree(ids, columns) {
      note('getTraceTree', columns)
      return ids.map((id) =>
        rows(
          inOrder.filter((trace) => trace.rootSessionId === id),
          columns,
        ),
      )
    },
    async getTracesByDateRange(_range, columns) {
      note('getTracesByDateRange', columns)
      return rows(inOrder, columns)
    },
    async getTracesByAgent(agents, columns) {
      note('getTracesByAgent', columns)
      return agents.map((agent) =>
        rows(
          inOrder.filter((trace) => trace.agent === agent),
          columns,
        ),
      )
    },
    async getTraceDetails(ids, columns) {
      note('getTraceDetails', columns)
      return ids.map(
        (id) =>
          rows(
            inOrder.filter((trace) => trace.id === id),
            columns,
          )[0] ?? null,
      )
    },
    async getSessionsWithTraces() {
      throw new Error('not asked for by the API')
    },
    async pageTraces(_filter, _order, page, columns) {
      note('pageTraces', columns)
      const latest = [...inOrder].sort((a, b) => b.startedMs - a.startedMs)
      return cut(rows(latest, columns), page)
    },
    async countTraces() {
      note('countTraces')
      return traces.length
    },
    async pageSessions(_filter, _order, page) {
      note('pageSessions')
      const latest = sessions.filter((each) => each.rootId === each.id).sort((a, b) => b.startedMs - a.startedMs)
      return cut(latest.map(sessionRow), page)
    },
    async countSessions() {
      note('countSessions')
      return sessions.filter((session) => session.rootId === session.id).length
    },
    async pageTrees(scopes, _filter, page, columns) {
      note('pageTrees', columns)
      return scopes.map((scope) => cut(rows(inScope(scope), columns), page))
    },
    async countTrees(scopes) {
      note('countTrees')
      return scopes.map((scope) => inScope(scope).length)
    },
    treeCursorOf: (row) => row.id,
    async getSessions(ids) {
      note('getSessions')
      return ids.map((id) => {
        const session = find(id)
        return session ? sessionRow(session) : null
      })
    },
    async getChildSessions(ids) {
      note('getChildSessions')
      return ids.map((id) => sessions.filter((session) => session.parentId === id).map(sessionRow))
    },
    async getChildren(ids, columns) {
      note('getChildren', columns)
      return ids.map((id) =>
        rows(
          inOrder.filter((trace) => trace.parentId === id),
          columns,
        ),
      )
    },
    async getAncestors(of, columns) {
      note('getAncestors', columns)
      return of.map((row) =>
        rows(
          inOrder.filter((t) => t.rootSessionId === row.rootSessionId && t.lft < row.lft && row.rgt < t.rgt),
          columns,
        ),
      )
    },
    async getDescendants(of, columns) {
      note('getDescendants', columns)
      return of.map((row) =>
        rows(
          inOrder.filter((t) => t.rootSessionId === row.rootSessionId && row.lft < t.lft && t.rgt < row.rgt),
          columns,
        ),
      )
    },
    async getSources() {
      note('getSources')
      return []
    },
    async countAll() {
      note('countAll')
      return { sessions: sessions.length, traces: traces.length }
    },
  }
}

function project(trace: Trace, columns: Iterable<TraceColumn>): TraceRow {
  const whole: TraceColumns = { ...trace, tools: toolsOf(trace), descendantCount: (trace.rgt - trace.lft - 1) / 2 }
  const { id, rootSessionId, sessionId, parentId, lft, rgt, depth } = whole
  const row: TraceRow = { id, rootSessionId, sessionId, parentId, lft, rgt, depth }
  const copy = <C extends TraceColumn>(column: C, to: SomeColumns) => {
    to[column] = whole[column]
  }
  for (const column of [...KEY_COLUMNS, ...columns]) copy(column, row)
  return row
}

function toolsOf(trace: Trace): ToolStats[] {
  const stats = new Map<string, ToolStats>()
  for (const call of trace.toolCalls) {
    const known = stats.get(call.tool) ?? { tool: call.tool, calls: 0, errors: 0, durationMs: 0 }
    known.calls += 1
    known.errors += call.status === 'error' ? 1 : 0
    known.durationMs += (call.endedMs ?? 0) - (call.startedMs ?? 0)
    stats.set(call.tool, known)
  }
  return [...stats.values()]
}

function cut<T extends { id: string }>(all: readonly T[], page: PageArgs): Page<T> {
  const from = page.after ? all.findIndex((item) => item.id === page.after) + 1 : 0
  const to = page.before ? all.findIndex((item) => item.id === page.before) : all.length
  const start = page.last == null ? from : Math.max(from, to - page.last)
  const end = page.first == null ? to : Math.min(to, from + page.first)
  return {
    items: all.slice(start, end).map((node) => ({ node, cursor: node.id })),
    hasPreviousPage: start > 0,
    hasNextPage: end < all.length,
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
