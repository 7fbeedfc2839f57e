/** The distribution of each agent's runs: drawn on one logarithmic scale, beside the figures themselves. */
import { scaleLog } from 'd3-scale'
import type { AgentStatisticsQuery } from 'delegraph/client'
import { useState } from 'react'
import { AgentName, agentStyle } from '../../parts/agent-name.tsx'
import { WideTable } from '../../parts/wide-table.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Agent = AgentStatisticsQuery['agents'][number]

const MEASURES = ['duration', 'tokens', 'cost'] as const
type Measure = (typeof MEASURES)[number]

const MARKS = ['p50', 'p90', 'p95', 'p99', 'max'] as const
/** Values below this fraction of the greatest do not extend the scale: they are shown at its start, like zero. */
const NARROWEST = 1e-6
const MOST_TICKS = 5

export function Distributions({ agents }: { agents: readonly Agent[] }) {
  const words = useWords()
  const figures = useFigures()
  const [measure, setMeasure] = useState<Measure>('duration')
  const show = { duration: figures.duration, tokens: figures.short, cost: figures.cost }[measure]
  const mark = measure === 'cost' ? figures.costMark : show
  const exact = { duration: figures.exactDuration, tokens: figures.exact, cost: figures.exactCost }[measure]
  const some = agents.filter((agent) => agent[measure].count > 0).toSorted((a, b) => b[measure].p50 - a[measure].p50)
  const scale = scaleOf(some.map((agent) => agent[measure]))
  const percent = (value: number) => `${(scale.at(value) * 100).toFixed(2)}%`
  return (
    <section className="metrics-card" aria-labelledby="spread-title">
      <div className="heading-line">
        <h2 id="spread-title">{words.metrics.spread}</h2>
        <span className="toolbar-gap" />
        <fieldset className="switch">
          <legend className="offscreen">{words.compare.measure}</legend>
          {MEASURES.map((name) => (
            <label key={name}>
              <input type="radio" name="spread" checked={measure === name} onChange={() => setMeasure(name)} />
              <span>{words.tree[name]}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <p className="muted">{words.metrics.spreadHint}</p>
      <WideTable titleId="spread-title">
        <table className="table spread">
          <thead>
            <tr>
              <th scope="col">{words.tree.agent}</th>
              <td className="spread-cell">
                <span className="spread-axis" aria-hidden="true">
                  {scale.ticks.map((value) => (
                    <span key={value} style={{ left: percent(value) }}>
                      {mark(value)}
                    </span>
                  ))}
                </span>
              </td>
              {MARKS.map((mark) => (
                <th key={mark} scope="col" className="number">
                  {words.metrics.marks[mark]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {some.map((agent) => {
              const spread = agent[measure]
              const between = (from: number, to: number) => ({
                left: percent(from),
                right: `${(100 - scale.at(to) * 100).toFixed(2)}%`,
              })
              return (
                <tr key={agent.agent}>
                  <th scope="row">
                    <AgentName agent={agent.agent} />
                  </th>
                  <td className="spread-cell" aria-hidden="true">
                    <span className="spread-lane" style={agentStyle(agent.agent)}>
                      <span className="spread-range" style={between(spread.min, spread.max)} />
                      <span className="spread-band" style={between(spread.p50, spread.p95)} />
                      <span className="spread-mark spread-p50" style={{ left: percent(spread.p50) }} />
                      <span className="spread-mark" style={{ left: percent(spread.p90) }} />
                      <span className="spread-mark" style={{ left: percent(spread.p99) }} />
                    </span>
                  </td>
                  {MARKS.map((mark) => (
                    <td key={mark} className="number" title={exact(spread[mark])}>
                      {show(spread[mark])}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </WideTable>
    </section>
  )
}

interface Scale {
  /** The position of a value, from 0 to 1. */
  at: (value: number) => number
  ticks: number[]
}

/** A logarithmic scale from the least value to the greatest; zero is at its start. */
function scaleOf(spreads: readonly { min: number; max: number }[]): Scale {
  const most = Math.max(0, ...spreads.map(({ max }) => max))
  const least = Math.min(most, ...spreads.map(({ min }) => min).filter((min) => min > most * NARROWEST))
  if (most <= 0) return { at: () => 0, ticks: [] }
  const scale = scaleLog([least, Math.max(most, least * 1.001)], [0, 1])
    .nice()
    .clamp(true)
  const powers = scale.ticks().filter((value) => Number.isInteger(Math.log10(value)))
  const every = Math.ceil((powers.length - 1) / MOST_TICKS)
  return {
    at: (value) => (value <= 0 ? 0 : scale(value)),
    // Without the last tick, whose label would not fit at the right edge.
    ticks: powers.slice(0, -1).filter((_, i) => i % every === 0),
  }
}
