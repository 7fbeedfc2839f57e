/** Notices in place of content: why there is nothing to show, and what to do about it. */
import type { ReactNode } from 'react'
import { codeOf, isMistake, isOffline } from '../data/ask.ts'
import { useWords, type Words } from '../words/index.tsx'
import { Icon } from './icon.tsx'
import { useTitle } from './use-title.ts'

export function Notice({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <p className="notice-title">{title}</p>
      {hint ? <p className="notice-hint">{hint}</p> : null}
      {children}
    </div>
  )
}

export function Loading() {
  const words = useWords()
  return (
    <div className="notice" role="status">
      <span className="spinner" aria-hidden="true" />
      <p className="notice-hint">{words.loading}</p>
    </div>
  )
}

/** Replaces a part of the page that cannot be rendered. The URL holds all state, so a reload loses nothing. */
export function Broken({ name }: { name: string }) {
  const words = useWords()
  useTitle(name)
  return (
    <div className="notice" role="alert">
      <span className="notice-sign">
        <Icon name="warning" />
      </span>
      <h1>{name}</h1>
      <p className="notice-title">{words.broken}</p>
      <p className="notice-hint">{words.brokenHint}</p>
      <button type="button" className="button" onClick={() => window.location.reload()}>
        {words.reload}
      </button>
    </div>
  )
}

interface AnsweredProps {
  answer: { isPending: boolean; isError: boolean; data: unknown; error: unknown; refetch: () => unknown }
  children: ReactNode
}

/** Shows its children once there is an answer; until then, that it is loading or why it failed. */
export function Answered({ answer, children }: AnsweredProps) {
  if (answer.isPending) return <Loading />
  if (answer.isError && answer.data === undefined) return <Problem error={answer.error} onRetry={answer.refetch} />
  return children
}

/** A message from the API, which is always in English. */
export function Said({ text, className }: { text: string; className?: string }) {
  return (
    <p lang="en" className={className}>
      {text}
    </p>
  )
}

function titleOf(error: unknown, words: Words): string {
  if (isOffline(error)) return words.offline
  if (codeOf(error) === 'PATTERN_SYNTAX') return words.patterns.invalid
  return isMistake(error) ? words.invalid : words.failed
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Says that the rest of a list could not be loaded. The loaded part stays; `children` holds the button to retry. */
export function RestProblem({ error, children }: { error: unknown; children?: ReactNode }) {
  const words = useWords()
  return (
    <div className="rest-problem" role="alert">
      <Icon name="warning" />
      <p>{titleOf(error, words)}</p>
      {isOffline(error) ? null : <Said text={messageOf(error)} className="muted" />}
      {children}
    </div>
  )
}

export function Problem({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const words = useWords()
  const offline = isOffline(error)
  return (
    <div className="notice" role="alert">
      <span className="notice-sign">
        <Icon name="warning" />
      </span>
      <p className="notice-title">{titleOf(error, words)}</p>
      {offline ? (
        <p className="notice-hint">{words.offlineHint}</p>
      ) : (
        <Said text={messageOf(error)} className="notice-hint" />
      )}
      {isMistake(error) ? null : (
        <button type="button" className="button" onClick={onRetry}>
          {words.retry}
        </button>
      )}
    </div>
  )
}
