/** Implements `AnalyticsReader` in SQL: statistics over the traces that a filter admits, one statement each. */
import { z } from 'zod'
import {
  type AgentBaseline,
  type AnalyticsReader,
  SMALLEST_SAMPLE,
  type StaleRule,
  type TraceFilter,
  type UsageGrouping,
} from '../store.ts'
import { DistributionCell, distributionSql, UsageCell, usageSql } from './analytics-rows.ts'
import type { Database } from './database.ts'
import { allOf, type FilterExtensions, inList, TOTAL_TOKENS, traceConditions } from './filters.ts'
import { createFlowReader } from './flow.ts'
import { remembered } from './remembered.ts'
import { createParameters } from './statement.ts'
import { type Decode, tuples } from './values.ts'

/** @param limits `wideFrom`: the number of traces from which on a root session is swept (see `flow.ts`) */
export function createAnalyticsReader(
  database: Database,
  extensions: FilterExtensions,
  limits: { wideFrom: number },
): AnalyticsReader {
  /** Runs a statement over `agent_traces t` with the filter's conditions as its WHERE clause. */
  async function over<R>(
    filter: TraceFilter,
    rule: StaleRule,
    sql: (where: string) => string,
    decode: Decode<R>,
  ): Promise<R[]> {
    const { bind, values } = createParameters()
    const where = allOf(traceConditions(filter, rule, bind, extensions))
    return database.select({ sql: sql(where), values }, decode, { heavy: true })
  }

  /** The baselines of the agents that were requested since the last write. */
  const baselines = remembered(database, async () => new Map<string, AgentBaseline | null>())

  return {
    ...createFlowReader(database, extensions, limits),
    agentStats: (filter, rule) => over(filter, rule, agentStatsSql, decodeAgentStats),
    agentTotals: (filter, rule) => over(filter, rule, agentTotalsSql, decodeAgentTotals),
    agentTools: (filter, rule) => over(filter, rule, agentToolsSql, decodeAgentTools),
    agentCallers: (filter, rule) => over(filter, rule, agentCallersSql, decodeCalls),
    agentCallees: (filter, rule) => over(filter, rule, agentCalleesSql, decodeCalls),
    usageBy: (by, filter, rule) => over(filter, rule, (where) => usageBySql(by, where), decodeUsageRows),
    async facets() {
      const [found] = await database.select({ sql: FACETS, values: [] }, decodeFacets, { heavy: true })
      if (found === undefined) throw new Error('the facets are always a row')
      return found
    },
    async agentBaselines(agents) {
      const known = await baselines()
      const missing = [...new Set(agents)].filter((agent) => !known.has(agent))
      if (missing.length > 0) {
        const { bind, values } = createParameters()
        const sql = agentBaselinesSql(inList('t.subagent_type', missing, bind), bind(SMALLEST_SAMPLE))
        const found = await database.select({ sql, values }, decodeBaselines, { heavy: true })
        const byAgent = new Map(found.map((baseline) => [baseline.agent, baseline]))
        for (const agent of missing) known.set(agent, byAgent.get(agent) ?? null)
      }
      return agents.map((agent) => known.get(agent) ?? null)
    },
  }
}

// ---------------------------------------------------------------- agents

const agentStatsSql = (where: string): string => `
SELECT t.subagent_type, count(*)::DOUBLE, count(DISTINCT t.root_session_id)::DOUBLE,
  count(*) FILTER (t.status_detail = 'ERROR')::DOUBLE,
  ${distributionSql('t.duration_ms')}, ${distributionSql('t.active_ms')},
  ${distributionSql('t.total_cost')}, ${distributionSql(TOTAL_TOKENS)},
  ${usageSql('own')},
  list_sort(list_distinct(flatten(list(DISTINCT t.models)))),
  epoch_ms(min(t.started_at))::DOUBLE, epoch_ms(max(t.started_at))::DOUBLE
FROM agent_traces t WHERE ${where} GROUP BY t.subagent_type ORDER BY t.subagent_type`

const AgentStatsRow = z.tuple([
  z.string(),
  z.number(),
  z.number(),
  z.number(),
  DistributionCell,
  DistributionCell,
  DistributionCell,
  DistributionCell,
  UsageCell,
  z.array(z.string()),
  z.number(),
  z.number(),
])

const decodeAgentStats = tuples(
  AgentStatsRow,
  ([agent, invocations, sessions, errors, duration, active, cost, tokens, own, models, firstMs, lastMs]) => ({
    agent,
    invocations,
    sessions,
    errors,
    duration,
    active,
    cost,
    tokens,
    own,
    models,
    firstMs,
    lastMs,
  }),
)

/**
 * Sums only the topmost traces of each agent. In the order of lft, a trace is below an earlier one of its agent if and
 * only if the largest rgt so far is larger than its own.
 */
const agentTotalsSql = (where: string): string => `
SELECT t.subagent_type, ${usageSql('total')} FROM (
  SELECT t.*, max(t.rgt) OVER (PARTITION BY t.root_session_id, t.subagent_type ORDER BY t.lft
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
  FROM (SELECT t.subagent_type, t.root_session_id, t.lft, t.rgt, COLUMNS('total_.*') FROM agent_traces t WHERE ${where}) t
) t WHERE t.reach IS NULL OR t.reach < t.rgt GROUP BY t.subagent_type`

const decodeAgentTotals = tuples(z.tuple([z.string(), UsageCell]), ([agent, total]) => ({ agent, total }))

const agentToolsSql = (where: string): string => `
SELECT agent, s.tool, sum(s.calls)::DOUBLE AS calls, sum(s.errors)::DOUBLE, sum(s.duration_ms)::DOUBLE
FROM (SELECT t.subagent_type AS agent, unnest(t.tool_stats) AS s FROM agent_traces t WHERE ${where})
GROUP BY agent, s.tool ORDER BY agent, calls DESC, s.tool`

const decodeAgentTools = tuples(
  z.tuple([z.string(), z.string(), z.number(), z.number(), z.number()]),
  ([agent, tool, calls, errors, durationMs]) => ({ agent, tool, calls, errors, durationMs }),
)

const agentCallersSql = (where: string): string => `
SELECT t.parent_agent, t.subagent_type, count(*)::DOUBLE AS n FROM agent_traces t
WHERE t.parent_agent IS NOT NULL AND ${where} GROUP BY ALL ORDER BY n DESC, 1, 2`

const agentCalleesSql = (where: string): string => `
SELECT t.subagent_type, c.subagent_type, count(*)::DOUBLE AS n
FROM agent_traces t JOIN agent_traces c ON c.parent_trace_id = t.trace_id WHERE ${where} GROUP BY ALL ORDER BY n DESC, 1, 2`

const decodeCalls = tuples(z.tuple([z.string(), z.string(), z.number()]), ([from, to, count]) => ({ from, to, count }))

/** The condition on traces `t` that norms are derived from: finished, and not copied. */
export const SAMPLED = `NOT t.copied AND t.status_detail <> 'RUNNING'`

const agentBaselinesSql = (where: string, smallest: string): string => `
SELECT t.subagent_type, count(*)::DOUBLE,
  ${distributionSql('t.duration_ms')}, ${distributionSql('t.total_cost')}, ${distributionSql(TOTAL_TOKENS)}
FROM agent_traces t WHERE ${where} AND ${SAMPLED} GROUP BY t.subagent_type HAVING count(*) >= ${smallest}`

const decodeBaselines = tuples(
  z.tuple([z.string(), z.number(), DistributionCell, DistributionCell, DistributionCell]),
  ([agent, sampleSize, durationMs, cost, tokens]) => ({ agent, sampleSize, durationMs, cost, tokens }),
)

// ---------------------------------------------------------------- usage

const day = (unit: string): string => `strftime(date_trunc('${unit}', t.started_at), '%Y-%m-%d')`

/** Each trace has exactly one key, so that the groups add up to the total. */
const USAGE_KEYS: Readonly<Record<UsageGrouping, { key: string; order: string }>> = {
  HOUR: { key: `strftime(date_trunc('hour', t.started_at), '%Y-%m-%dT%H:00:00.000Z')`, order: 'key' },
  DAY: { key: day('day'), order: 'key' },
  WEEK: { key: day('week'), order: 'key' },
  MONTH: { key: day('month'), order: 'key' },
  AGENT: { key: 't.subagent_type', order: 'fsum(t.own_cost) DESC, key' },
  MODEL: { key: `coalesce(t.models[1], 'none')`, order: 'fsum(t.own_cost) DESC, key' },
  PROJECT: { key: `coalesce(t.project, 'none')`, order: 'fsum(t.own_cost) DESC, key' },
  SESSION: { key: 't.root_session_id', order: 'fsum(t.own_cost) DESC, key' },
}

const usageBySql = (by: UsageGrouping, where: string): string => `
SELECT ${USAGE_KEYS[by].key} AS key, ${usageSql('own')}, count(*)::DOUBLE,
  count(*) FILTER (t.status_detail = 'ERROR')::DOUBLE, coalesce(sum(t.active_ms), 0)::DOUBLE
FROM agent_traces t WHERE ${where} GROUP BY 1 ORDER BY ${USAGE_KEYS[by].order}`

const decodeUsageRows = tuples(
  z.tuple([z.string(), UsageCell, z.number(), z.number(), z.number()]),
  ([key, own, invocations, errors, activeMs]) => ({ key, own, invocations, errors, activeMs }),
)

// ---------------------------------------------------------------- facets

const namesSql = (list: string): string =>
  `coalesce((SELECT list(DISTINCT name ORDER BY name) FROM (${list}) WHERE name IS NOT NULL), [])`

const FACETS = `
SELECT
  coalesce((SELECT list({agent: agent, n: n} ORDER BY n DESC, agent)
    FROM (SELECT subagent_type AS agent, count(*)::DOUBLE AS n FROM agent_traces GROUP BY subagent_type)), []),
  ${namesSql('SELECT unnest(m) AS name FROM (SELECT DISTINCT models AS m FROM agent_traces)')},
  ${namesSql('SELECT unnest(u) AS name FROM (SELECT DISTINCT tools_used AS u FROM agent_traces)')},
  ${namesSql('SELECT DISTINCT project AS name FROM agent_traces')},
  (SELECT epoch_ms(min(started_at))::DOUBLE FROM agent_traces),
  (SELECT epoch_ms(max(started_at))::DOUBLE FROM agent_traces)`

const decodeFacets = tuples(
  z.tuple([
    z.array(z.object({ agent: z.string(), n: z.number() })),
    z.array(z.string()),
    z.array(z.string()),
    z.array(z.string()),
    z.number().nullable(),
    z.number().nullable(),
  ]),
  ([agents, models, tools, projects, firstMs, lastMs]) => ({
    agents: agents.map(({ agent, n }) => ({ agent, count: n })),
    models,
    tools,
    projects,
    firstMs,
    lastMs,
  }),
)
