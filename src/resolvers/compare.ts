/** Compares two sessions: what each agent did in them, and which traces of one have no counterpart in the other. */
import { noUsage, type Usage } from '../records.ts'
import type { SessionRow, TraceColumn, TraceRow } from '../store/store.ts'
import type { Context } from './context.ts'

export interface SessionComparison {
  a: SessionRow
  b: SessionRow
}

export interface AgentDelta {
  agent: string
  invocationsA: number
  invocationsB: number
  ownA: Usage
  ownB: Usage
  activeMsA: number
  activeMsB: number
}

/** Null if either session does not exist. */
export async function compareSessions(
  { loaders }: Pick<Context, 'loaders'>,
  idA: string,
  idB: string,
): Promise<SessionComparison | null> {
  const [a, b] = await Promise.all([loaders.session.load(idA), loaders.session.load(idB)])
  return a === null || b === null ? null : { a, b }
}

/** One delta for each agent that worked in either session, sorted by agent name. */
export async function agentDeltas(
  { a, b }: SessionComparison,
  { loaders }: Pick<Context, 'loaders'>,
): Promise<AgentDelta[]> {
  const [inA, inB] = await Promise.all([loaders.flowNodes.load(a.id), loaders.flowNodes.load(b.id)])
  const agents = [...new Set([...inA, ...inB].map(({ agent }) => agent))].sort()
  return agents.map((agent) => {
    const ofA = inA.find((node) => node.agent === agent)
    const ofB = inB.find((node) => node.agent === agent)
    return {
      agent,
      invocationsA: ofA?.invocations ?? 0,
      invocationsB: ofB?.invocations ?? 0,
      ownA: ofA?.own ?? noUsage(),
      ownB: ofB?.own ?? noUsage(),
      activeMsA: ofA?.activeMs ?? 0,
      activeMsB: ofB?.activeMs ?? 0,
    }
  })
}

/** The traces of one session, depth first, that have no counterpart in the other. */
export async function onlyIn(
  side: 'a' | 'b',
  { a, b }: SessionComparison,
  context: Pick<Context, 'loaders' | 'store' | 'rule'>,
  columns: ReadonlySet<TraceColumn>,
): Promise<TraceRow[]> {
  const withAgents = new Set<TraceColumn>([...columns, 'agent'])
  const [rowsA, rowsB] = await Promise.all([rowsOf(context, a, withAgents), rowsOf(context, b, withAgents)])
  const places = new Map<string, number>()
  const placesA = placesOf(rowsA, places)
  const placesB = placesOf(rowsB, places)
  const [rows, own, other] = side === 'a' ? [rowsA, placesA, placesB] : [rowsB, placesB, placesA]
  const known = new Set(other)
  return rows.filter((_, i) => !known.has(own[i] ?? -1))
}

/**
 * The traces to compare, depth first: the whole tree of a root session; for any other session, the traces that ran in
 * it and everything below them.
 */
async function rowsOf(
  { loaders, store, rule }: Pick<Context, 'loaders' | 'store' | 'rule'>,
  { id, rootId }: SessionRow,
  columns: ReadonlySet<TraceColumn>,
): Promise<readonly TraceRow[]> {
  if (id === rootId) return (await loaders.tree(columns).load(id)).rows
  const scope = { kind: 'session', sessionId: id, rootSessionId: rootId } as const
  const pages = await store.pageTrees([scope], {}, {}, columns, rule)
  return pages.flatMap(({ items }) => items.map(({ node }) => node))
}

/**
 * The place of each row, as a number. Two traces are counterparts when they have the same place: the same agent, the
 * n-th call of that agent by its caller, and callers that are counterparts. `known` assigns the numbers and is shared
 * by both trees, so that comparing two places costs the same at any depth.
 */
function placesOf(rows: readonly TraceRow[], known: Map<string, number>): number[] {
  const placeOfTrace = new Map<string, number>()
  const callsSoFar = new Map<string, number>()
  return rows.map((row) => {
    const caller = row.parentId === null ? undefined : placeOfTrace.get(row.parentId)
    const call = JSON.stringify([caller ?? null, row.agent])
    const n = callsSoFar.get(call) ?? 0
    callsSoFar.set(call, n + 1)
    const key = `${n} ${call}`
    const place = known.get(key) ?? known.size
    known.set(key, place)
    placeOfTrace.set(row.id, place)
    return place
  })
}
