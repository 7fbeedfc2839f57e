/** The edges as a table: for users who cannot see the diagram, and for looking up one edge. */
import type { Place } from '../../data/place.ts'
import { patternName } from '../../format/pattern-name.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { useShowAll } from '../../parts/use-show-all.ts'
import { WideTable } from '../../parts/wide-table.tsx'
import { useFigures, useWords } from '../../words/index.tsx'
import type { FlowEdge } from './drawing.ts'

/** Number of rows shown at first. */
const SHOWN = 50

export function EdgeTable({
  edges,
  chosen,
  place,
}: {
  edges: readonly FlowEdge[]
  chosen: string | null
  place: Place
}) {
  const words = useWords()
  const figures = useFigures()
  const { all, showAll, firstOfRest } = useShowAll()
  const { columns } = words.flow
  const wanted = chosen === null ? edges : edges.filter(({ from, to }) => from === chosen || to === chosen)
  return (
    <section className="metrics-card" aria-labelledby="edges-title">
      <div className="heading-line">
        <h2 id="edges-title">{chosen === null ? words.flow.allEdges : words.flow.edgesOf(chosen)}</h2>
        <span className="muted">{words.flow.edges(wanted.length, figures.exact(wanted.length))}</span>
        <span className="toolbar-gap" />
        {chosen === null ? null : (
          <PlaceLink place={place} change={{ view: 'sessions', agents: [chosen], session: null, trace: null }}>
            {words.flow.sessions(chosen)}
          </PlaceLink>
        )}
      </div>
      <WideTable titleId="edges-title">
        <table className="table">
          <ColumnHeads
            texts={[columns.from, columns.kind, columns.to]}
            figures={[columns.count, columns.errors, columns.gap]}
            more
          />
          <tbody>
            {(all ? wanted : wanted.slice(0, SHOWN)).map((edge, index) => (
              <tr
                key={`${edge.from} ${edge.kind} ${edge.to}`}
                {...(index === SHOWN ? { ref: firstOfRest, tabIndex: -1 } : {})}
              >
                <td>
                  <AgentName agent={edge.from} />
                </td>
                <td>{words.flow.kinds[edge.kind]}</td>
                <td>
                  <AgentName agent={edge.to} />
                </td>
                <td className="number" title={figures.exact(edge.count)}>
                  {figures.short(edge.count)}
                </td>
                <td className={edge.errors > 0 ? 'number status-error' : 'number'}>
                  {edge.errors === 0 ? '–' : figures.exact(edge.errors)}
                </td>
                <td
                  className="number"
                  title={edge.medianGapMs === null ? undefined : figures.exactDuration(edge.medianGapMs)}
                >
                  {edge.medianGapMs === null ? '–' : figures.duration(edge.medianGapMs)}
                </td>
                <td>
                  <PlaceLink place={place} change={{ view: 'patterns', pattern: patternOf(edge) }}>
                    {words.flow.matches}
                    <span className="offscreen"> {patternOf(edge)}</span>
                  </PlaceLink>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </WideTable>
      {all || wanted.length <= SHOWN ? null : (
        <button type="button" className="button" onClick={showAll}>
          {words.detail.showAll(figures.exact(wanted.length))}
        </button>
      )}
    </section>
  )
}

/** The pattern that finds an edge's occurrences. */
const patternOf = ({ from, to, kind }: FlowEdge): string =>
  `${patternName(from)} ${kind === 'DELEGATED' ? '>' : ';'} ${patternName(to)}`
