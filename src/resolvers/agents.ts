/** Statistics per agent. Fields that need their own statement are lazy: the first access reads them for all agents. */
import { groupBy } from '../group.ts'
import { noUsage, type Usage } from '../records.ts'
import type { AgentCount, AgentStats, AnalyticsReader, StaleRule, ToolStats, TraceFilter } from '../store/store.ts'
import { once } from './once.ts'

export interface AgentView extends AgentStats {
  total(): Promise<Usage>
  tools(): Promise<ToolStats[]>
  calledBy(): Promise<AgentCount[]>
  delegatesTo(): Promise<AgentCount[]>
}

export async function agentViews(store: AnalyticsReader, filter: TraceFilter, rule: StaleRule): Promise<AgentView[]> {
  const totals = grouped(
    () => store.agentTotals(filter, rule),
    (row) => row.agent,
  )
  const tools = grouped(
    () => store.agentTools(filter, rule),
    (row) => row.agent,
  )
  const callers = grouped(
    () => store.agentCallers(filter, rule),
    (row) => row.to,
  )
  const callees = grouped(
    () => store.agentCallees(filter, rule),
    (row) => row.from,
  )
  return (await store.agentStats(filter, rule)).map((stats) => ({
    ...stats,
    total: async () => (await totals(stats.agent))[0]?.total ?? noUsage(),
    tools: () => tools(stats.agent),
    calledBy: async () => (await callers(stats.agent)).map(({ from, count }) => ({ agent: from, count })),
    delegatesTo: async () => (await callees(stats.agent)).map(({ to, count }) => ({ agent: to, count })),
  }))
}

function grouped<R>(read: () => Promise<R[]>, keyOf: (row: R) => string): (key: string) => Promise<R[]> {
  const groups = once(async () => groupBy(await read(), keyOf))
  return async (key) => (await groups()).get(key) ?? []
}
