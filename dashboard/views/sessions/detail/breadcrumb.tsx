import { usePlace } from '../../../data/place.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { PlaceLink } from '../../../parts/place-link.tsx'
import { useWords } from '../../../words/index.tsx'
import type { DetailedTrace } from './detail-panel.tsx'

/** The path from the root trace to this one; each step is a link. */
export function Breadcrumb({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const place = usePlace()
  return (
    <nav aria-label={words.detail.path}>
      <ol className="breadcrumb">
        {trace.ancestors.map((ancestor) => (
          <li key={ancestor.id}>
            <PlaceLink
              place={place}
              change={{ trace: ancestor.id }}
              className="link"
              title={ancestor.description ?? undefined}
            >
              <AgentName agent={ancestor.agent} />
            </PlaceLink>
          </li>
        ))}
        <li aria-current="true">
          <AgentName agent={trace.agent} />
        </li>
      </ol>
    </nav>
  )
}
