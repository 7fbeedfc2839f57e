/** The metrics view: usage by day, agent and model, agent statistics and anomalies, all over the filtered traces. */
import { AgentStatisticsDocument } from 'delegraph/client'
import { traceFilterOf, usePlace } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { Loading, Notice, Problem } from '../../parts/notice.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useWords } from '../../words/index.tsx'
import { AgentTable } from './agent-table.tsx'
import { Anomalies, useAnomalies } from './anomalies.tsx'
import { Bottlenecks, useBottlenecks } from './bottlenecks.tsx'
import { Distributions } from './distributions.tsx'
import { ErrorRates } from './error-rates.tsx'
import { Usage, useUsage } from './usage.tsx'

export default function MetricsView() {
  const words = useWords()
  useTitle(words.views.metrics)
  const place = usePlace()
  const filter = traceFilterOf(place)
  const answer = useAnswer(AgentStatisticsDocument, { filter }, { keepPrevious: true })
  // Queried in parallel and shown together: each section that arrived later would push down the ones below it. Nothing
  // is below the anomalies, so the page does not wait for them.
  const above = [useUsage('DAY', filter), useUsage('AGENT', filter), useUsage('MODEL', filter), useBottlenecks(filter)]
  const anomalies = useAnomalies(filter)
  const isOfEarlierFilters = [answer, ...above, anomalies].some(({ isPlaceholderData }) => isPlaceholderData)
  const content = () => {
    if (answer.isPending || above.some(({ isPending }) => isPending)) return <Loading />
    if (answer.isError && !answer.data) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
    const agents = answer.data?.agents ?? []
    if (agents.length === 0) return <Notice title={words.metrics.none} />
    return (
      <>
        {place.pattern === '' ? null : <p className="muted">{words.metrics.noPattern}</p>}
        <Usage filter={filter} by="DAY" title={words.metrics.byDay} />
        <div className="metrics-cards">
          <Usage filter={filter} by="AGENT" title={words.metrics.byAgent} />
          <Usage filter={filter} by="MODEL" title={words.metrics.byModel} />
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
        <Anomalies filter={filter} place={place} />
      </>
    )
  }
  return (
    <div
      className={`scroller metrics${isOfEarlierFilters ? ' stale' : ''}`}
      aria-busy={isOfEarlierFilters}
      tabIndex={0}
    >
      <h1>{words.views.metrics}</h1>
      {content()}
    </div>
  )
}
