import type { ReactNode } from 'react'
import { useFigures, useWords } from '../../../words/index.tsx'
import { lastMs } from '../tree/rows.ts'
import type { DetailedTrace } from './detail-panel.tsx'

export function Facts({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const figures = useFigures()
  const moment = (iso: string) => (
    <time dateTime={iso} title={iso}>
      {figures.fullTime(iso)}
    </time>
  )
  const span = (ms: number, show = figures.duration) => <span title={figures.exactDuration(ms)}>{show(ms)}</span>
  const isRunning = trace.status === 'RUNNING'
  /** The time until the last activity: when an interrupted trace really ended is unknown. */
  const heardMs = lastMs(trace) - Date.parse(trace.startedAt)
  const duration = isRunning ? words.detail.running : span(heardMs, (ms) => words.detail.atLeast(figures.duration(ms)))
  const cost = (usd: number) => <span title={figures.exactCost(usd)}>{figures.cost(usd)}</span>
  return (
    <section aria-label={words.detail.facts}>
      <dl className="facts">
        <Fact name={words.detail.duration}>{trace.durationMs === null ? duration : span(trace.durationMs)}</Fact>
        {trace.activeMs === null ? null : <Fact name={words.detail.active}>{span(trace.activeMs)}</Fact>}
        {trace.waitMs === null ? null : <Fact name={words.detail.waiting}>{span(trace.waitMs)}</Fact>}
        <Fact name={words.detail.cost}>
          {cost(trace.total.cost)}{' '}
          <small>
            ({cost(trace.own.cost)} {words.detail.costOwn})
          </small>
        </Fact>
        <Fact name={words.detail.started}>{moment(trace.startedAt)}</Fact>
        {trace.endedAt === null && !isRunning ? (
          <Fact name={words.detail.lastHeard}>{moment(trace.lastActivityAt)}</Fact>
        ) : (
          <Fact name={words.detail.ended}>{trace.endedAt === null ? words.detail.running : moment(trace.endedAt)}</Fact>
        )}
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
