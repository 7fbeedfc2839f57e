import { TraceDetailDocument } from 'delegraph/client'
import { useState } from 'react'
import { go } from '../../../data/place.ts'
import { useAnswer } from '../../../data/use-answer.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { ColumnHeads } from '../../../parts/column-heads.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'
import type { DetailedTrace } from './detail-panel.tsx'

export function Tools({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const figures = useFigures()
  const [all, setAll] = useState(false)
  // The rest of them when it is wanted.
  const whole = useAnswer(TraceDetailDocument, { id: trace.id }, { enabled: all }).data?.trace
  const { totalCount, nodes: calls } = (whole ?? trace).toolCalls
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
          {calls.map((call) => (
            <ToolCall key={call.id} call={call} />
          ))}
        </ol>
        {totalCount <= calls.length ? null : (
          <button type="button" className="button" disabled={all} onClick={() => setAll(true)}>
            {words.detail.showAll(figures.exact(totalCount))}
          </button>
        )}
      </details>
    </section>
  )
}

function ToolCall({ call }: { call: DetailedTrace['toolCalls']['nodes'][number] }) {
  const figures = useFigures()
  const { delegation } = call
  return (
    <li className={call.error === null ? undefined : 'tool-call-failed'}>
      <code>{call.tool}</code>
      {delegation === null ? (
        <span className="ellipsis" title={call.title ?? undefined}>
          {call.title}
        </span>
      ) : (
        <button type="button" className="link" onClick={() => go({ trace: delegation.id })}>
          <AgentName agent={delegation.agent} />
        </button>
      )}
      <span className="muted">{call.status}</span>
      <span className="number">{call.durationMs === null ? '–' : figures.duration(call.durationMs)}</span>
      {call.error === null ? null : <p className="tool-call-error">{call.error}</p>}
    </li>
  )
}
