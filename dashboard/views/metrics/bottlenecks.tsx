import { type TraceFilter, TracesDocument } from 'delegraph/client'
import type { Place } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { Answered } from '../../parts/notice.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

const SHOWN = 10

const variablesOf = (filter: TraceFilter) => ({ filter, orderBy: { field: 'ACTIVE' }, first: SHOWN }) as const

export const useBottlenecks = (filter: TraceFilter) =>
  useAnswer(TracesDocument, variablesOf(filter), { keepPrevious: true })

/** The traces with the most active time of their own, each with a link to its place in its tree. */
export function Bottlenecks({ filter, place }: { filter: TraceFilter; place: Place }) {
  const words = useWords()
  const figures = useFigures()
  const answer = useBottlenecks(filter)
  const traces = answer.data?.traces.nodes ?? []
  const most = Math.max(0, ...traces.map(({ activeMs }) => activeMs ?? 0))
  return (
    <section className="metrics-card" aria-labelledby="bottlenecks-title">
      <div className="heading-line">
        <h2 id="bottlenecks-title">{words.metrics.bottlenecks}</h2>
        <span className="toolbar-gap" />
        <ShowQuery document={TracesDocument} variables={variablesOf(filter)} />
      </div>
      <Answered answer={answer}>
        <table className="table">
          <ColumnHeads texts={[words.tree.agent]} figures={[words.detail.active]} more />
          <tbody>
            {traces.map((trace) => (
              <tr key={trace.id}>
                <th scope="row">
                  <PlaceLink
                    place={place}
                    change={{ view: 'sessions', session: trace.rootSession.id, trace: trace.id }}
                    className="trace-link"
                    title={trace.rootSession.title}
                  >
                    <AgentName agent={trace.agent} />
                    <span className="muted ellipsis">
                      {trace.description ?? words.sessions.titled(trace.rootSession.title)}
                    </span>
                  </PlaceLink>
                </th>
                <td className="number" title={figures.exactDuration(trace.activeMs ?? 0)}>
                  {figures.duration(trace.activeMs ?? 0)}
                </td>
                <td className="usage-lane">
                  <span
                    className="usage-bar"
                    style={{ width: `${most > 0 ? ((trace.activeMs ?? 0) / most) * 100 : 0}%` }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Answered>
    </section>
  )
}
