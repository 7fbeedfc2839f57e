/**
 * Determines the outcome of a run from its own messages alone. The `task` call that opened it and the clock are taken
 * into account later.
 */
import type { FailureRecord, MessageRecord, PartRecord } from '../records.ts'

export interface RunOutcome {
  /**
   * `waiting`: there is no answer yet. `running`: an answer is under way. `between`: the last answer called tools, and
   * the next one has not begun. The others are final.
   */
  state: 'waiting' | 'running' | 'between' | 'completed' | 'error' | 'aborted'
  endedMs: number | null
  error: FailureRecord | null
  /**
   * The last text of the last step; null if it has none. In the state `between` it is final only if nothing follows.
   */
  output: string | null
}

/** Tool errors that OpenCode writes when a refused permission ends the turn immediately. */
const REFUSALS_THAT_END = [
  // Refused by the user: a sentence, which 1.0 follows with another one, or (1.2) the name of the error. A refusal with
  // a reason for the model does not end the turn.
  /user rejected permission to use this specific tool call\.?(?: You may try again[^.]*\.)?\s*$/i,
  /user dismissed this question/i,
  /^(?:Permission|Question)RejectedError\b/i,
  // Refused by a rule (`external_directory: deny`) in 1.0. From 1.1 on, the turn goes on.
  /^Error: File .+ is not in the current working directory$/,
  /^Error: This command references paths outside of .+ so this command is not allowed to be executed\.$/,
]

/**
 * @param answers the assistant messages of the run in order, with sorted parts, without those that carry a custom
 *   command
 * @param carrier the message that carries the call of a custom command; null if there is none
 * @param compactsByItself whether OpenCode, not the user, triggered the run's compaction
 */
export function outcomeOf(
  answers: readonly MessageRecord[],
  carrier: MessageRecord | null,
  compactsByItself: boolean,
): RunOutcome {
  const last = answers.at(-1)
  if (last === undefined) {
    if (carrier === null) return open('waiting')
    // The first 1.0 ask no model for anything after a command, and say of nothing how it finished.
    const isOver = carrier.finish === null && carrier.completedMs !== null
    const { completedMs: endedMs } = carrier
    return { state: isOver ? 'completed' : 'between', endedMs, error: null, output: null }
  }
  if (last.summary) {
    const whole = last.completedMs !== null && last.error === null
    const before = answers.filter((m) => !m.summary)
    // A compaction that succeeded, or that the user requested, does not change the outcome of its turn.
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
    // OpenCode 0.5 stores no finish reason, and only a step without a `step-finish` reveals an abort. 1.18 marks an LLM
    // call that was aborted while it waited for a retry as completed, without any part.
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

/** The latest time stored in a message or its parts. */
export function activityOf(m: MessageRecord): number {
  let ms = Math.max(m.createdMs, m.completedMs ?? 0)
  for (const p of m.parts) {
    if (p.type === 'text' || p.type === 'tool') ms = Math.max(ms, p.startMs ?? 0, p.endMs ?? 0)
  }
  return ms
}
