/** The lists of traces that belong to a session or to a trace. */
import type { PageArgs, SessionRow, TraceFilter, TraceRow } from '../store/store.ts'
import { type Connection, listAtHand, storedList } from './connection.ts'
import type { Context } from './context.ts'
import { badArgument, isWhole } from './page-args.ts'
import { descendantsOfTrace } from './relatives.ts'
import { isRoot } from './root-traces.ts'
import type { TracePlan } from './trace-plan.ts'

/** The turns of the session's user. If their children are selected too, the whole tree is read at once. */
export async function rootTracesOfSession(context: Context, session: SessionRow, plan: TracePlan): Promise<TraceRow[]> {
  if (plan.levels === 0) return context.loaders.rootTraces(plan.own).load(session.id)
  const tree = await context.loaders.tree(plan.tree).load(session.rootId)
  return tree.rows.filter((row) => isRoot(row) && row.sessionId === session.id)
}

/**
 * Every trace of the session's tree, depth first. The whole tree of a root session is read linked, so that children and
 * paths need no further statement; any part of it is paged by the store. The loaders batch both over many sessions, so
 * that the number of statements does not grow with the number of sessions.
 */
export function tracesOfSession(
  context: Context,
  session: SessionRow,
  filter: TraceFilter | null,
  page: PageArgs,
  plan: TracePlan,
): Connection<TraceRow> {
  const { store, loaders } = context
  if (filter === null && isWhole(page) && session.rootId === session.id) {
    return {
      ...listAtHand(
        page,
        async () => (await loaders.tree(plan.tree).load(session.id)).rows,
        (row) => store.treeCursorOf(row),
      ),
      total: async () => session.traceCount,
    }
  }
  const scope = { kind: 'session', sessionId: session.id, rootSessionId: session.rootId } as const
  const isWholeTree = filter === null && session.rootId === session.id
  return storedList(
    page,
    (args) => loaders.treePage(filter ?? {}, args, plan.own).load(scope),
    () => (isWholeTree ? Promise.resolve(session.traceCount) : loaders.treeCount(filter ?? {}).load(scope)),
  )
}

/** The descendants of a trace, depth first; any part of them is paged by the store, for many traces at once. */
export function pageOfDescendants(
  context: Context,
  row: TraceRow,
  maxDepth: number | null,
  filter: TraceFilter | null,
  page: PageArgs,
  plan: TracePlan,
): Connection<TraceRow> {
  if (maxDepth !== null && maxDepth < 0) {
    throw badArgument('maxDepth', `"maxDepth" is ${maxDepth}; it must be 0 or more.`)
  }
  const { store, loaders } = context
  if (filter === null && isWhole(page)) {
    const isNear = (below: TraceRow) => maxDepth === null || below.depth <= row.depth + maxDepth
    const list = listAtHand(
      page,
      async () => (await descendantsOfTrace(context, row, plan)).filter(isNear),
      (row) => store.treeCursorOf(row),
    )
    // Each descendant uses two nested-set numbers between those of the trace.
    return maxDepth === null ? { ...list, total: async () => (row.rgt - row.lft - 1) / 2 } : list
  }
  const { rootSessionId, lft, rgt, depth } = row
  const toDepth = maxDepth === null ? null : depth + maxDepth
  const scope = { kind: 'trace', rootSessionId, lft, rgt, toDepth } as const
  return storedList(
    page,
    (args) => loaders.treePage(filter ?? {}, args, plan.own).load(scope),
    () => loaders.treeCount(filter ?? {}).load(scope),
  )
}
