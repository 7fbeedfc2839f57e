/** SQL expressions for distributions and sums, and the parsers of their cells. */
import { z } from 'zod'
import type { Usage } from '../../records.ts'
import type { Distribution } from '../store.ts'

// ---------------------------------------------------------------- distributions

/** SQL for one list: count, min, max, mean, sum and the four quantiles. */
export const distributionSql = (value: string): string =>
  `[count(${value})::DOUBLE, coalesce(min(${value}), 0)::DOUBLE, coalesce(max(${value}), 0)::DOUBLE,
    coalesce(avg(${value}), 0)::DOUBLE, coalesce(sum(${value}), 0)::DOUBLE]
    || coalesce(quantile_cont(${value}, [0.5, 0.9, 0.95, 0.99])::DOUBLE[], [0, 0, 0, 0]::DOUBLE[])`

export const DistributionCell = z.array(z.number()).length(9).transform(toDistribution)

function toDistribution(cells: readonly number[]): Distribution {
  const [count = 0, min = 0, max = 0, mean = 0, sum = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0] = cells
  return { count, min, p50, p90, p95, p99, max, mean, sum }
}

// ---------------------------------------------------------------- usage

/**
 * SQL for one list: the sums of `own` or `total` of `agent_traces t`. Costs are summed with `fsum`, whose result hardly
 * depends on the order of the rows.
 */
export const usageSql = (group: 'own' | 'total'): string =>
  `[${['input', 'output', 'reasoning', 'cache_read', 'cache_write', 'llm_calls']
    .map((kind) => `coalesce(sum(t.${group}_${kind}), 0)::DOUBLE`)
    .join(', ')}, coalesce(fsum(t.${group}_cost), 0)]`

export const UsageCell = z.array(z.number()).length(7).transform(toUsage)

function toUsage(cells: readonly number[]): Usage {
  const [input = 0, output = 0, reasoning = 0, cacheRead = 0, cacheWrite = 0, llmCalls = 0, cost = 0] = cells
  return { input, output, reasoning, cacheRead, cacheWrite, cost, llmCalls }
}
