/** The result of opening a session in a terminal: success, or the command to type. */
import type { OpenSessionMutation } from 'delegraph/client'
import { useEffect, useRef } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { useWords } from '../../words/index.tsx'

export type Opened = OpenSessionMutation['openSession'] | { failure: string }

export function OpenedDialog({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const failed = 'failure' in opened
  const title = failed ? words.failed : opened.opened ? words.opened.done : words.opened.notDone
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="opened-title" onClose={onClose}>
      <h2 id="opened-title">{title}</h2>
      {failed ? <p>{opened.failure}</p> : null}
      {failed || opened.message === null ? null : <p className="muted">{opened.message}</p>}
      {failed ? null : (
        <div className="command">
          <code>{opened.command}</code>
          <CopyButton text={opened.command} label={words.detail.copyOf(words.opened.command)} />
        </div>
      )}
      <form method="dialog" className="dialog-buttons">
        <button type="submit" className="button button-main">
          {words.close}
        </button>
      </form>
    </dialog>
  )
}
