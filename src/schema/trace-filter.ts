import { builder } from './builder.ts'
import { DateRange } from './date-range.ts'
import { FloatRange } from './float-range.ts'
import { TraceKind } from './trace-kind.ts'
import { TraceStatus } from './trace-status.ts'

export const TraceFilter = builder.inputType('TraceFilter', {
  description:
    'Which traces to select. All conditions must hold; one that is omitted does not restrict, and an empty list matches nothing. Names and paths must match exactly.',
  fields: (t) => ({
    ids: t.idList({ description: 'Its id is one of these, `msg_…` or `prt_…`.' }),
    sessionIds: t.idList({
      description: 'It ran in one of these sessions, or anywhere in the tree of one that a person opened.',
    }),
    kind: t.field({ type: TraceKind, description: 'Only turns of a user, or only delegations.' }),
    agents: t.stringList({ description: 'It was answered by one of these agents.' }),
    parentAgents: t.stringList({ description: 'It was called by one of these agents.' }),
    models: t.stringList({ description: 'It used at least one of these models.' }),
    tools: t.stringList({ description: 'It used at least one of these tools.' }),
    status: t.field({ type: [TraceStatus], description: 'Its status is one of these.' }),
    project: t.string({ description: 'It belongs to this project: the path of its worktree, or `global`.' }),
    startedAt: t.field({ type: DateRange, description: 'It started in this range.' }),
    durationMs: t.field({ type: FloatRange, description: 'Its wall-clock duration, in milliseconds.' }),
    cost: t.field({ type: FloatRange, description: 'Its cost including everything below it, in US dollars.' }),
    tokens: t.field({ type: FloatRange, description: 'Its tokens of all kinds, including everything below it.' }),
    depth: t.field({ type: FloatRange, description: 'Its depth below its root; `{ min: 1 }` leaves out the roots.' }),
    text: t.string({
      description: 'One of its texts matches, or the title of its session. Written as for `searchText`.',
    }),
  }),
})
