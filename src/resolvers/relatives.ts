/** The relatives of a trace: from its linked tree if that has been read, otherwise from the store. */
import type { TraceColumn, TraceRow } from '../store/store.ts'
import type { Context } from './context.ts'
import { hasColumns, isLeaf, type LinkedTree, walkUp } from './linked-tree.ts'
import type { TracePlan } from './trace-plan.ts'

type Answer<T> = T | Promise<T>

export function childrenOfTrace(context: Context, row: TraceRow, plan: TracePlan): Answer<TraceRow[]> {
  if (isLeaf(row)) return []
  const known = context.trees.get(row)?.childrenOf.get(row.id)
  if (known?.[0] && hasColumns(known[0], plan.tree)) return known
  if (plan.levels === 0) return context.loaders.children(plan.own).load(row.id)
  return subtreeOf(context, row, plan.tree).then((tree) => tree.childrenOf.get(row.id) ?? [])
}

/** The descendants of a trace, depth first. */
export function descendantsOfTrace(context: Context, row: TraceRow, plan: TracePlan): Answer<TraceRow[]> {
  if (isLeaf(row)) return []
  const known = context.trees.get(row)
  const first = known?.childrenOf.get(row.id)?.[0]
  if (known && first && hasColumns(first, plan.tree)) {
    return known.rows.filter((other) => row.lft < other.lft && other.rgt < row.rgt)
  }
  return subtreeOf(context, row, plan.tree).then((tree) => tree.rows)
}

export function parentOfTrace(context: Context, row: TraceRow, plan: TracePlan): Answer<TraceRow | null> {
  if (row.parentId === null) return null
  const known = context.trees.get(row)?.byId.get(row.parentId)
  if (known && hasColumns(known, plan.own)) return known
  return context.loaders.trace(plan.own).load(row.parentId)
}

/** The ancestors of a trace, root first. */
export async function ancestorsOfTrace(
  context: Context,
  row: TraceRow,
  columns: ReadonlySet<TraceColumn>,
): Promise<TraceRow[]> {
  const { ancestors, top } = walkUp(context.trees.get(row), row)
  if (!ancestors.every((ancestor) => hasColumns(ancestor, columns))) return context.loaders.ancestors(columns).load(row)
  if (top.depth === 0) return ancestors
  return [...(await context.loaders.ancestors(columns).load(top)), ...ancestors]
}

const AGENT: ReadonlySet<TraceColumn> = new Set(['agent'])

/** The agents from the root down to the trace itself. */
export function agentPath(context: Context, row: TraceRow): Answer<string[]> {
  if (row.depth === 0) return agentsOf([row])
  const { ancestors, top } = walkUp(context.trees.get(row), row)
  if (top.depth === 0 && ancestors.every((ancestor) => hasColumns(ancestor, AGENT)))
    return agentsOf([...ancestors, row])
  return ancestorsOfTrace(context, row, AGENT).then((above) => agentsOf([...above, row]))
}

function agentsOf(rows: readonly TraceRow[]): string[] {
  return rows.map(({ id, agent }) => {
    if (agent === undefined) throw new Error(`The agent of trace ${id} was not read`)
    return agent
  })
}

async function subtreeOf(context: Context, row: TraceRow, columns: ReadonlySet<TraceColumn>): Promise<LinkedTree> {
  return context.loaders.subtree(columns).load(row)
}
