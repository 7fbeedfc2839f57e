import { TreeRowsDocument, type TreeRowsQuery } from 'delegraph/client'
import { usePlace } from '../../data/place.ts'
import { Icon } from '../../parts/icon.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { Spent } from '../../parts/spent.tsx'
import { StatusBadge } from '../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../words/index.tsx'

type Session = NonNullable<TreeRowsQuery['session']>

export function SessionHeading({ session, onOpen }: { session: Session; onOpen: () => void }) {
  const words = useWords()
  const figures = useFigures()
  const place = usePlace()
  const { total } = session
  return (
    <header className="heading">
      <div className="heading-line">
        <h1 className="ellipsis" title={session.title}>
          {words.sessions.titled(session.title)}
        </h1>
        <span className="heading-buttons">
          <button type="button" className="button button-quiet" title={words.tree.openHint} onClick={onOpen}>
            <Icon name="terminal" />
            {words.tree.open}
          </button>
          <PlaceLink
            place={place}
            change={{ view: 'flow', scope: 'session', session: session.id }}
            title={words.flow.ofSessionHint}
          >
            <Icon name="flow" />
            {words.flow.ofSession}
          </PlaceLink>
          <PlaceLink
            place={place}
            change={{ view: 'compare', session: session.id, trace: null }}
            title={words.compare.ofSessionHint}
          >
            <Icon name="compare" />
            {words.compare.ofSession}
          </PlaceLink>
          <ShowQuery document={TreeRowsDocument} variables={{ id: session.id }} />
        </span>
      </div>
      <p className="heading-facts">
        <StatusBadge status={session.status} />
        <time dateTime={session.startedAt} title={session.startedAt}>
          {figures.fullTime(session.startedAt)}
        </time>
        <Spent ms={session.activeMs} tokens={total.tokens.total} cost={total.cost} />
        <span>{words.sessions.traces(session.traceCount, figures.exact(session.traceCount))}</span>
        {session.directory === null ? null : <code className="ellipsis">{session.directory}</code>}
      </p>
    </header>
  )
}
