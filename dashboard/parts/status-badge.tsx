import type { TraceStatus } from 'delegraph/client'
import { useWords } from '../words/index.tsx'
import { Icon, type IconName } from './icon.tsx'

const ICONS: Readonly<Record<TraceStatus, IconName>> = {
  RUNNING: 'play',
  COMPLETED: 'check',
  ERROR: 'cross',
  ABORTED: 'stop',
  INTERRUPTED: 'bolt',
}

export function StatusBadge({ status }: { status: TraceStatus }) {
  const words = useWords()
  return (
    <span className={`status status-${status.toLowerCase()}`} title={words.statusHint[status]}>
      <Icon name={ICONS[status]} />
      <span className="status-word">{words.status[status]}</span>
    </span>
  )
}

/** The status as an icon only, for places without room for the word. */
export function StatusSign({ status }: { status: TraceStatus }) {
  const words = useWords()
  return (
    <span
      className={`status status-sign status-${status.toLowerCase()}`}
      role="img"
      aria-label={words.status[status]}
      title={words.statusHint[status]}
    >
      <Icon name={ICONS[status]} />
    </span>
  )
}
