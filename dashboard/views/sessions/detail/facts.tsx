import type { ReactNode } from 'react'
import { useFigures, useWords } from '../../../words/index.tsx'
import type { DetailedTrace } from './detail-panel.tsx'

export function Facts({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const figures = useFigures()
  const moment = (iso: string) => (
    <time dateTime={iso} title={iso}>
      {figures.fullTime(iso)}
    </time>
  )
  const span = (ms: number | null) =>
    ms === null ? (
      trace.status === 'RUNNING' ? (
        words.detail.running
      ) : (
        '–'
      )
    ) : (
      <span title={figures.exactDuration(ms)}>{figures.duration(ms)}</span>
    )
  const cost = (usd: number) => <span title={figures.exactCost(usd)}>{figures.cost(usd)}</span>
  return (
    <section aria-label={words.detail.facts}>
      <dl className="facts">
        <Fact name={words.detail.duration}>{span(trace.durationMs)}</Fact>
        {trace.activeMs === null ? null : <Fact name={words.detail.active}>{span(trace.activeMs)}</Fact>}
        {trace.waitMs === null ? null : <Fact name={words.detail.waiting}>{span(trace.waitMs)}</Fact>}
        <Fact name={words.detail.cost}>
          {cost(trace.total.cost)}{' '}
          <small>
            ({cost(trace.own.cost)} {words.detail.costOwn})
          </small>
        </Fact>
        <Fact name={words.detail.started}>{moment(trace.startedAt)}</Fact>
        <Fact name={words.detail.ended}>
          {trace.endedAt === null ? (trace.status === 'RUNNING' ? words.detail.running : '–') : moment(trace.endedAt)}
        </Fact>
        <Fact name={words.detail.calls}>{figures.exact(trace.own.llmCalls)}</Fact>
        <Fact name={trace.models.length > 1 ? words.detail.models : words.detail.model}>
          {trace.models.join(', ') || '–'}
        </Fact>
        <Fact name={words.detail.id} wide>
          <code>{trace.id}</code>
        </Fact>
        {trace.session === null ? null : (
          <Fact name={words.detail.session} wide>
            <code>{trace.session.id}</code>
          </Fact>
        )}
      </dl>
    </section>
  )
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? 'fact-wide' : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
