/** Reads the parts of a message: texts, tool calls, steps and whatever else a trace needs. */
import { z } from 'zod'
import type { PartRecord, TaskCallRecord, ToolPartRecord } from '../../records.ts'
import { type StepSpending, tokensJson } from './usage.ts'
import { filled, isRedacted, model, type Parsed, parse, type Values } from './values.ts'

/** A part being read: a step still carries what it used. */
export type ReadPart =
  | Exclude<PartRecord, { type: 'step-finish' }>
  | ({ type: 'step-finish'; id: string } & StepSpending)

const spanJson = ({ timeMs, optional }: Values) =>
  z.object({ start: optional('time.start', timeMs), end: optional('time.end', timeMs) })

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

/** Gives null, without a problem, for a part that no trace needs. */
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

/** Ignores an id that the model made up: no session has it, and OpenCode then starts a new session. */
const sessionIdOf = (s: string | null | undefined): string | null => (s?.startsWith('ses') ? s : null)
