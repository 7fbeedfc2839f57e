/** Tells which messages OpenCode no longer writes to in place, although their session goes on. */
import type { MessageRecord } from '../../records.ts'
import { UNSETTLED_MS } from '../source.ts'

/**
 * Ids of the settled messages: complete, and ended well before the session's last message. The last ones never qualify.
 */
export function settledOf(messages: readonly MessageRecord[]): ReadonlySet<string> {
  const lastMs = messages.reduce((ms, message) => Math.max(ms, endOf(message)), 0)
  const settled = messages.filter((message) => isComplete(message) && endOf(message) < lastMs - UNSETTLED_MS)
  return new Set(settled.map(({ id }) => id))
}

const endOf = ({ completedMs, createdMs }: MessageRecord): number => completedMs ?? createdMs

const isComplete = ({ role, completedMs, parts }: MessageRecord): boolean =>
  (role === 'user' || completedMs !== null) &&
  parts.every((part) => part.type !== 'tool' || part.status === 'completed' || part.status === 'error')
