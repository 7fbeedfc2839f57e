/** How a run stands, from its own messages alone. The task call that opened it and the clock have a say later. */
import type { FailureRecord, MessageRecord, PartRecord } from '../records.ts'

export interface RunOutcome {
  /**
   * `waiting`: nothing has answered yet. `running`: an answer is under way. `between`: the last answer called tools and
   * the next has not begun. The others are final.
   */
  state: 'waiting' | 'running' | 'between' | 'completed' | 'error' | 'aborted'
  endedMs: number | null
  error: FailureRecord | null
  /** The last text of the last step; null where there is none. That of `between` is final if nothing follows. */
  output: string | null
}

/** What OpenCode writes into a tool's error when a refusal ends the turn there and then. */
const REFUSALS_THAT_END = [
  // Its user's: a sentence, behind which 1.0 has another, or (1.2) the name of the error. One that gives a reason to the
  // model ends nothing.
  /user rejected permission to use this specific tool call\.?(?: You may try again[^.]*\.)?\s*$/i,
  /user dismissed this question/i,
  /^(?:Permission|Question)RejectedError\b/i,
  // That of 1.0 by rule (`external_directory: deny`). From 1.1 on such a turn goes on.
  /^Error: File .+ is not in the current working directory$/,
  /^Error: This command references paths outside of .+ so this command is not allowed to be executed\.$/,
]

/**
 * @param answers the messages of the language model in order, their parts sorted
 * @param carrier what carries the call of a custom command, which is not among them; null where there is none
 * @param compactsByItself whether its compaction was OpenCode's own doing, not its user's
 */
export function outcomeOf(
  answers: readonly MessageRecord[],
  carrier: MessageRecord | null,
  compactsByItself: boolean,
): RunOutcome {
  const last = answers.at(-1)
  if (last === undefined) return carrier === null ? open('waiting') : open('between', carrier.completedMs)
  if (last.summary) {
    const whole = last.completedMs !== null && last.error === null
    const before = answers.filter((m) => !m.summary)
    // A compaction that went well, or that the user asked for, leaves its turn as it was.
    if (whole || !compactsByItself) return before.length > 0 ? outcomeOf(before, carrier, false) : open('between')
  }
  const { completedMs, error } = last
  if (error !== null) {
    return {
      state: error.name === 'MessageAbortedError' ? 'aborted' : 'error',
      endedMs: completedMs ?? activityOf(last),
      error,
      output: null,
    }
  }
  if (completedMs === null) return open('running')
  const ended = (state: 'completed' | 'aborted'): RunOutcome => ({
    state,
    endedMs: completedMs,
    error: null,
    output: state === 'completed' ? lastText(last.parts) : null,
  })
  if (last.finish === null) {
    // 0.5 stores no reason, and an abort shows only in a step without an end. 1.18 leaves a call that was aborted while it
    // waited to try again completed, without any part.
    const lastStep = last.parts.findLast((p) => p.type === 'step-start' || p.type === 'step-finish')
    return ended(lastStep?.type === 'step-finish' ? 'completed' : 'aborted')
  }
  if (last.finish === 'tool-calls' && !last.structured) {
    return last.parts.some(isRefused)
      ? ended('completed')
      : { ...open('between', completedMs), output: lastText(last.parts) }
  }
  return ended('completed')
}

const open = (state: 'waiting' | 'running' | 'between', endedMs: number | null = null): RunOutcome => ({
  state,
  endedMs,
  error: null,
  output: null,
})

function isRefused(p: PartRecord): boolean {
  if (p.type !== 'tool' || p.error === null) return false
  const { error } = p
  return REFUSALS_THAT_END.some((refusal) => refusal.test(error))
}

function lastText(parts: readonly PartRecord[]): string | null {
  for (let i = parts.length - 1; i >= 0; i--) {
    const p = parts[i]
    if (p?.type === 'step-start') return null
    if (p?.type === 'text' && !p.synthetic && !p.ignored) return p.text === '' ? null : p.text
  }
  return null
}

/** The latest time that a message or one of its parts tells. */
export function activityOf(m: MessageRecord): number {
  let ms = Math.max(m.createdMs, m.completedMs ?? 0)
  for (const p of m.parts) {
    if (p.type === 'text' || p.type === 'tool') ms = Math.max(ms, p.startMs ?? 0, p.endMs ?? 0)
  }
  return ms
}
