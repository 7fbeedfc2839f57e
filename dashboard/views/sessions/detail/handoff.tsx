import { TraceHandoffDocument } from 'delegraph/client'
import { useAnswer } from '../../../data/use-answer.ts'
import { useFigures, useWords } from '../../../words/index.tsx'

/** How much of its own prompt the caller passed on; renders nothing for a user's turn. */
export function Handoff({ id }: { id: string }) {
  const words = useWords()
  const figures = useFigures()
  const handoff = useAnswer(TraceHandoffDocument, { id }).data?.trace?.handoff
  if (!handoff) return null
  return (
    <details className="fold">
      <summary>
        <h3>{words.detail.handoff}</h3>
        <span className="muted">
          {words.detail.passedOn(figures.percent(handoff.similarity))}, +{figures.exact(handoff.addedLines)} −
          {figures.exact(handoff.removedLines)}
        </span>
      </summary>
      <pre className="raw">{handoff.diff}</pre>
    </details>
  )
}
