/** Tables of both sessions' figures and their differences. */

import type { CompareSessionsQuery } from 'delegraph/client'
import { AgentName } from '../../parts/agent-name.tsx'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { WideTable } from '../../parts/wide-table.tsx'
import { useFigures, useWords } from '../../words/index.tsx'
import { Difference } from './difference.tsx'

type Comparison = NonNullable<CompareSessionsQuery['compareSessions']>

export function WholeTable({ comparison: { a, b } }: { comparison: Comparison }) {
  const words = useWords()
  const figures = useFigures()
  const rows = [
    { name: words.compare.working, a: a.activeMs, b: b.activeMs, show: figures.duration, exact: figures.exactDuration },
    { name: words.compare.traces, a: a.traceCount, b: b.traceCount, show: figures.short, exact: figures.exact },
    {
      name: words.tree.tokens,
      a: a.total.tokens.total,
      b: b.total.tokens.total,
      show: figures.short,
      exact: figures.exact,
    },
    { name: words.tree.cost, a: a.total.cost, b: b.total.cost, show: figures.cost, exact: figures.exactCost },
  ]
  const moment = (iso: string) => (
    <td className="number" title={iso}>
      {figures.time(iso)}
    </td>
  )
  return (
    <WideTable titleId="whole-title">
      <table className="table">
        <ColumnHeads texts={[null]} figures={[words.compare.first, words.compare.second, words.compare.difference]} />
        <tbody>
          <tr>
            <th scope="row">{words.compare.started}</th>
            {moment(a.startedAt)}
            {moment(b.startedAt)}
            <td />
          </tr>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              <td className="number" title={row.exact(row.a)}>
                {row.show(row.a)}
              </td>
              <td className="number" title={row.exact(row.b)}>
                {row.show(row.b)}
              </td>
              <Difference a={row.a} b={row.b} show={row.show} />
            </tr>
          ))}
        </tbody>
      </table>
    </WideTable>
  )
}

export function AgentDeltas({ comparison: { agents } }: { comparison: Comparison }) {
  const words = useWords()
  const figures = useFigures()
  const groups = [
    {
      name: words.compare.runs,
      of: (agent: (typeof agents)[number]) => [agent.invocationsA, agent.invocationsB] as const,
      show: figures.exact,
      exact: figures.exact,
    },
    {
      name: words.compare.working,
      of: (agent: (typeof agents)[number]) => [agent.activeMsA, agent.activeMsB] as const,
      show: figures.duration,
      exact: figures.exactDuration,
    },
    {
      name: words.tree.tokens,
      of: (agent: (typeof agents)[number]) => [agent.ownA.tokens.total, agent.ownB.tokens.total] as const,
      show: figures.short,
      exact: figures.exact,
    },
    {
      name: words.tree.cost,
      of: (agent: (typeof agents)[number]) => [agent.ownA.cost, agent.ownB.cost] as const,
      show: figures.cost,
      exact: figures.exactCost,
    },
  ]
  return (
    <WideTable titleId="deltas-title">
      <table className="table compare-agents">
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              {words.tree.agent}
            </th>
            {groups.map(({ name }) => (
              <th key={name} scope="colgroup" colSpan={3} className="compare-group">
                {name}
              </th>
            ))}
          </tr>
          <tr>
            {groups.flatMap(({ name }) =>
              [words.compare.first, words.compare.second, words.compare.difference].map((column) => (
                <th key={`${name} ${column}`} scope="col" className="number" title={column}>
                  {column === words.compare.difference ? (
                    <>
                      <span aria-hidden="true">±</span>
                      <span className="offscreen">{column}</span>
                    </>
                  ) : (
                    column
                  )}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.agent}>
              <th scope="row">
                <AgentName agent={agent.agent} />
              </th>
              {groups.flatMap(({ name, of, show, exact }) => {
                const [a, b] = of(agent)
                return [
                  <td key={`${name} a`} className="number" title={exact(a)}>
                    {show(a)}
                  </td>,
                  <td key={`${name} b`} className="number" title={exact(b)}>
                    {show(b)}
                  </td>,
                  <Difference key={`${name} difference`} a={a} b={b} show={show} />,
                ]
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </WideTable>
  )
}
