/** Usage by day, agent or model. */
import { type TraceFilter, UsageByDocument } from 'delegraph/client'
import { useAnswer } from '../../data/use-answer.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { Answered } from '../../parts/notice.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useFigures, useWords, type Words } from '../../words/index.tsx'
import { Days } from './days.tsx'
import { type Measured, UsageBars } from './usage-bars.tsx'

/** The API's key for traces without a model. */
const NO_MODEL = 'none'

type By = keyof Words['metrics']['groups']

export const useUsage = (by: By, filter: TraceFilter) =>
  useAnswer(UsageByDocument, { by, filter }, { keepPrevious: true })

export function Usage({ filter, by, title }: { filter: TraceFilter; by: By; title: string }) {
  const words = useWords()
  const figures = useFigures()
  const answer = useUsage(by, filter)
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
        <ShowQuery document={UsageByDocument} variables={{ by, filter }} />
      </div>
      <Answered answer={answer}>
        {by === 'DAY' ? (
          // The API returns days in ascending order; the table shows the latest first.
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
