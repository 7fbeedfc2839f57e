import type { ToolCall as Call } from '../records.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Trace } from './trace-ref.ts'

export const ToolCall = builder.objectRef<Call>('ToolCall')

ToolCall.implement({
  description: 'One tool call by the agent of a trace.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "The id of the call's part in OpenCode, `prt_…`." }),
    tool: t.exposeString('tool', {
      description: 'The name of the tool. OpenCode records a call that no tool understood as `invalid`.',
    }),
    status: t.exposeString('status', { description: '`pending`, `running`, `completed` or `error`, as stored.' }),
    title: t.exposeString('title', {
      nullable: true,
      description: 'What OpenCode shows for the call, such as the file that was read; null when nothing was stored.',
    }),
    error: t.exposeString('error', { nullable: true, description: 'Why it failed; null when it did not fail.' }),
    startedAt: t.expose('startedMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When it started; null while it is pending.',
    }),
    endedAt: t.expose('endedMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it is running, and when its process died first.',
    }),
    durationMs: t.float({
      nullable: true,
      description: 'Milliseconds from start to end; null when `endedAt` is null.',
      resolve: (call) =>
        call.startedMs === null || call.endedMs === null ? null : Math.max(0, call.endedMs - call.startedMs),
    }),
    delegation: t.field({
      type: Trace,
      nullable: true,
      description: 'The trace that this call opened; null for every tool except `task`.',
      resolve: (call, _args, context, info) =>
        call.delegation ? context.loaders.trace(planTraces(info).own).load(call.id) : null,
    }),
  }),
})
