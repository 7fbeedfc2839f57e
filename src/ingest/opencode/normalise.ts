/**
 * Turns what any version of OpenCode stored into the records of `records.ts`; nothing beyond this folder sees
 * OpenCode's own JSON. This file handles sessions and messages, `parts.ts` the parts of a message, `usage.ts` tokens
 * and cost.
 */
import { z } from 'zod'
import type { FailureRecord, MessageRecord, PartRecord, SessionRecord } from '../../records.ts'
import { byTime } from '../../trace/order.ts'
import type { ReadPart } from './parts.ts'
import { type MessageSpending, type StepSpending, spent, tokensJson, usageOf, usageOfStep } from './usage.ts'
import { filled, isTime, model, type Parsed, parse, pathOf, type Values } from './values.ts'

// ---------------------------------------------------------------- sessions

const SessionJson = model(({ text, timeMs, optional }) =>
  z.object({
    parentID: optional('parentID', text),
    projectID: optional('projectID', text),
    directory: optional('directory', text),
    title: optional('title', text),
    version: optional('version', text),
    time: z.object({
      created: timeMs,
      updated: optional('time.updated', timeMs),
      archived: optional('time.archived', timeMs),
    }),
    revert: optional('revert', z.object({ messageID: optional('revert.messageID', text) })),
  }),
)

/** A session whose project is still given by OpenCode's project id. */
export interface ReadSession {
  session: SessionRecord
  projectId: string | null
}

export function parseSession(json: unknown, id: string): Parsed<ReadSession> {
  return parse(SessionJson, json, (s) => ({
    session: {
      id,
      parentId: filled(s.parentID),
      title: s.title ?? '',
      directory: pathOf(s.directory),
      project: null,
      version: filled(s.version),
      createdMs: s.time.created,
      updatedMs: s.time.updated ?? s.time.created,
      archivedMs: s.time.archived ?? null,
      revertMessageId: filled(s.revert?.messageID),
    },
    projectId: filled(s.projectID),
  }))
}

/**
 * Fills in the project and the directory, which a session's own JSON may lack. `worktree` comes from the store's
 * project entry, null if there is none. Messages repeat it (`path`), and in 0.5 and in exports only they have it.
 */
export function placeSession(
  read: ReadSession,
  worktree: string | null,
  messages: readonly ReadMessage[],
): SessionRecord {
  let path: ReadMessage | null = null
  for (const m of messages) {
    if (m.root === null && m.cwd === null) continue
    if (path === null || m.createdMs < path.createdMs || (m.createdMs === path.createdMs && m.id < path.id)) path = m
  }
  const root = worktree ?? path?.root ?? null
  return {
    ...read.session,
    project: read.projectId === 'global' || root === '/' ? 'global' : root,
    directory: read.session.directory ?? path?.cwd ?? null,
  }
}

// ---------------------------------------------------------------- messages

const errorJson = ({ text, optional }: Values) =>
  z.object({
    name: optional('error.name', text),
    message: optional('error.message', text),
    data: optional('error.data', z.object({ message: optional('error.data.message', text) })),
  })

const MessageJson = model((values) => {
  const { text, timeMs, amount, optional } = values
  return z.object({
    role: z.enum(['user', 'assistant']),
    time: optional(
      'time',
      z.object({ created: optional('time.created', timeMs), completed: optional('time.completed', timeMs) }),
    ),
    parentID: optional('parentID', text),
    agent: optional('agent', text),
    mode: optional('mode', text),
    modelID: optional('modelID', text),
    providerID: optional('providerID', text),
    finish: optional('finish', text),
    error: optional('error', errorJson(values)),
    /** A user message may have an object of this name, with another meaning. */
    summary: z.unknown().optional(),
    structured: z.unknown().optional(),
    /**
     * The tools that a message's sender switches on or off. A prompt from the `task` tool always mentions `todowrite`.
     */
    tools: z.unknown().optional(),
    cost: optional('cost', amount),
    tokens: optional('tokens', tokensJson(values)),
    path: optional('path', z.object({ cwd: optional('path.cwd', text), root: optional('path.root', text) })),
  })
})

/** A message being read: its usage is known only once its steps are. */
export interface ReadMessage extends Omit<MessageRecord, 'usage' | 'parts'>, MessageSpending {
  /** Whether it is the last answer to its prompt; false until `markLastAnswers` has run. */
  isLast: boolean
  root: string | null
  cwd: string | null
}

/** @param createdMs the store's own column, for messages that do not contain their time; null if there is none */
export function parseMessage(
  json: unknown,
  id: string,
  sessionId: string,
  createdMs: number | null,
): Parsed<ReadMessage> {
  const parsed = parse(MessageJson, json, (m): ReadMessage | null => {
    const created = m.time?.created ?? (createdMs !== null && isTime(createdMs) ? createdMs : null)
    if (created === null) return null
    const assistant = m.role === 'assistant'
    return {
      id,
      sessionId,
      role: m.role,
      createdMs: created,
      completedMs: m.time?.completed ?? null,
      parentId: assistant ? filled(m.parentID) : null,
      agent: filled(m.agent) ?? (assistant ? filled(m.mode) : null),
      model: assistant ? filled(m.modelID) : null,
      finish: filled(m.finish),
      error: failureOf(m.error),
      summary: assistant && m.summary === true,
      structured: assistant && m.structured !== undefined && m.structured !== null,
      byTask: !assistant && typeof m.tools === 'object' && m.tools !== null && 'todowrite' in m.tools,
      cost: m.cost ?? 0,
      tokens: m.tokens ?? null,
      isLast: false,
      cacheApart: /anthropic|bedrock/i.test(m.providerID ?? ''),
      root: pathOf(m.path?.root),
      cwd: pathOf(m.path?.cwd),
    }
  })
  if (parsed.value === null && parsed.problems.length === 0) parsed.problems.push('time.created is missing')
  return parsed
}

function failureOf(error: z.infer<ReturnType<typeof errorJson>> | null | undefined): FailureRecord | null {
  if (error === null || error === undefined) return null
  const name = error.name ?? 'Error'
  return { name, message: error.data?.message ?? error.message ?? name }
}

/** Marks the last answer to each prompt, once all messages of a session have been read. */
export function markLastAnswers(messages: Iterable<ReadMessage>): void {
  const lasts = new Map<string, ReadMessage>()
  for (const m of messages) {
    if (m.parentId === null) continue
    const last = lasts.get(m.parentId)
    if (last === undefined || inTime(last, m) < 0) lasts.set(m.parentId, m)
  }
  for (const m of lasts.values()) m.isLast = true
}

const inTime = byTime<ReadMessage>(
  (m) => m.createdMs,
  (m) => m.id,
)

/** The texts of an answer matter only if it may be the last of its turn; one that called tools seldom is. */
const needsTexts = (m: ReadMessage): boolean => m.role === 'user' || m.finish !== 'tool-calls' || m.isLast

/** The steps of an answer matter if the message itself does not say what it used, or how it ended. */
export function needsSteps(m: ReadMessage): boolean {
  if (m.role === 'user') return false
  return m.parentId === null || m.completedMs === null || m.finish === null || spent(m.tokens) === 0
}

const PART_TYPES: ReadonlySet<string> = new Set<PartRecord['type'] | 'file' | 'agent'>([
  'text',
  'tool',
  'subtask',
  'compaction',
  'step-start',
  'step-finish',
  'file',
  'agent',
])

/** Whether a part of this type can matter to a trace. */
export function isNeeded(type: string, message: ReadMessage): boolean {
  if (!PART_TYPES.has(type)) return false
  if (type === 'text') return needsTexts(message)
  if (type === 'step-start' || type === 'step-finish') return needsSteps(message)
  if (type === 'file' || type === 'agent') return message.role === 'user'
  return true
}

/** Completes a message with its parts: keeps those that matter, and computes its usage. */
export function completeMessage(read: ReadMessage, readParts: readonly ReadPart[]): MessageRecord {
  const steps: StepSpending[] = []
  const parts: PartRecord[] = []
  for (const part of readParts) {
    if (!isNeeded(part.type === 'attachment' ? 'file' : part.type, read)) continue
    if (part.type !== 'step-finish') parts.push(part)
    else {
      steps.push(part)
      parts.push({ type: part.type, id: part.id, usage: read.parentId === null ? usageOfStep(part, read) : null })
    }
  }
  return {
    id: read.id,
    sessionId: read.sessionId,
    role: read.role,
    createdMs: read.createdMs,
    completedMs: read.completedMs,
    parentId: read.parentId,
    agent: read.agent,
    model: read.model,
    finish: read.finish,
    error: read.error,
    summary: read.summary,
    structured: read.structured,
    byTask: read.byTask,
    usage: read.role === 'user' ? null : usageOf(read, steps),
    parts,
  }
}
