import type { SearchPatternQuery } from 'delegraph/client'
import { Fragment } from 'react'
import type { Place } from '../../data/place.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { Spent } from '../../parts/spent.tsx'
import { StatusSign } from '../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Match = SearchPatternQuery['searchPattern']['nodes'][number]

export function MatchChain({ match, place }: { match: Match; place: Place }) {
  const words = useWords()
  const figures = useFigures()
  const { session, bindings, edges } = match
  const leadingTo = (trace: string | null) => ({ view: 'sessions', session: session.id, trace }) as const
  return (
    <li className="match">
      <div className="match-chain">
        {bindings.map(({ step, trace }, index) => {
          const edge = edges[index]
          return (
            <Fragment key={step}>
              <PlaceLink place={place} change={leadingTo(trace.id)} className="button">
                <AgentName agent={trace.agent} />
                <StatusSign status={trace.status} />
              </PlaceLink>
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
        <PlaceLink place={place} change={leadingTo(null)} className="link ellipsis">
          {words.sessions.titled(session.title)}
        </PlaceLink>
        <time dateTime={match.startedAt} title={match.startedAt}>
          {figures.time(match.startedAt)}
        </time>
        <Spent ms={match.durationMs} tokens={match.total.tokens.total} cost={match.total.cost} />
      </p>
    </li>
  )
}
