import type { SearchPatternQuery } from 'delegraph/client'
import { Fragment } from 'react'
import { go } from '../../data/place.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { StatusSign } from '../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Match = SearchPatternQuery['searchPattern']['nodes'][number]

export function MatchChain({ match }: { match: Match }) {
  const words = useWords()
  const figures = useFigures()
  const { session, bindings, edges } = match
  const show = (trace: string | null) => go({ view: 'sessions', session: session.id, trace })
  return (
    <li className="match">
      <div className="match-chain">
        {bindings.map(({ step, trace }, index) => {
          const edge = edges[index]
          return (
            <Fragment key={step}>
              <button type="button" className="button match-step" onClick={() => show(trace.id)}>
                <AgentName agent={trace.agent} />
                <StatusSign status={trace.status} />
              </button>
              {edge ? (
                <span className="match-edge">
                  {edge.kind === 'DELEGATED'
                    ? `${words.patterns.called} →`
                    : `${words.patterns.after(figures.duration(edge.gapMs ?? 0))} ⇢`}
                </span>
              ) : null}
            </Fragment>
          )
        })}
      </div>
      <p className="heading-facts">
        <button type="button" className="link ellipsis" onClick={() => show(null)}>
          {words.sessions.titled(session.title)}
        </button>
        <time dateTime={match.startedAt} title={match.startedAt}>
          {figures.time(match.startedAt)}
        </time>
        <span title={figures.exactDuration(match.durationMs)}>{figures.duration(match.durationMs)}</span>
        <span title={figures.exact(match.total.tokens.total)}>{figures.short(match.total.tokens.total)}</span>
        <span title={figures.exactCost(match.total.cost)}>{figures.cost(match.total.cost)}</span>
      </p>
    </li>
  )
}
