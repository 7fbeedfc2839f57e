import { go, isFiltered, NO_FILTERS, type Place } from '../data/place.ts'
import { useWords } from '../words/index.tsx'
import { Notice } from './notice.tsx'
import { PlaceLink } from './place-link.tsx'

/** The notice for an empty list of sessions: either there are none, or none match the filters. */
export function NoSessions({ place }: { place: Place }) {
  const words = useWords()
  if (!isFiltered(place)) return <Notice title={words.sessions.none} hint={words.sessions.noneHint} />
  const byStatus = place.status.length > 0
  return (
    <Notice title={words.sessions.noMatch} {...(byStatus ? { hint: words.sessions.statusHint } : {})}>
      {byStatus ? (
        <PlaceLink place={place} change={{ view: 'metrics' }} className="button">
          {words.sessions.runsOfStatus}
        </PlaceLink>
      ) : null}
      <button type="button" className="button" onClick={() => go(NO_FILTERS)}>
        {words.sessions.clear}
      </button>
    </Notice>
  )
}
