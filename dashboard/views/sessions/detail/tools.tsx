import { TraceDetailDocument } from 'delegraph/client'
import { usePlace } from '../../../data/place.ts'
import { useAnswer } from '../../../data/use-answer.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { ColumnHeads } from '../../../parts/column-heads.tsx'
import { RestProblem } from '../../../parts/notice.tsx'
import { PlaceLink } from '../../../parts/place-link.tsx'
import { useShowAll } from '../../../parts/use-show-all.ts'
import { useFigures, useWords } from '../../../words/index.tsx'
import type { DetailedTrace } from './detail-panel.tsx'

export function Tools({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const figures = useFigures()
  const { all, showAll, firstOfRest } = useShowAll()
  // All calls, queried on demand.
  const rest = useAnswer(TraceDetailDocument, { id: trace.id }, { enabled: all })
  const { totalCount, nodes: calls } = (rest.data?.trace ?? trace).toolCalls
  const failed = rest.isError && !rest.isFetching
  if (trace.tools.length === 0) return null
  return (
    <section aria-labelledby="tools-title">
      <h3 id="tools-title">{words.detail.tools}</h3>
      <table className="table">
        <ColumnHeads
          texts={[words.detail.tool]}
          figures={[words.detail.count, words.detail.errors, words.detail.duration]}
        />
        <tbody>
          {trace.tools.map((tool) => (
            <tr key={tool.tool}>
              <th scope="row">
                <code>{tool.tool}</code>
              </th>
              <td className="number">{figures.exact(tool.calls)}</td>
              <td className="number">{tool.errors === 0 ? '–' : figures.exact(tool.errors)}</td>
              <td className="number" title={figures.exactDuration(tool.durationMs)}>
                {figures.duration(tool.durationMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <details className="fold">
        <summary>
          {words.detail.toolCalls} <span className="muted">{figures.exact(totalCount)}</span>
        </summary>
        <ol className="tool-calls">
          {calls.map((call, index) => (
            <ToolCall key={call.id} call={call} {...(index === trace.toolCalls.nodes.length ? { firstOfRest } : {})} />
          ))}
        </ol>
        {totalCount <= calls.length ? null : (
          <>
            {failed ? <RestProblem error={rest.error} /> : null}
            <button
              type="button"
              className="button"
              // Not `disabled`, which would make the button lose the focus.
              aria-disabled={rest.isFetching}
              onClick={() => (failed ? rest.refetch() : showAll())}
            >
              {rest.isFetching ? words.loading : words.detail.showAll(figures.exact(totalCount))}
            </button>
          </>
        )}
      </details>
    </section>
  )
}

interface ToolCallProps {
  call: DetailedTrace['toolCalls']['nodes'][number]
  firstOfRest?: (row: HTMLElement | null) => void
}

function ToolCall({ call, firstOfRest }: ToolCallProps) {
  const figures = useFigures()
  const place = usePlace()
  const { delegation } = call
  return (
    <li
      className={call.error === null ? undefined : 'tool-call-failed'}
      {...(firstOfRest ? { ref: firstOfRest, tabIndex: -1 } : {})}
    >
      <code>{call.tool}</code>
      {delegation === null ? (
        <span className="ellipsis" title={call.title ?? undefined}>
          {call.title}
        </span>
      ) : (
        <PlaceLink place={place} change={{ trace: delegation.id }} className="link">
          <AgentName agent={delegation.agent} />
        </PlaceLink>
      )}
      <span className="muted">{call.status}</span>
      <span className="number">{call.durationMs === null ? '–' : figures.duration(call.durationMs)}</span>
      {call.error === null ? null : <p className="tool-call-error">{call.error}</p>}
    </li>
  )
}
