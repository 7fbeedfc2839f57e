import { AnomaliesDocument, type AnomaliesQuery, type TraceFilter } from 'delegraph/client'
import type { Place } from '../../data/place.ts'
import { usePages } from '../../data/use-pages.ts'
import type { Figures } from '../../format/figures.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { MoreButton } from '../../parts/more-button.tsx'
import { Answered } from '../../parts/notice.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useFigures, useWords, type Words } from '../../words/index.tsx'

type Anomaly = AnomaliesQuery['anomalies']['nodes'][number]

const SHOWN = 50

const variablesOf = (filter: TraceFilter) => ({ filter, first: SHOWN })

export const useAnomalies = (filter: TraceFilter) =>
  usePages(
    AnomaliesDocument,
    (after) => ({ ...variablesOf(filter), after }),
    ({ anomalies }) => anomalies,
  )

/** The list of anomalies, each with a link to its session or trace. */
export function Anomalies({ filter, place }: { filter: TraceFilter; place: Place }) {
  const words = useWords()
  const figures = useFigures()
  const pages = useAnomalies(filter)
  const anomalies = pages.data?.pages[0]?.anomalies
  const shown = pages.data?.pages.flatMap((page) => page.anomalies.nodes) ?? []
  return (
    <section className="metrics-card" aria-labelledby="anomalies-title">
      <div className="heading-line">
        <h2 id="anomalies-title">{words.metrics.anomalies}</h2>
        {anomalies ? <span className="muted">{figures.exact(anomalies.totalCount)}</span> : null}
        <span className="toolbar-gap" />
        <ShowQuery document={AnomaliesDocument} variables={variablesOf(filter)} />
      </div>
      <Answered answer={pages}>
        {anomalies?.totalCount === 0 ? <p className="muted">{words.metrics.noAnomalies}</p> : null}
        <ul className="anomalies">
          {shown.map((anomaly) => (
            <li key={`${anomaly.kind} ${anomaly.subject.id}`}>
              <PlaceLink place={place} change={placeOf(anomaly)} className="link" title={anomaly.explanation}>
                <span className="anomaly-kind">{words.metrics.kinds[anomaly.kind]}</span>
                {'agent' in anomaly.subject ? (
                  <AgentName agent={anomaly.subject.agent} />
                ) : (
                  <span className="anomaly-session">{words.sessions.titled(anomaly.subject.title)}</span>
                )}
                <span>{explained(anomaly, words, figures)}</span>
                <span className="muted" title={figures.fullTime(anomaly.subject.startedAt)}>
                  {figures.time(anomaly.subject.startedAt)}
                </span>
              </PlaceLink>
            </li>
          ))}
        </ul>
        <MoreButton pages={pages} shown={shown.length} total={anomalies?.totalCount ?? 0} />
      </Answered>
    </section>
  )
}

/** The number format for each kind of anomaly. */
const WRITTEN = {
  SLOW: 'duration',
  STUCK: 'duration',
  COSTLY: 'cost',
  TOKEN_HEAVY: 'exact',
  DEEP: 'exact',
  WIDE: 'exact',
  REPEATED: 'exact',
} as const

/**
 * The API's explanation in the user's language, without the name, which is shown before it. The message of an error is
 * not translated.
 */
function explained({ kind, value, baseline, subject, explanation }: Anomaly, words: Words, figures: Figures): string {
  if (kind === 'FAILED') return explanation.replace(/^.*? failed(: |\.$)/, '')
  const written = figures[WRITTEN[kind]]
  const what = words.metrics.why[kind](written(value))
  if (baseline === null) return what
  const sample = figures.exact(baseline.sampleSize)
  const of = 'agent' in subject ? words.metrics.ofRuns(sample) : words.metrics.ofSessions(sample)
  return `${what}${words.metrics.median(of, written(baseline.median))}`
}

const placeOf = ({ subject }: Anomaly): Partial<Place> =>
  'agent' in subject
    ? { view: 'sessions', session: subject.rootSession.id, trace: subject.id }
    : { view: 'sessions', session: subject.id, trace: null }
