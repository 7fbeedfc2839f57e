/** The flow view: a diagram of which agent calls or follows which, over all matching traces or within one session. */
import { type FlowDiagramFragment, FlowDocument, SessionFlowDocument } from 'delegraph/client'
import { useCallback, useMemo, useState } from 'react'
import { go, type Place, SCOPES, traceFilterOf, usePlace } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { Loading, Notice, Problem } from '../../parts/notice.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useFigures, useWords } from '../../words/index.tsx'
import { Diagram, errorsOf } from './diagram.tsx'
import type { FlowEdge } from './drawing.ts'
import { EdgeTable } from './edge-table.tsx'
import { strongest } from './strongest.ts'
import { useDrawing } from './use-drawing.ts'
import '../../styles/flow.css'

/** The number of edges drawn at first: with more, the main paths are hard to see. */
const FEW = 30
/** The number of edges drawn on request: more cannot be told apart, and their layout takes seconds. */
const MANY = 100
const KINDS = ['DELEGATED', 'FOLLOWED'] as const

export default function FlowView() {
  const words = useWords()
  useTitle(words.views.flow)
  const place = usePlace()
  const ofSession = place.scope === 'session'
  const filter = traceFilterOf(place)
  const id = place.session ?? ''
  const byFilter = useAnswer(FlowDocument, { filter }, { enabled: !ofSession, keepPrevious: true })
  const inSession = { id, filter: { ...filter, sessionIds: [id] } }
  const bySession = useAnswer(SessionFlowDocument, inSession, { enabled: ofSession && id !== '', keepPrevious: true })
  const answer = ofSession ? bySession : byFilter
  const session = ofSession ? bySession.data?.session : null
  const graph = ofSession ? session && bySession.data?.flow : byFilter.data?.flow

  const content = () => {
    if (ofSession && id === '') return <Notice title={words.sessions.choose} hint={words.flow.chooseHint} />
    if (answer.isPending) return <Loading />
    if (answer.isError && !graph) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
    if (!graph) return <Notice title={words.sessions.missing} hint={words.sessions.missingHint} />
    if (graph.nodes.length === 0) return <Notice title={words.flow.none} hint={words.flow.noneHint} />
    return <Graph key={ofSession ? id : 'filters'} graph={graph} place={place} busy={answer.isPlaceholderData} />
  }
  return (
    <div className="flow">
      <div className="toolbar">
        <h1>{words.views.flow}</h1>
        <fieldset className="switch">
          <legend className="offscreen">{words.flow.of}</legend>
          {SCOPES.map((scope) => (
            <label key={scope}>
              <input type="radio" name="scope" checked={place.scope === scope} onChange={() => go({ scope })} />
              <span>{words.flow.scopes[scope]}</span>
            </label>
          ))}
        </fieldset>
        {session ? (
          <PlaceLink place={place} change={{ view: 'sessions' }} className="button button-quiet ellipsis">
            {words.sessions.titled(session.title)}
          </PlaceLink>
        ) : null}
        <span className="toolbar-gap" />
        {ofSession ? (
          <ShowQuery document={SessionFlowDocument} variables={inSession} />
        ) : (
          <ShowQuery document={FlowDocument} variables={{ filter }} />
        )}
      </div>
      {place.pattern === '' ? null : <p className="flow-note muted">{words.metrics.noPattern}</p>}
      {content()}
    </div>
  )
}

function Graph({ graph, place, busy }: { graph: FlowDiagramFragment; place: Place; busy: boolean }) {
  const words = useWords()
  const figures = useFigures()
  const [chosen, setChosen] = useState<string | null>(null)
  const [hidden, setHidden] = useState<readonly string[]>([])
  const wanted = useMemo(() => graph.edges.filter(({ kind }) => !hidden.includes(kind)), [graph, hidden])
  const [many, setMany] = useState(false)
  const drawn = useMemo(() => strongest(wanted, many ? MANY : FEW), [wanted, many])
  const labelOf = useCallback(
    ({ count, kind, medianGapMs }: FlowEdge) =>
      kind === 'FOLLOWED' && medianGapMs !== null
        ? `${figures.short(count)}× +${figures.duration(medianGapMs)}`
        : `${figures.short(count)}×`,
    [figures],
  )
  const { drawing, failed } = useDrawing(
    useMemo(
      () => ({
        nodes: graph.nodes,
        edges: drawn,
        labels: drawn.map((edge) => labelOf(edge) + errorsOf(edge, figures)),
      }),
      [graph, drawn, labelOf, figures],
    ),
  )
  const known = graph.nodes.some(({ agent }) => agent === chosen) ? chosen : null
  // Wait for the layout: the diagram's height determines where the table is, which would jump otherwise.
  if (drawing === null && !failed) return <Loading />
  return (
    <div className={`scroller flow-content${busy ? ' stale' : ''}`} aria-busy={busy} tabIndex={0}>
      <fieldset className="flow-legend">
        <legend className="offscreen">{words.flow.allEdges}</legend>
        {KINDS.map((kind) => (
          <label key={kind} title={words.flow.kindsHint[kind]}>
            <input
              type="checkbox"
              checked={!hidden.includes(kind)}
              onChange={() =>
                setHidden(hidden.includes(kind) ? hidden.filter((other) => other !== kind) : [...hidden, kind])
              }
            />
            <svg className="flow-sample" viewBox="0 0 46 12" aria-hidden="true">
              <path className={`flow-edge flow-edge-${kind.toLowerCase()}`} d="M2 6H36" strokeWidth="2" />
              {kind === 'DELEGATED' ? (
                <path className="flow-head-delegated" d="M35 1L45 6L35 11z" />
              ) : (
                <path className="flow-head-followed" d="M36 1L45 6L36 11" />
              )}
            </svg>
            {words.flow.kinds[kind]}
          </label>
        ))}
        {drawn.length < wanted.length ? (
          <span className="muted">{words.flow.drawn(figures.exact(drawn.length), figures.exact(wanted.length))}</span>
        ) : null}
        {wanted.length > FEW ? (
          <button type="button" className="button button-quiet" onClick={() => setMany(!many)}>
            {many ? words.flow.drawFewer : words.flow.drawMore}
          </button>
        ) : null}
      </fieldset>
      <Diagram drawing={drawing} labelOf={labelOf} chosen={known} onChoose={setChosen} />
      <EdgeTable key={known} edges={wanted} chosen={known} place={place} />
    </div>
  )
}
