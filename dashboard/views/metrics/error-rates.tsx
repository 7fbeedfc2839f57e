import type { AgentStatisticsQuery } from 'delegraph/client'
import { AgentName } from '../../parts/agent-name.tsx'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Agent = AgentStatisticsQuery['agents'][number]

/** The agents that have errors, highest error rate first. */
export function ErrorRates({ agents }: { agents: readonly Agent[] }) {
  const words = useWords()
  const figures = useFigures()
  const failing = agents.filter(({ errors }) => errors > 0).toSorted((a, b) => b.errorRate - a.errorRate)
  return (
    <section className="metrics-card" aria-labelledby="rates-title">
      <h2 id="rates-title">{words.metrics.rates}</h2>
      {failing.length === 0 ? (
        <p className="muted">{words.metrics.noErrors}</p>
      ) : (
        <table className="table">
          <ColumnHeads
            texts={[words.tree.agent]}
            figures={[words.metrics.columns.errors, words.metrics.columns.invocations, words.metrics.rate]}
            more
          />
          <tbody>
            {failing.map((agent) => (
              <tr key={agent.agent}>
                <th scope="row">
                  <AgentName agent={agent.agent} />
                </th>
                <td className="number status-error">{figures.exact(agent.errors)}</td>
                <td className="number">{figures.exact(agent.invocations)}</td>
                <td className="number">{figures.percent(agent.errorRate)}</td>
                <td className="usage-lane">
                  <span className="usage-bar rate-bar" style={{ width: `${agent.errorRate * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
