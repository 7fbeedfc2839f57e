/**
 * The door: what OpenCode stored, of any version, becomes the records of `records.ts`. Nothing behind it sees
 * OpenCode's own JSON. Only known keys are read, so unknown fields, unknown types of parts and keys like `__proto__`
 * pass by. A field that is absent is null; one of the wrong type is null and noted; only what makes a record
 * unusable (no role, no status, no text) rejects the record.
 */
import { z } from 'zod'
import type {
  FailureRecord,
  MessageRecord,
  PartRecord,
  SessionRecord,
  TaskCallRecord,
  ToolPartRecord,
  Usage,
} from '../../records.ts'
import { addUsage, noUsage } from '../../records.ts'
import { byTime } from '../../trace/order.ts'
import { MAX_VALUE_BYTES, type Problem } from '../source.ts'
import { exactly } from './exactly.ts'

// ---------------------------------------------------------------- values

/** Fields of the record being read that had a wrong type. Reading is synchronous and one at a time. */
let wrongFields: string[] = []

/** What records are made of. */
interface Values {
  text: z.ZodType<string>
  /** UTC milliseconds. */
  timeMs: z.ZodType<number>
  count: z.ZodType<number>
  amount: z.ZodType<number>
  flag: z.ZodType<boolean>
  /** A field that may be absent. */
  optional<T extends z.ZodType>(name: string, schema: T): z.ZodType<z.output<T> | null | undefined>
}

/** The last moment whose year has four digits: the API writes no others that it would take back. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const isTime = (ms: number): boolean => ms >= 0 && ms <= MAX_TIME_MS
/** More tokens than any call takes; sums of it stay exact. */
const MAX_COUNT = 1e9
/** More than anything costs; sums of it stay far from infinity. */
const MAX_AMOUNT = 1e15

/** As OpenCode writes them: nothing is transformed or caught. That a text is well-formed `exactly` sees to. */
const EXACT: Values = {
  text: z.string(),
  timeMs: z.int().min(0).max(MAX_TIME_MS),
  count: z.int().min(0).max(MAX_COUNT),
  amount: z.number().min(0).max(MAX_AMOUNT),
  flag: z.boolean(),
  optional: (_name, schema) => schema.nullish(),
}

/** As they may be. What is absent is null; what is something else is null, too, and noted under its name. */
const LENIENT: Values = {
  /** Lone surrogates cannot be written as UTF-8 and would read back differently: they become U+FFFD here, once. */
  text: z.string().transform((s) => s.toWellFormed()),
  timeMs: z.number().min(0).max(MAX_TIME_MS).transform(Math.trunc),
  count: z.number().min(0).max(MAX_COUNT).transform(Math.trunc),
  amount: z.number().min(0).max(MAX_AMOUNT),
  flag: z.boolean(),
  optional: (name, schema) =>
    schema.nullish().catch(() => {
      wrongFields.push(name)
      return null
    }),
}

/** A record, taken as it is where it is exactly what OpenCode writes, and read leniently otherwise. */
interface Model<T> {
  isExact: (json: unknown) => json is T
  lenient: z.ZodType<T>
}
const model = <T>(of: (values: Values) => z.ZodType<T>): Model<T> => ({
  isExact: exactly(of(EXACT)),
  lenient: of(LENIENT),
})

const tokensJson = ({ count, optional }: Values) =>
  z.object({
    total: optional('tokens.total', count),
    input: optional('tokens.input', count),
    output: optional('tokens.output', count),
    reasoning: optional('tokens.reasoning', count),
    cache: optional(
      'tokens.cache',
      z.object({ read: optional('tokens.cache.read', count), write: optional('tokens.cache.write', count) }),
    ),
  })
type TokensJson = z.infer<ReturnType<typeof tokensJson>>

const spanJson = ({ timeMs, optional }: Values) =>
  z.object({ start: optional('time.start', timeMs), end: optional('time.end', timeMs) })

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

/** A session whose project is still OpenCode's id of it. */
export interface ReadSession {
  session: SessionRecord
  projectId: string | null
}

export interface Parsed<T> {
  value: T | null
  /** What was wrong with it: the record itself where `value` is null, otherwise single values. */
  problems: string[]
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
 * Fills in what a session does not say of itself. `worktree` is what the store's own project entry says, null where
 * there is none; messages repeat it (`path`), and of 0.5 and of exports they are the only ones that know.
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
    /** A user's message may have an object of this name: another thing. */
    summary: z.unknown().optional(),
    tools: z.unknown().optional(),
    cost: optional('cost', amount),
    tokens: optional('tokens', tokensJson(values)),
    path: optional('path', z.object({ cwd: optional('path.cwd', text), root: optional('path.root', text) })),
  })
})

/** A message on its way: its usage is known only when its steps are. */
export interface ReadMessage extends Omit<MessageRecord, 'usage' | 'parts'> {
  cost: number
  tokens: TokensJson | null
  /** Its provider counts cached tokens apart from the input, also in 0.5. */
  cacheApart: boolean
  /** Nothing answers its prompt after it, so far: see `markLastAnswers`. */
  isLast: boolean
  root: string | null
  cwd: string | null
}

/** `createdMs` is what the store's own column says, for messages that do not say it themselves. */
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
      byTask: !assistant && typeof m.tools === 'object' && m.tools !== null,
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

/** Tells the last answer to each prompt from those before it, once all messages of a session are read. */
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

/** The texts of an answer count only where it may be the last of its turn; one that called tools seldom is. */
const needsTexts = (m: ReadMessage): boolean => m.role === 'user' || m.finish !== 'tool-calls' || m.isLast

/** The steps of an answer count where the message alone does not say what it used, or how it ended. */
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

/** Whether a part of this type can say anything about a trace. */
export function isNeeded(type: string, message: ReadMessage): boolean {
  if (!PART_TYPES.has(type)) return false
  if (type === 'text') return needsTexts(message)
  if (type === 'step-start' || type === 'step-finish') return needsSteps(message)
  if (type === 'file' || type === 'agent') return message.role === 'user'
  return true
}

/** Ends the reading of a message: which parts count, and what it used. */
export function completeMessage(read: ReadMessage, readParts: readonly ReadPart[]): MessageRecord {
  const steps: StepFinish[] = []
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
    byTask: read.byTask,
    usage: read.role === 'user' ? null : usageOf(read, steps),
    parts,
  }
}

// ---------------------------------------------------------------- usage

/**
 * 0.5 (no `parentID`) keeps all steps of a turn in one message, whose own tokens are the last step's. From 1.0 on a
 * message is one call; its tokens are missing where OpenCode was killed between writing the step and the message.
 */
function usageOf(m: ReadMessage, steps: readonly StepFinish[]): Usage {
  const usage = noUsage()
  const legacy = m.parentId === null
  if (steps.length > 0 && (legacy || spent(m.tokens) === 0)) {
    for (const step of steps) addUsage(usage, usageOfStep(step, m))
    usage.llmCalls = legacy ? steps.length : 1
    if (m.cost > usage.cost) usage.cost = m.cost
  } else {
    addTokens(usage, m.tokens, legacy, m.cacheApart)
    usage.cost = m.cost
    usage.llmCalls = spent(m.tokens) > 0 ? 1 : 0
  }
  return usage
}

function usageOfStep({ tokens, cost }: StepFinish, m: ReadMessage): Usage {
  const usage = { ...noUsage(), cost, llmCalls: 1 }
  addTokens(usage, tokens, m.parentId === null, m.cacheApart)
  return usage
}

function addTokens(usage: Usage, tokens: TokensJson | null, legacy: boolean, cacheApart: boolean): void {
  if (tokens === null) return
  const { reasoning, cacheRead, cacheWrite } = kinds(tokens)
  let { input, output } = kinds(tokens)
  // 0.5 passed on what the provider counted. Only those that write caches explicitly count the cache apart from the input.
  if (legacy && !cacheApart && cacheWrite === 0) input = Math.max(0, input - cacheRead)
  if (reasoning > 0 && outputHoldsReasoning(tokens)) output -= reasoning
  usage.input += input
  usage.output += output
  usage.reasoning += reasoning
  usage.cacheRead += cacheRead
  usage.cacheWrite += cacheWrite
}

/** Up to 1.2 the output holds the reasoning, later it does not; `total` (from 1.1 on) tells which, to the token. */
function outputHoldsReasoning(tokens: TokensJson): boolean {
  const { input, output, reasoning, cacheRead, cacheWrite } = kinds(tokens)
  if (output < reasoning) return false
  const without = input + output + cacheRead + cacheWrite
  return tokens.total === null || tokens.total === undefined || tokens.total !== without + reasoning
}

const kinds = (t: TokensJson) => ({
  input: t.input ?? 0,
  output: t.output ?? 0,
  reasoning: t.reasoning ?? 0,
  cacheRead: t.cache?.read ?? 0,
  cacheWrite: t.cache?.write ?? 0,
})

function spent(tokens: TokensJson | null): number {
  if (tokens === null) return 0
  const t = kinds(tokens)
  return t.input + t.output + t.reasoning + t.cacheRead + t.cacheWrite
}

// ---------------------------------------------------------------- parts

type StepFinish = { type: 'step-finish'; id: string; tokens: TokensJson | null; cost: number }
/** A part on its way: a step still carries what it used. */
export type ReadPart = Exclude<PartRecord, { type: 'step-finish' }> | StepFinish

const TextJson = model((values) =>
  z.object({
    text: values.text,
    synthetic: values.optional('synthetic', values.flag),
    ignored: values.optional('ignored', values.flag),
    time: values.optional('time', spanJson(values)),
  }),
)
const SubtaskJson = model(({ text, optional }) =>
  z.object({ agent: text, prompt: text, description: optional('description', text) }),
)
const CompactionJson = model(({ flag, optional }) =>
  z.object({ auto: optional('auto', flag), overflow: optional('overflow', flag) }),
)
const StepFinishJson = model((values) =>
  z.object({
    tokens: values.optional('tokens', tokensJson(values)),
    cost: values.optional('cost', values.amount),
  }),
)
const stateJson = (values: Values) =>
  z.object({
    status: z.enum(['pending', 'running', 'completed', 'error']),
    title: values.optional('state.title', values.text),
    error: values.optional('state.error', values.text),
    time: values.optional('state.time', spanJson(values)),
  })
const ToolJson = model((values) => z.object({ tool: values.text, state: stateJson(values) }))
const taskStateJson = (values: Values) => {
  const { text, flag, optional } = values
  return stateJson(values).extend({
    output: optional('state.output', text),
    input: optional(
      'state.input',
      z.object({
        subagent_type: optional('state.input.subagent_type', text),
        description: optional('state.input.description', text),
        prompt: optional('state.input.prompt', text),
        task_id: optional('state.input.task_id', text),
        session_id: optional('state.input.session_id', text),
        redacted: optional('state.input.redacted', text),
      }),
    ),
    metadata: optional(
      'state.metadata',
      z.object({
        sessionId: optional('state.metadata.sessionId', text),
        parentSessionId: optional('state.metadata.parentSessionId', text),
        background: optional('state.metadata.background', flag),
        summary: optional(
          'state.metadata.summary',
          z.array(
            optional(
              'state.metadata.summary',
              z.object({ sessionID: optional('state.metadata.summary.sessionID', text) }),
            ),
          ),
        ),
      }),
    ),
  })
}
const TaskJson = model((values) => z.object({ tool: values.text, state: taskStateJson(values) }))
const TypeJson = model(({ text }) => z.object({ type: text, tool: z.unknown().optional() }))

/** Null, without a problem, for parts that no trace needs. */
export function parsePart(json: unknown, id: string): Parsed<ReadPart> {
  const { value: head, problems } = parse(TypeJson, json, ({ type, tool }) => ({ type, isTask: tool === 'task' }))
  if (head === null) return { value: null, problems }
  switch (head.type) {
    case 'text':
      return parse(TextJson, json, (p) => ({
        type: 'text',
        id,
        text: p.text,
        synthetic: p.synthetic ?? false,
        ignored: p.ignored ?? false,
        redacted: isRedacted(p.text),
        startMs: p.time?.start ?? null,
        endMs: p.time?.end ?? null,
      }))
    case 'tool':
      return head.isTask
        ? parse(TaskJson, json, (p) => ({ ...toolOf(p, id), task: taskOf(p.state) }))
        : parse(ToolJson, json, (p) => toolOf(p, id))
    case 'subtask':
      return parse(SubtaskJson, json, (p) => ({
        type: 'subtask',
        id,
        agent: p.agent,
        prompt: p.prompt,
        description: p.description ?? null,
      }))
    case 'compaction':
      return parse(CompactionJson, json, (p) => ({
        type: 'compaction',
        id,
        auto: p.auto ?? false,
        overflow: p.overflow ?? false,
      }))
    case 'step-start':
      return { value: { type: 'step-start', id }, problems: [] }
    case 'step-finish':
      return parse(StepFinishJson, json, (p) => ({
        type: 'step-finish',
        id,
        tokens: p.tokens ?? null,
        cost: p.cost ?? 0,
      }))
    case 'file':
    case 'agent':
      return { value: { type: 'attachment', id }, problems: [] }
    default:
      return { value: null, problems: [] }
  }
}

/** A completed tool call of which only the ends were read; `title` and `time` are as stored. */
export function completedTool(id: string, tool: string, title: string, time: unknown): Parsed<ReadPart> {
  return parse(ToolJson, { tool, state: { status: 'completed', title, time } }, (p) => toolOf(p, id))
}

function toolOf(p: { tool: string; state: z.infer<ReturnType<typeof stateJson>> }, id: string): ToolPartRecord {
  return {
    type: 'tool',
    id,
    tool: p.tool,
    status: p.state.status,
    title: p.state.title ?? null,
    error: p.state.error ?? null,
    startMs: p.state.time?.start ?? null,
    endMs: p.state.time?.end ?? null,
    task: null,
  }
}

function taskOf({ status, input, metadata, output }: z.infer<ReturnType<typeof taskStateJson>>): TaskCallRecord {
  const seen = (metadata?.summary ?? []).flatMap((s) => filled(s?.sessionID) ?? [])
  return {
    agent: input?.subagent_type ?? null,
    description: input?.description ?? null,
    prompt: input?.prompt ?? null,
    sessionId: filled(metadata?.sessionId),
    resumes: sessionIdOf(input?.task_id) ?? sessionIdOf(input?.session_id),
    summarySessionIds: [...new Set(seen)],
    parentSessionId: filled(metadata?.parentSessionId),
    background: metadata?.background ?? false,
    output: status === 'completed' ? (output ?? null) : null,
    redacted: filled(input?.redacted) !== null,
  }
}

/** What the model made up and no session has is none: OpenCode then starts a new one. */
const sessionIdOf = (s: string | null | undefined): string | null => (s?.startsWith('ses') ? s : null)

// ---------------------------------------------------------------- parsing

export const TOO_LARGE = `larger than ${MAX_VALUE_BYTES / 1024 / 1024} MB`

/** Notes what was wrong, and gives what was right. */
export function noted<T>(parsed: Parsed<T>, path: string, problems: Problem[]): T | null {
  for (const reason of parsed.problems) problems.push({ path, reason })
  return parsed.value
}

/** The error of JSON.parse is left out on purpose: it quotes what it could not read. */
export function parseJson<T>(bytes: Buffer, use: (json: unknown) => Parsed<T>): Parsed<T> {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { value: null, problems: [bytes.length === 0 ? 'empty' : 'not valid JSON, or only a piece of it'] }
  }
  return use(json)
}

function parse<V, T>(model: Model<V>, json: unknown, use: (value: V) => T | null): Parsed<T> {
  if (model.isExact(json)) return { value: use(json), problems: [] }
  wrongFields = []
  const result = model.lenient.safeParse(json)
  if (!result.success) return { value: null, problems: [reasonOf(result.error)] }
  return { value: use(result.data), problems: wrongFields.map((name) => `${name} has a wrong type or is out of range`) }
}

/** Which field and what was wrong with it; never what it held. */
function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'unusable' : `${issue.path.join('.') || 'the value'}: ${issue.message}`
}

/** OpenCode writes '' where it has nothing to say. */
const filled = (s: string | null | undefined): string | null => (s === undefined || s === null || s === '' ? null : s)

/** What `opencode export --sanitize` writes in the place of a text or a path: `[redacted:<what>:<id>]`. */
const isRedacted = (said: string): boolean => said.startsWith('[redacted:')

/** None where it was taken out: each mark would be a place of its own. */
function pathOf(path: string | null | undefined): string | null {
  const said = filled(path)
  return said === null || isRedacted(said) ? null : said
}
