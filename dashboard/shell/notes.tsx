/** Notes about all data on the page: where it comes from, and that it is out of date or still incomplete. */
import type { ReactNode } from 'react'
import { isOffline } from '../data/ask.ts'
import type { Reading } from '../data/use-reading.ts'
import { useUnrenewed } from '../data/use-unrenewed.ts'
import { Icon } from '../parts/icon.tsx'
import { Said } from '../parts/notice.tsx'
import { useWords } from '../words/index.tsx'

export function ReadingNote({ reading }: { reading: Reading | null }) {
  const words = useWords()
  if (reading === null) return null
  const { status, message, demo, takesLong } = reading
  if (status === 'FAILED') {
    return (
      <Note warns>
        {words.reading.failed}
        {message === null ? null : <Said text={message} />}
      </Note>
    )
  }
  if (takesLong) return <Note>{words.reading.underWay}</Note>
  if (demo) return <Note>{words.demo}</Note>
  return message === null ? null : (
    <Note>
      <Said text={message} />
    </Note>
  )
}

export function UnrenewedNote() {
  const words = useWords()
  const { error, askAgain } = useUnrenewed()
  if (error === null) return null
  const press = () => {
    // The button disappears when the answers arrive, and the focus would be lost with it.
    document.getElementById('content')?.focus({ preventScroll: true })
    askAgain()
  }
  return (
    <Note warns>
      {words.notUpToDate}
      {isOffline(error) ? <p>{words.offline}</p> : <Said text={error.message} />}
      <button type="button" className="button" onClick={press}>
        {words.retry}
      </button>
    </Note>
  )
}

function Note({ warns = false, children }: { warns?: boolean; children: ReactNode }) {
  return (
    <div className="note" role="status">
      {warns ? <Icon name="warning" /> : null}
      {children}
    </div>
  )
}
