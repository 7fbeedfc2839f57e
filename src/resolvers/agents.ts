/** Statistics by agent. What takes a statement of its own is read for all agents at once, when it is first asked for. */
import { noUsage, type Usage } from '../records.ts'
import type { AgentCount, AgentStats, AnalyticsReader, StaleRule, ToolStats, TraceFilter } from '../store/store.ts'

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
  let groups: Promise<Map<string, R[]>> | undefined
  return async (key) => {
    groups ??= read().then((rows) => {
      const byKey = new Map<string, R[]>()
      for (const row of rows) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row])
      return byKey
    })
    return (await groups).get(key) ?? []
  }
}
