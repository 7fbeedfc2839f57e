/**
 * Digests one session on its own: its prompts, the answers to each, and its `task` calls. How the sessions of a family
 * belong together is decided in `link.ts`.
 */
import { pushTo } from '../group.ts'
import type {
  MessageRecord,
  PartRecord,
  SessionContent,
  SessionRecord,
  TaskCallRecord,
  ToolCall,
  ToolPartRecord,
  Usage,
} from '../records.ts'
import { addUsage, noUsage, subtractUsage } from '../records.ts'
import { byTime, compareIds } from './order.ts'
import { activityOf, outcomeOf, type RunOutcome } from './outcome.ts'

/** One prompt in a session with all its answers: a user's turn, or what a `task` call opened. */
export interface Run {
  /** The id of the user message that opened it. */
  id: string
  sessionId: string
  prompt: string
  /** The prompt's text was removed by `opencode export --sanitize`; its placeholder differs in each copy. */
  redacted: boolean
  /** The user message holds a real prompt, from a person or a `task` call; false if OpenCode itself opened the run. */
  prompted: boolean
  /** The prompt is known to come from a `task` call, whether or not that call is still stored. */
  byTask: boolean
  agent: string | null
  /** The agent of its answers, since the prompt names none in OpenCode 0.5. */
  answeredBy: string | null
  startedMs: number
  outcome: RunOutcome
  /** When its first answer was created; null while it has none. */
  answeredMs: number | null
  lastActivityMs: number
  usage: Usage
  models: string[]
  toolCalls: ToolCall[]
  copied: boolean
  reverted: boolean
}

/** One `task` call: a delegation, whatever became of it. */
export interface Call {
  /** The part's id. */
  id: string
  sessionId: string
  runId: string
  /** When the message that holds the call was created; nothing that the call opened is older. */
  messageMs: number
  task: TaskCallRecord
  status: ToolPartRecord['status']
  error: string | null
  startMs: number | null
  endMs: number | null
  /** Written by OpenCode 0.5, whose calls never name the child session. */
  legacy: boolean
  copied: boolean
}

export interface SessionDigest {
  sessionId: string
  parentId: string | null
  session: SessionRecord
  /** By start. */
  runs: Run[]
  /** In call order. */
  calls: Call[]
  /** Other sessions that its calls opened or asked to resume. */
  namedSessionIds: string[]
  /**
   * For a fork, when the first message was created: its copied messages are older than the session. Null if no message
   * is.
   */
  copiedFromMs: number | null
  /** Whether anything in the session is under way according to the files. */
  running: boolean
  /** The latest time in its messages and parts, or when the session was created if there are none. */
  lastActivityMs: number
}

/** Digests one session. No message content makes it throw, and the order of messages and parts does not matter. */
export function digestSession(content: SessionContent): SessionDigest {
  const { session } = content
  const messages = withWholeSteps(
    content.messages.map(withSortedParts).sort(
      byTime(
        (m) => m.createdMs,
        (m) => m.id,
      ),
    ),
  )
  const revertedFrom = messages.findIndex((m) => m.id === session.revertMessageId)
  const places = new Map(messages.map((m, i) => [m.id, i]))
  const runs: Run[] = []
  const calls: Call[] = []
  for (const draft of draftRuns(messages, session.createdMs)) {
    const place = places.get(draft.opener.id) ?? -1
    runs.push(finishRun(draft, messages, session, revertedFrom >= 0 && place >= revertedFrom))
    for (const message of draft.answers) {
      for (const part of message.parts) {
        if (part.type === 'tool' && part.task !== null)
          calls.push(callOf(part, part.task, message, draft.opener.id, session))
      }
    }
  }

  const first = messages[0]
  const named = new Set(calls.flatMap(({ task }) => task.sessionId ?? task.resumes ?? []))
  named.delete(session.id)
  return {
    sessionId: session.id,
    parentId: session.parentId,
    session,
    runs: runs.sort(
      byTime(
        (r) => r.startedMs,
        (r) => r.id,
      ),
    ),
    calls,
    namedSessionIds: [...named],
    copiedFromMs: first !== undefined && first.createdMs < session.createdMs ? first.createdMs : null,
    running:
      runs.some((r) => !r.copied && (r.outcome.state === 'running' || r.outcome.state === 'between')) ||
      calls.some((c) => !c.copied && (c.status === 'running' || c.status === 'pending')),
    lastActivityMs: messages.reduce((ms, m) => Math.max(ms, activityOf(m)), session.createdMs),
  }
}

// ---------------------------------------------------------------- which answer belongs to which prompt

/** A run in the making: the user message that opened it, and its answers in order. */
interface Draft {
  opener: MessageRecord
  prompted: boolean
  answers: MessageRecord[]
}

/** @param madeMs when the session was created; older messages were copied into it by a fork */
function draftRuns(messages: readonly MessageRecord[], madeMs: number): Draft[] {
  const drafts: Draft[] = []
  /** The draft that each user message belongs to. */
  const draftOf = new Map<string, Draft>()
  const answered = new Set<string>()
  const shellPrompts = new Set<string>()
  const carried = new Set<string>()
  for (const m of messages) {
    if (m.role !== 'assistant' || m.parentId === null) continue
    answered.add(m.parentId)
    if (isShell(m)) shellPrompts.add(m.parentId)
    else if (isCommandCarrier(m)) carried.add(m.parentId)
  }

  const outgrown = new Set(messages.filter(tellsOfOverflow).map((m) => m.id))
  let current: Draft | null = null
  let answer: MessageRecord | null = null
  /** The draft that was answered last. */
  let atWork: Draft | null = null
  let before: MessageRecord | null = null
  const open = (opener: MessageRecord, prompted: boolean): Draft => {
    const draft: Draft = { opener, prompted, answers: [] }
    drafts.push(draft)
    draftOf.set(opener.id, draft)
    return draft
  }
  /**
   * The draft whose prompt OpenCode has stored again in `m`. OpenCode does so after a compaction of a conversation that
   * exceeded the model's context; 0.5 also does so when it takes up a prompt that had to wait.
   */
  const repeatedBy = (m: MessageRecord, last: MessageRecord | null): Draft | undefined => {
    const lastMs = last?.completedMs ?? null
    if (last === null || lastMs === null || m.createdMs - lastMs > STORED_AGAIN_MS) return undefined
    const isSame = ({ opener }: Draft) => promptOf(opener) === promptOf(m)
    if (last.parentId === null) {
      const waited = ({ opener }: Draft) => opener.createdMs > last.createdMs && opener.createdMs <= lastMs
      return drafts.find((draft) => draft.answers.length === 0 && waited(draft) && isSame(draft))
    }
    const draft = draftOf.get(last.parentId)
    const isSummedUp = outgrown.has(last.parentId) && last.summary && last.error === null
    return isSummedUp && draft !== undefined && isSame(draft) ? draft : undefined
  }
  for (const m of inConversationOrder(messages)) {
    if (m.role === 'user') {
      const prompted = isPrompt(m) || (m.parts.length === 0 && answered.has(m.id))
      const repeated = prompted ? repeatedBy(m, answer) : undefined
      if (repeated !== undefined) {
        current = repeated
        draftOf.set(m.id, repeated)
      } else if (prompted) current = open(m, true)
      // Of a command the first 1.0 store neither a part nor an agent: what they say in its place is no prompt.
      else if (m.agent === null && carried.has(m.id)) current = open({ ...m, parts: [] }, false)
      else if (current !== null && !shellPrompts.has(m.id) && changesAgent(m, current, atWork)) current = open(m, false)
      else if (current !== null) draftOf.set(m.id, current)
    } else if (!isShell(m)) {
      let draft: Draft | null = (m.parentId === null ? undefined : draftOf.get(m.parentId)) ?? null
      // An answer does not name its prompt in 0.5; a fork's copy of an answer names the original's prompt in 1.0.
      if (m.parentId === null || m.createdMs < madeMs) draft ??= current
      // An answer whose prompt is no longer stored opens a run of its own, under the prompt's id if it names one.
      if (draft === null) draft = current = open({ ...m, id: m.parentId ?? m.id, parts: [] }, true)
      draft = commandOf(m, drafts) ?? draft
      const last: Draft | undefined = drafts.at(-1)
      if (answer !== null && answer === before && last?.answers.length === 0 && goesOn(answer, m)) {
        // One of several waiting prompts was stored again, and its answer goes on as the answer to the last one.
        if (answer.parts.length === 0) draft.answers = draft.answers.filter((a) => a !== answer)
        draft = current = last
      }
      draft.answers.push(m)
      answer = m
      atWork = draft
    }
    before = m
  }
  return drafts
}

/** A command that waited together with later prompts runs before they are answered, under the name of the last of them. */
function commandOf(m: MessageRecord, drafts: readonly Draft[]): Draft | undefined {
  if (!isCommandCarrier(m)) return undefined
  const prompts = new Set(m.parts.map((p) => (p.type === 'tool' ? p.task?.prompt : null)))
  return drafts.findLast(
    ({ opener, answers }) =>
      answers.length === 0 && opener.parts.some((p) => p.type === 'subtask' && prompts.has(p.prompt)),
  )
}

/**
 * When OpenCode 0.5 takes up waiting prompts in the middle of an answer, it starts another message, for the last
 * prompt.
 */
const goesOn = (answer: MessageRecord, m: MessageRecord): boolean =>
  answer.parentId === null && m.parentId === null && answer.error === null && !answer.summary && !m.summary

const tellsOfOverflow = (m: MessageRecord): boolean => m.parts.some((p) => p.type === 'compaction' && p.overflow)

/** OpenCode stores a prompt again within this time of the previous answer; in practice it takes some milliseconds. */
const STORED_AGAIN_MS = 1000

/** OpenCode 0.5 compacts when the user's next prompt arrives, and stores that prompt right after the compaction. */
const PROMPT_FOLLOWS_COMPACTION_MS = 1000

/** Orders messages by time, except that a compaction of OpenCode 0.5 comes after the prompt that triggered it. */
function inConversationOrder(messages: readonly MessageRecord[]): MessageRecord[] {
  const ordered = afterTheirPrompts(messages)
  for (let i = 0; i + 1 < ordered.length; i++) {
    const m = ordered[i]
    const next = ordered[i + 1]
    if (m === undefined || next === undefined || !m.summary || m.parentId !== null || next.role !== 'user') continue
    if (next.createdMs - (m.completedMs ?? next.createdMs) > PROMPT_FOLLOWS_COMPACTION_MS) continue
    ordered[i] = next
    ordered[i + 1] = m
    i++
  }
  return ordered
}

/** Moves answers behind their prompts: the clock may have been set back between the two. `messages` are by time. */
function afterTheirPrompts(messages: readonly MessageRecord[]): MessageRecord[] {
  const toCome = new Set(messages.flatMap((m) => (m.role === 'user' ? m.id : [])))
  const early = new Map<string, MessageRecord[]>()
  const ordered: MessageRecord[] = []
  for (const m of messages) {
    if (m.parentId !== null && toCome.has(m.parentId)) {
      pushTo(early, m.parentId, m)
      continue
    }
    ordered.push(m)
    if (m.role !== 'user') continue
    toCome.delete(m.id)
    for (const answer of early.get(m.id) ?? []) ordered.push(answer)
  }
  return ordered
}

/**
 * Whether a person or a `task` call wrote it: it has text that is not OpenCode's own, a delegating command, or a file.
 */
function isPrompt(m: MessageRecord): boolean {
  return m.parts.some(
    (p) => (p.type === 'text' && !p.synthetic && !p.ignored) || p.type === 'subtask' || p.type === 'attachment',
  )
}

/**
 * Whether OpenCode itself addresses a different agent than before (plan → build), which opens a new turn. While an agent
 * is working, a prompt for another agent waits, and the working agent is told to go on all the same.
 */
function changesAgent(m: MessageRecord, current: Draft, atWork: Draft | null): boolean {
  return (
    m.agent !== null &&
    current.opener.agent !== null &&
    m.agent !== current.opener.agent &&
    m.agent !== atWork?.opener.agent &&
    m.parts.some((p) => p.type === 'text') &&
    !m.parts.some((p) => p.type === 'compaction')
  )
}

/** Whether the message is the record of a user's `!command`: tool parts without any step of a language model. */
function isShell(m: MessageRecord): boolean {
  return (
    !m.summary &&
    m.error === null &&
    (m.usage?.llmCalls ?? 0) === 0 &&
    m.parts.some((p) => p.type === 'tool') &&
    m.parts.every((p) => p.type !== 'step-start' && p.type !== 'step-finish' && (p.type !== 'tool' || p.task === null))
  )
}

// ---------------------------------------------------------------- one run

function finishRun(draft: Draft, messages: readonly MessageRecord[], session: SessionRecord, reverted: boolean): Run {
  const { opener } = draft
  const usage = noUsage()
  const models = new Set<string>()
  const toolCalls: ToolCall[] = []
  const answers: MessageRecord[] = []
  let lastActivityMs = activityOf(opener)
  for (const m of draft.answers) {
    lastActivityMs = Math.max(lastActivityMs, activityOf(m))
    if (isCommandCarrier(m)) continue
    answers.push(m)
    if (m.model !== null) models.add(m.model)
    // The usage of a fork's copies counts in the session that they came from.
    if (m.usage !== null && m.createdMs >= session.createdMs) addUsage(usage, m.usage)
    for (const p of m.parts) if (p.type === 'tool') toolCalls.push(toolCallOf(p))
  }
  const answeredBy = (answers.find((m) => !m.summary) ?? draft.answers.find(isCommandCarrier))?.agent ?? null
  return {
    id: opener.id,
    sessionId: session.id,
    prompt: promptOf(opener),
    redacted: opener.parts.some((p) => p.type === 'text' && p.redacted),
    prompted: draft.prompted,
    byTask: opener.byTask,
    agent: opener.agent,
    answeredBy,
    startedMs: opener.createdMs,
    outcome: outcomeOf(answers, draft.answers.findLast(isCommandCarrier) ?? null, compactsByItself(draft, messages)),
    answeredMs: draft.answers[0]?.createdMs ?? null,
    lastActivityMs,
    usage,
    models: [...models],
    toolCalls,
    copied: opener.createdMs < session.createdMs,
    reverted,
  }
}

/**
 * Whether OpenCode wrote the message for a custom command with `subtask: true`: it carries the call, but no model
 * answer.
 */
function isCommandCarrier(m: MessageRecord): boolean {
  return (
    (m.usage?.llmCalls ?? 0) === 0 &&
    m.parts.some((p) => p.type === 'tool' && p.task !== null) &&
    m.parts.every((p) => p.type !== 'step-start' && p.type !== 'step-finish')
  )
}

/** Whether OpenCode itself triggered a compaction of the run; such a run is not over before its compaction is. */
function compactsByItself(draft: Draft, requests: readonly MessageRecord[]): boolean {
  const ids = new Set(draft.answers.flatMap((m) => (m.summary && m.parentId !== null ? [m.parentId] : [])))
  // Checked first, since most runs have no compaction and scanning all messages for each run would be quadratic.
  return ids.size > 0 && requests.some((m) => ids.has(m.id) && m.parts.some((p) => p.type === 'compaction' && p.auto))
}

const promptOf = (m: MessageRecord): string =>
  m.parts
    .map((p) => (p.type === 'text' && !p.ignored ? p : null))
    .filter((p, _, texts) => p !== null && (!p.synthetic || texts.every((t) => t === null || t.synthetic)))
    .map((p) => p?.text ?? '')
    .join('')

/**
 * Repairs answers that OpenCode 0.5 split. When it starts another message in the middle of an answer, it may write the
 * `step-finish` of the previous message's last step into the new one: the part moves back to that message, with the
 * usage of the step. If the new message was aborted before it began a step, the abort belongs to the previous message.
 */
function withWholeSteps(messages: readonly MessageRecord[]): MessageRecord[] {
  const whole = [...messages]
  let before = -1
  messages.forEach((m, i) => {
    if (m.role !== 'assistant' || m.parentId !== null) return
    const answer = whole[before]
    const end = m.parts.find(isStep)
    if (answer !== undefined && end === undefined && isStopped(m) && wasToGoOn(answer, messages.slice(before + 1, i))) {
      whole[before] = { ...answer, error: answer.error ?? m.error }
    } else if (
      answer !== undefined &&
      end?.type === 'step-finish' &&
      answer.parts.findLast(isStep)?.type === 'step-start'
    ) {
      const used = end.usage ?? noUsage()
      const parts = m.parts.filter((p) => p !== end)
      // An abort before the message began a step belongs to the previous answer; a failure is that of its own LLM call.
      const error = parts.length === 0 && isStopped(m) ? m.error : answer.error
      whole[before] = { ...answer, error, usage: sumOf(answer.usage, used, addUsage), parts: [...answer.parts, end] }
      whole[i] = { ...m, usage: sumOf(m.usage, used, subtractUsage), parts }
    }
    before = i
  })
  return whole
}

const isStopped = (m: MessageRecord): boolean => m.error?.name === 'MessageAbortedError'

/**
 * Whether the answer went on in the next message: its last step called tools, and a prompt arrived before it completed.
 */
function wasToGoOn(answer: MessageRecord, prompts: readonly MessageRecord[]): boolean {
  const { completedMs } = answer
  const lastStep = answer.parts.slice(answer.parts.findLastIndex((p) => p.type === 'step-start') + 1)
  return (
    completedMs !== null &&
    lastStep.some((p) => p.type === 'tool') &&
    prompts.some((m) => m.role === 'user' && m.createdMs <= completedMs)
  )
}

const isStep = (p: PartRecord): boolean => p.type === 'step-start' || p.type === 'step-finish'

function sumOf(usage: Usage | null, other: Usage, change: (sum: Usage, other: Usage) => void): Usage {
  const sum = { ...(usage ?? noUsage()) }
  change(sum, other)
  return sum
}

/** Returns the message itself if its parts are already sorted, as they are in most sources. */
function withSortedParts(m: MessageRecord): MessageRecord {
  const { parts } = m
  for (let i = 1; i < parts.length; i++) {
    const [a, b] = [parts[i - 1], parts[i]]
    if (a === undefined || b === undefined || compareIds(a.id, b.id) <= 0) continue
    return { ...m, parts: [...parts].sort((a, b) => compareIds(a.id, b.id)) }
  }
  return m
}

const toolCallOf = (p: ToolPartRecord): ToolCall => ({
  id: p.id,
  tool: p.tool,
  status: p.status,
  title: p.title,
  error: p.error,
  startedMs: p.startMs,
  endedMs: p.endMs,
  delegation: p.task !== null,
})

function callOf(
  part: ToolPartRecord,
  task: TaskCallRecord,
  message: MessageRecord,
  runId: string,
  session: SessionRecord,
): Call {
  return {
    id: part.id,
    sessionId: session.id,
    runId,
    messageMs: message.createdMs,
    task,
    status: part.status,
    error: part.error,
    startMs: part.startMs,
    endMs: part.endMs,
    legacy: message.parentId === null,
    copied:
      message.createdMs < session.createdMs || (task.parentSessionId !== null && task.parentSessionId !== session.id),
  }
}
