import { builder } from './builder.ts'
import { DateRange } from './date-range.ts'
import { FloatRange } from './float-range.ts'
import { TraceKind } from './trace-kind.ts'
import { TraceStatus } from './trace-status.ts'

export const TraceFilter = builder.inputType('TraceFilter', {
  description:
    'Which traces. All conditions hold together; one that is left out does not restrict, and an empty list fits nothing. Names and paths are compared as they are written.',
  fields: (t) => ({
    ids: t.idList({ description: 'One of these ids, `msg_…` or `prt_…`.' }),
    sessionIds: t.idList({
      description: 'Ran in one of these sessions, or anywhere in the tree of one that a person opened.',
    }),
    kind: t.field({ type: TraceKind, description: 'Only turns of users, or only delegations.' }),
    agents: t.stringList({ description: 'Answered by one of these agents.' }),
    parentAgents: t.stringList({ description: 'Called by one of these agents.' }),
    models: t.stringList({ description: 'Worked with at least one of these models.' }),
    tools: t.stringList({ description: 'Used at least one of these tools.' }),
    status: t.field({ type: [TraceStatus], description: 'Its status is one of these.' }),
    project: t.string({ description: 'Of this project: the path of its worktree, or `global`.' }),
    startedAt: t.field({ type: DateRange, description: 'Began in this span.' }),
    durationMs: t.field({ type: FloatRange, description: 'Milliseconds of wall time.' }),
    cost: t.field({ type: FloatRange, description: 'US dollars that it and everything below it cost.' }),
    tokens: t.field({ type: FloatRange, description: 'All tokens of it and everything below it.' }),
    depth: t.field({ type: FloatRange, description: 'Steps down from its root; `{ min: 1 }` leaves out the roots.' }),
    text: t.string({
      description: 'One of its texts matches, or the title of its session; written as for `searchText`.',
    }),
  }),
})
