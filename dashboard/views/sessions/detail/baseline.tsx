import { TraceBaselineDocument } from 'delegraph/client'
import { useAnswer } from '../../../data/use-answer.ts'
import { useFigures, useWords } from '../../../words/index.tsx'

/** The trace's figures compared with the agent's baseline; renders nothing while the agent has too few runs for one. */
export function Baseline({ id }: { id: string }) {
  const words = useWords()
  const figures = useFigures()
  const trace = useAnswer(TraceBaselineDocument, { id }).data?.trace
  const baseline = trace?.baseline
  if (!trace || !baseline) return null
  const parts = [
    { name: words.detail.duration, value: trace.durationMs, median: baseline.durationMs.p50, show: figures.duration },
    { name: words.detail.cost, value: trace.total.cost, median: baseline.cost.p50, show: figures.cost },
    { name: words.detail.usage, value: trace.total.tokens.total, median: baseline.tokens.p50, show: figures.short },
  ]
  return (
    <section aria-label={words.detail.baseline}>
      <h3>{words.detail.baseline}</h3>
      <ul className="baseline">
        {parts.map(({ name, value, median, show }) =>
          value === null || median === 0 ? null : (
            <li key={name}>
              <span className="muted">{name}</span>{' '}
              {words.detail.timesMedian(figures.times(value / median), baseline.agent)}{' '}
              <span className="muted">({show(median)})</span>
            </li>
          ),
        )}
      </ul>
      <p className="muted">{words.detail.sample(figures.exact(baseline.sampleSize), baseline.agent)}</p>
    </section>
  )
}
