import type { AgentStatisticsQuery } from 'delegraph/client'
import { AgentName } from '../../parts/agent-name.tsx'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { WideTable } from '../../parts/wide-table.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Agent = AgentStatisticsQuery['agents'][number]

/** Duration, cost and error rate by agent: the median beside the 95th percentile. */
export function AgentTable({ agents }: { agents: readonly Agent[] }) {
  const words = useWords()
  const figures = useFigures()
  const busiest = agents.toSorted((a, b) => b.active.sum - a.active.sum)
  const duration = (ms: number) => (
    <td className="number" title={figures.exactDuration(ms)}>
      {figures.duration(ms)}
    </td>
  )
  const cost = (usd: number) => (
    <td className="number" title={figures.exactCost(usd)}>
      {figures.cost(usd)}
    </td>
  )
  return (
    <WideTable titleId="agents-title">
      <table className="table">
        <ColumnHeads texts={[words.tree.agent]} figures={Object.values(words.metrics.columns)} />
        <tbody>
          {busiest.map((agent) => (
            <tr key={agent.agent}>
              <th scope="row">
                <AgentName agent={agent.agent} />
              </th>
              <td className="number">{figures.exact(agent.invocations)}</td>
              <td className={agent.errors > 0 ? 'number status-error' : 'number'}>
                {figures.percent(agent.errorRate)}
              </td>
              {duration(agent.duration.p50)}
              {duration(agent.duration.p95)}
              {duration(agent.active.sum)}
              {cost(agent.cost.p50)}
              {cost(agent.cost.p95)}
              {cost(agent.own.cost)}
            </tr>
          ))}
        </tbody>
      </table>
    </WideTable>
  )
}
