import { builder } from './builder.ts'
import { DateRange } from './date-range.ts'
import { FloatRange } from './float-range.ts'
import { TraceStatus } from './trace-status.ts'

export const SessionFilter = builder.inputType('SessionFilter', {
  description:
    'Which sessions. All conditions hold together; one that is left out does not restrict, and an empty list fits nothing. Names and paths are compared as they are written.',
  fields: (t) => ({
    ids: t.idList({
      description: 'One of these ids, `ses_…`; of sessions that delegations opened only with `rootsOnly: false`.',
    }),
    agents: t.stringList({ description: 'At least one of these agents worked in its tree.' }),
    models: t.stringList({ description: 'Its tree worked with at least one of these models.' }),
    status: t.field({ type: [TraceStatus], description: 'Its status is one of these.' }),
    project: t.string({ description: 'Of this project: the path of its worktree, or `global`.' }),
    directory: t.string({ description: 'Started in this directory.' }),
    startedAt: t.field({ type: DateRange, description: 'Made in this span.' }),
    lastActivityAt: t.field({
      type: DateRange,
      description: 'Last written to in this span. With `startedAt.to` it finds what went on in a span of time.',
    }),
    durationMs: t.field({ type: FloatRange, description: 'Milliseconds from its start to its last activity.' }),
    cost: t.field({ type: FloatRange, description: 'US dollars that its whole tree cost.' }),
    tokens: t.field({ type: FloatRange, description: 'All tokens of its whole tree.' }),
    pattern: t.string({
      description:
        'This pattern fits its tree, such as `tester -> refactoring`: see `searchPattern`. For a session that a delegation opened, the tree of its root.',
    }),
    hasDelegations: t.boolean({ description: 'True: its agents called others. False: they did not.' }),
    rootsOnly: t.boolean({
      defaultValue: true,
      description: 'Only sessions that a person opened. False adds those that delegations opened.',
    }),
    text: t.string({
      description: 'A text or a title of its tree matches (of a child session: its own); written as for `searchText`.',
    }),
  }),
})
