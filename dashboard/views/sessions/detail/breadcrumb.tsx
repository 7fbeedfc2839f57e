import { go } from '../../../data/place.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { useWords } from '../../../words/index.tsx'
import type { DetailedTrace } from './detail-panel.tsx'

/** The way from the root down to the trace; each step leads there. */
export function Breadcrumb({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  return (
    <nav aria-label={words.detail.path}>
      <ol className="breadcrumb">
        {trace.ancestors.map((ancestor) => (
          <li key={ancestor.id}>
            <button
              type="button"
              className="link"
              title={ancestor.description ?? undefined}
              onClick={() => go({ trace: ancestor.id })}
            >
              <AgentName agent={ancestor.agent} />
            </button>
          </li>
        ))}
        <li aria-current="true">
          <AgentName agent={trace.agent} />
        </li>
      </ol>
    </nav>
  )
}
