/**
 * The pattern field. The API validates it on every input; the first error is marked in place, and agents are completed.
 */
import { ValidatePatternDocument } from 'delegraph/client'
import { useRef } from 'react'
import { ask } from '../data/ask.ts'
import { go } from '../data/place.ts'
import { useAnswer } from '../data/use-answer.ts'
import { patternName } from '../format/pattern-name.ts'
import { Said } from '../parts/notice.tsx'
import { useWords } from '../words/index.tsx'
import { useDraft } from './use-draft.ts'

const COMPLETIONS = 6
/** Includes an opening quote, since the completion adds its own if the name needs one. */
const LAST_WORD = /"?([\p{L}\p{N}_-]+)$/u

export function PatternField({ pattern, agents }: { pattern: string; agents: readonly string[] }) {
  const words = useWords()
  const [draft, setDraft] = useDraft(pattern, isPattern, take)
  const checked = useAnswer(ValidatePatternDocument, { pattern: draft }, { enabled: draft.trim() !== '' })
  const error = draft.trim() === '' ? null : (checked.data?.validatePattern.error ?? null)
  const [typed = '', word = ''] = LAST_WORD.exec(draft) ?? []
  const fitting = agents.filter((agent) => word !== '' && agent !== word && agent.startsWith(word))
  const field = useRef<HTMLInputElement>(null)
  const complete = (agent: string) => {
    setDraft(draft.slice(0, draft.length - typed.length) + patternName(agent))
    // The pressed button disappears; the user continues in the field.
    field.current?.focus()
  }
  return (
    <div className="field-pattern">
      <input
        ref={field}
        type="text"
        spellCheck={false}
        autoComplete="off"
        aria-label={words.filters.pattern}
        aria-invalid={error !== null}
        aria-describedby="pattern-help"
        placeholder={words.filters.pattern}
        title={words.filters.pattern}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
      <div id="pattern-help" className={error === null && fitting.length === 0 ? 'offscreen' : 'popup pattern-help'}>
        {fitting.length === 0 ? null : (
          <p className="completions">
            <span className="offscreen">{words.filters.complete}</span>
            {fitting.slice(0, COMPLETIONS).map((agent) => (
              <button key={agent} type="button" className="button" onClick={() => complete(agent)}>
                {agent}
              </button>
            ))}
          </p>
        )}
        {error === null ? null : (
          <div role="status">
            <code className="pattern-marked">
              {draft.slice(0, error.position)}
              <mark>{draft.slice(error.position, error.position + 1) || '\u00a0'}</mark>
              {draft.slice(error.position + 1)}
            </code>
            <p>{words.filters.patternError(error.position + 1)}</p>
            <Said text={error.message} />
            {error.suggestion === null ? null : <p>{words.filters.suggestion(error.suggestion)}</p>}
          </div>
        )}
      </div>
    </div>
  )
}

const take = (pattern: string) => go({ pattern }, { replace: true })

/**
 * Whether the text is a valid pattern: only then does it filter the lists; otherwise it stays in the field with the
 * error. If the server cannot be reached, the text is accepted, and the lists show the problem.
 */
async function isPattern(text: string): Promise<boolean> {
  if (text.trim() === '') return true
  try {
    return (await ask(ValidatePatternDocument, { pattern: text })).validatePattern.valid
  } catch {
    return true
  }
}
