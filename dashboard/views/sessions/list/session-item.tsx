import type { SessionSummaryFragment } from 'delegraph/client'
import { memo } from 'react'
import { go } from '../../../data/place.ts'
import { agentStyle } from '../../../parts/agent-name.tsx'
import { Spent } from '../../../parts/spent.tsx'
import { StatusSign } from '../../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'

const AGENTS_SHOWN = 8

interface Props {
  id: string
  session: SessionSummaryFragment
  chosen: boolean
  position: number
  total: number
  top: number
}

export const SessionItem = memo(function SessionItem({ id, session, chosen, position, total, top }: Props) {
  const words = useWords()
  const figures = useFigures()
  return (
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      aria-posinset={position}
      aria-setsize={total}
      className="session-item"
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => go({ session: session.id, trace: null })}
    >
      <div className="session-title">
        <StatusSign status={session.status} />
        <span className="ellipsis" title={session.title}>
          {words.sessions.titled(session.title)}
        </span>
        {session.errorCount > 0 ? (
          <span className="session-errors">
            {words.sessions.errors(session.errorCount, figures.short(session.errorCount))}
          </span>
        ) : null}
      </div>
      <div className="session-facts">
        <time dateTime={session.lastActivityAt} title={session.lastActivityAt}>
          {figures.time(session.lastActivityAt)}
        </time>
        <span title={figures.exact(session.traceCount)}>
          {words.sessions.traces(session.traceCount, figures.short(session.traceCount))}
        </span>
        <span className="session-agents" title={session.agents.join(', ')} aria-hidden="true">
          {session.agents.slice(0, AGENTS_SHOWN).map((agent) => (
            <span key={agent} className="agent-dot" style={agentStyle(agent)} />
          ))}
        </span>
      </div>
      <div className="session-facts">
        <Spent ms={session.activeMs} tokens={session.total.tokens.total} cost={session.total.cost} />
      </div>
    </div>
  )
})
