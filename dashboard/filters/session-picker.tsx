/** Type-ahead search over session titles and ids: a WAI-ARIA combobox with a listbox of the results. */
import { SearchTextDocument, type SearchTextQuery, SessionsDocument } from 'delegraph/client'
import { type KeyboardEvent, useEffect, useState } from 'react'
import { useAnswer } from '../data/use-answer.ts'
import { useWords } from '../words/index.tsx'
import { useDraft } from './use-draft.ts'

const FOUND = 12

export interface Found {
  id: string
  title: string
}

interface Props {
  label: string
  /** The prefix of element ids, unique among the pickers on the page. */
  name: string
  onChoose: (session: Found) => void
}

export function SessionPicker({ label, name, onChoose }: Props) {
  const words = useWords()
  const [asked, setAsked] = useState('')
  const [draft, setDraft] = useDraft(asked, isAnything, setAsked)
  const [at, setAt] = useState(0)
  const [entered, setEntered] = useState<string | null>(null)
  const [inField, setInField] = useState(false)
  const { found, isSettled, isAnswered } = useFound(asked.trim())
  const open = inField && draft.trim() !== '' && found.length > 0
  // The list may still show the results for earlier input.
  const isUpToDate = asked === draft && isSettled
  const none = inField && draft.trim() !== '' && found.length === 0 && isUpToDate && isAnswered
  const choose = (session: Found | undefined) => {
    if (!session) return
    setAsked('')
    setDraft('')
    onChoose(session)
  }
  useEffect(() => {
    if (entered === null || !isUpToDate) return
    setEntered(null)
    if (entered === draft) choose(found[at])
  })
  const active = open ? `${name}-${found[at]?.id}` : undefined
  useEffect(() => {
    if (active !== undefined) document.getElementById(active)?.scrollIntoView({ block: 'nearest' })
  }, [active])
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setDraft('')
    else if (event.key === 'Enter' && draft.trim() !== '') setEntered(draft)
    else if (open && event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1))
    else if (open && event.key === 'ArrowUp') setAt(Math.max(0, at - 1))
    else return
    event.preventDefault()
  }
  return (
    <div className="field-session">
      <input
        type="text"
        role="combobox"
        autoComplete="off"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${name}-found`}
        aria-autocomplete="list"
        aria-activedescendant={active}
        placeholder={label}
        title={label}
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value)
          setAt(0)
        }}
        onFocus={() => setInField(true)}
        onBlur={() => setInField(false)}
        onKeyDown={press}
      />
      <div
        id={`${name}-found`}
        role="listbox"
        // Otherwise browsers make a scrollable element a tab stop.
        tabIndex={-1}
        aria-label={label}
        className={open ? 'popup' : undefined}
        hidden={!open}
        // Pressing the scroll bar must not take the focus from the field.
        onPointerDown={(event) => event.preventDefault()}
        onMouseDown={(event) => event.preventDefault()}
      >
        {found.map((session, index) => (
          <div
            key={session.id}
            id={`${name}-${session.id}`}
            role="option"
            aria-selected={index === at}
            className="found"
            onPointerDown={() => choose(session)}
          >
            <span className="ellipsis">{words.sessions.titled(session.title)}</span>
            <code className="muted">{session.id}</code>
          </div>
        ))}
      </div>
      <p role="status" className={none ? 'popup' : 'offscreen'}>
        {none ? words.sessions.notFound : null}
      </p>
    </div>
  )
}

const isAnything = () => true

/** The sessions found; `isSettled`: no request for this text is pending; `isAnswered`: the request succeeded. */
function useFound(text: string): { found: Found[]; isSettled: boolean; isAnswered: boolean } {
  const byId = /^ses_\w+$/.test(text)
  const sessions = useAnswer(SessionsDocument, { filter: { ids: [text], rootsOnly: false } }, { enabled: byId })
  const titles = useAnswer(
    SearchTextDocument,
    { query: prefixesOf(text), in: ['TITLE'], first: 5 * FOUND },
    { enabled: !byId && prefixesOf(text) !== '', keepPrevious: true },
  )
  if (byId) {
    const found = sessions.data?.sessions.nodes ?? []
    return { found, isSettled: !sessions.isLoading, isAnswered: sessions.isSuccess }
  }
  return {
    found: text === '' ? [] : distinct(titles.data),
    isSettled: !titles.isLoading && !titles.isPlaceholderData,
    isAnswered: titles.isSuccess,
  }
}

/** A full-text query for every word as a prefix, without the operators of the search language. */
const prefixesOf = (text: string): string => (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `${word}*`).join(' ')

function distinct(answer: SearchTextQuery | undefined): Found[] {
  const found = new Map<string, Found>()
  for (const { trace } of answer?.searchText.nodes ?? []) found.set(trace.rootSession.id, trace.rootSession)
  return [...found.values()].slice(0, FOUND)
}
