/** What was spent, by whom and when; how the agents do; what is not as it usually is. Over what the filters admit. */
import { AgentStatisticsDocument, UsageByDocument } from 'delegraph/client'
import { type Place, traceFilterOf, usePlace } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { Answered, Loading, Notice, Problem } from '../../parts/notice.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useFigures, useWords, type Words } from '../../words/index.tsx'
import { AgentTable } from './agent-table.tsx'
import { Anomalies } from './anomalies.tsx'
import { Bottlenecks } from './bottlenecks.tsx'
import { Days } from './days.tsx'
import { Distributions } from './distributions.tsx'
import { ErrorRates } from './error-rates.tsx'
import { type Measured, UsageBars } from './usage-bars.tsx'

/** As the API has it. */
const NO_MODEL = 'none'

export default function MetricsView() {
  const words = useWords()
  useTitle(words.views.metrics)
  const place = usePlace()
  const filter = traceFilterOf(place)
  const answer = useAnswer(AgentStatisticsDocument, { filter }, { keepPrevious: true })
  const content = () => {
    if (answer.isPending) return <Loading />
    if (answer.isError && !answer.data) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
    const agents = answer.data?.agents ?? []
    if (agents.length === 0) return <Notice title={words.metrics.none} />
    return (
      <>
        {place.pattern === '' ? null : <p className="muted">{words.metrics.noPattern}</p>}
        <Usage place={place} by="DAY" title={words.metrics.byDay} />
        <div className="metrics-cards">
          <Usage place={place} by="AGENT" title={words.metrics.byAgent} />
          <Usage place={place} by="MODEL" title={words.metrics.byModel} />
        </div>
        <section className="metrics-card" aria-labelledby="agents-title">
          <div className="heading-line">
            <h2 id="agents-title">{words.metrics.agents}</h2>
            <span className="toolbar-gap" />
            <ShowQuery document={AgentStatisticsDocument} variables={{ filter }} />
          </div>
          <AgentTable agents={agents} />
        </section>
        <Distributions agents={agents} />
        <div className="metrics-cards">
          <Bottlenecks filter={filter} place={place} />
          <ErrorRates agents={agents} />
        </div>
        <Anomalies filter={filter} />
      </>
    )
  }
  return (
    <div
      className={`scroller metrics${answer.isPlaceholderData ? ' stale' : ''}`}
      aria-busy={answer.isPlaceholderData}
      tabIndex={0}
    >
      <h1>{words.views.metrics}</h1>
      {content()}
    </div>
  )
}

function Usage({ place, by, title }: { place: Place; by: keyof Words['metrics']['groups']; title: string }) {
  const words = useWords()
  const figures = useFigures()
  const variables = { by, filter: traceFilterOf(place) }
  const answer = useAnswer(UsageByDocument, variables, { keepPrevious: true })
  const labelOf = (key: string) => {
    if (by === 'AGENT') return <AgentName agent={key} />
    if (by === 'DAY') return figures.day(`${key}T12:00:00`)
    return key === NO_MODEL ? words.metrics.noModel : key
  }
  const rows: Measured[] = (answer.data?.usage ?? []).map(({ key, own }) => ({
    key,
    label: labelOf(key),
    cost: own.cost,
    tokens: own.tokens.total,
  }))
  return (
    <section className="metrics-card" aria-label={title}>
      <div className="heading-line">
        <h2>{title}</h2>
        <span className="toolbar-gap" />
        <ShowQuery document={UsageByDocument} variables={variables} />
      </div>
      <Answered answer={answer}>
        {by === 'DAY' ? (
          // Days come in order, the latest last: those are what one wants to see.
          <div className="metrics-cards usage-by-day">
            {rows.length > 1 ? <Days rows={rows} /> : null}
            <UsageBars by={words.metrics.groups[by]} rows={rows.slice().reverse()} />
          </div>
        ) : (
          <UsageBars by={words.metrics.groups[by]} rows={rows} />
        )}
      </Answered>
    </section>
  )
}
