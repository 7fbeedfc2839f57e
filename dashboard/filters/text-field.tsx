/**
 * The full-text filter. The API validates it when typing pauses: an invalid query shows its error and filters nothing.
 */
import { SearchTextDocument } from 'delegraph/client'
import { answerTo, queryClient } from '../data/answers.ts'
import { codeOf } from '../data/ask.ts'
import { go } from '../data/place.ts'
import { useAnswer } from '../data/use-answer.ts'
import { Said } from '../parts/notice.tsx'
import { useWords } from '../words/index.tsx'
import { useDraft } from './use-draft.ts'

/** The id of the field that "/" focuses. */
export const FIRST_FILTER = 'filter-text'

/** Variables that make the API parse the query without searching any text. */
const toCheck = (query: string) => ({ query, filter: { ids: [] }, first: 0 })

export function TextField({ text }: { text: string }) {
  const words = useWords()
  const [draft, setDraft, isSettled] = useDraft(text, isQuery, take)
  const checked = useAnswer(SearchTextDocument, toCheck(draft), { enabled: isSettled && draft.trim() !== '' })
  const refusal = draft.trim() !== '' && codeOf(checked.error) === 'BAD_USER_INPUT' ? checked.error : null
  return (
    <div className="field-pattern">
      <input
        id={FIRST_FILTER}
        className="field-text"
        type="search"
        aria-label={words.filters.text}
        aria-invalid={refusal !== null}
        aria-describedby="text-help"
        placeholder={words.filters.text}
        title={words.filters.text}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
      <div id="text-help" role="status" className={refusal === null ? 'offscreen' : 'popup pattern-help'}>
        {refusal === null ? null : <Said text={refusal.message} />}
      </div>
    </div>
  )
}

const take = (text: string) => go({ text }, { replace: true })

/** If the server cannot be reached, the text is accepted, and the lists show the problem. */
async function isQuery(text: string): Promise<boolean> {
  if (text.trim() === '') return true
  try {
    await queryClient.fetchQuery({ ...answerTo(SearchTextDocument, toCheck(text)), retry: false })
    return true
  } catch (error) {
    return codeOf(error) !== 'BAD_USER_INPUT'
  }
}
