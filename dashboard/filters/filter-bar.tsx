/** The filters of the lists. All of them are in the URL. */
import { FilterFacetsDocument } from 'delegraph/client'
import { useState } from 'react'
import { go, isFiltered, NO_FILTERS, type Place, STATUSES } from '../data/place.ts'
import { useAnswer } from '../data/use-answer.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useFigures, useWords } from '../words/index.tsx'
import { Choices } from './choices.tsx'
import { DateFilter } from './date-filter.tsx'
import { PatternField } from './pattern-field.tsx'
import { type Found, SessionPicker } from './session-picker.tsx'
import { FIRST_FILTER, TextField } from './text-field.tsx'

export function FilterBar({ place }: { place: Place }) {
  const words = useWords()
  const figures = useFigures()
  // The facets scan the whole history: they are queried when the user approaches the filters, not at the first paint.
  const [near, setNear] = useState(false)
  const facets = useAnswer(FilterFacetsDocument, {}, { enabled: near || place.project !== null }).data?.facets
  const agents = facets?.agents ?? []
  // Agents that the URL filters by remain choices even if the history lacks them, to be unchecked and checked again.
  const [met, setMet] = useState(place.agents)
  const unmet = place.agents.filter((agent) => !met.includes(agent))
  if (unmet.length > 0) setMet([...met, ...unmet])
  const counts = new Map<string, number | null>(met.map((agent) => [agent, null]))
  for (const { agent, count } of agents) counts.set(agent, count)
  const projects = new Set([...(facets?.projects ?? []), ...(place.project === null ? [] : [place.project])])
  return (
    <search
      className="filters"
      aria-label={words.filters.label}
      onFocus={() => setNear(true)}
      onPointerEnter={() => setNear(true)}
    >
      <TextField text={place.text} />
      <PatternField pattern={place.pattern} agents={agents.map(({ agent }) => agent)} />
      <Choices
        label={words.filters.agents}
        chosen={place.agents}
        options={[...counts].map(([agent, count]) => ({
          value: agent,
          content: (
            <>
              <AgentName agent={agent} />{' '}
              {count === null ? null : <span className="muted">{figures.short(count)}</span>}
            </>
          ),
        }))}
        onChoose={(chosen) => go({ agents: chosen })}
      />
      <Choices
        label={words.filters.status}
        chosen={place.status}
        options={STATUSES.map((status) => ({ value: status, content: <StatusBadge status={status} /> }))}
        onChoose={(chosen) => go({ status: STATUSES.filter((status) => chosen.includes(status)) })}
      />
      <label>
        <span className="offscreen">{words.filters.project}</span>
        <select value={place.project ?? ''} onChange={(event) => go({ project: event.target.value || null })}>
          <option value="">{words.filters.anyProject}</option>
          {[...projects].map((project) => (
            <option key={project}>{project}</option>
          ))}
        </select>
      </label>
      <DateFilter from={place.from} to={place.to} />
      {isFiltered(place) ? (
        <button type="button" className="button button-quiet" onClick={clear}>
          {words.filters.clear}
        </button>
      ) : null}
      <span className="toolbar-gap" />
      <SessionPicker label={words.filters.session} name="session" onChoose={openSession} />
    </search>
  )
}

/** The button disappears once the filters are cleared, so the focus moves to the first filter. */
function clear(): void {
  document.getElementById(FIRST_FILTER)?.focus()
  go(NO_FILTERS)
}

const openSession = ({ id }: Found) => go({ view: 'sessions', session: id, trace: null })
