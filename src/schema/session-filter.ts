import { builder } from './builder.ts'
import { DateRange } from './date-range.ts'
import { FloatRange } from './float-range.ts'
import { TraceStatus } from './trace-status.ts'

export const SessionFilter = builder.inputType('SessionFilter', {
  description:
    'Which sessions to select. All conditions must hold; one that is omitted does not restrict, and an empty list matches nothing. Names and paths must match exactly.',
  fields: (t) => ({
    ids: t.idList({
      description:
        'Its id is one of these, `ses_…`. Sessions that delegations opened are found only with `rootsOnly: false`.',
    }),
    agents: t.stringList({ description: 'At least one of these agents worked in its tree.' }),
    models: t.stringList({ description: 'At least one of these models was used in its tree.' }),
    status: t.field({ type: [TraceStatus], description: 'Its status is one of these.' }),
    project: t.string({ description: 'It belongs to this project: the path of its worktree, or `global`.' }),
    directory: t.string({ description: 'It was started in this directory.' }),
    startedAt: t.field({ type: DateRange, description: 'It was created in this range.' }),
    lastActivityAt: t.field({
      type: DateRange,
      description:
        'Its last activity is in this range. With `from` here and `startedAt.to`, it finds the sessions that were active during a period.',
    }),
    durationMs: t.field({ type: FloatRange, description: 'Milliseconds from its start to its last activity.' }),
    cost: t.field({ type: FloatRange, description: 'Cost of its whole tree, in US dollars.' }),
    tokens: t.field({ type: FloatRange, description: 'Tokens of all kinds in its whole tree.' }),
    pattern: t.string({
      description:
        'Its tree matches this pattern, such as `tester -> refactoring`: see `searchPattern`. For a session that a delegation opened, the tree of its root session counts.',
    }),
    hasDelegations: t.boolean({ description: 'True: its agents called others. False: they did not.' }),
    rootsOnly: t.boolean({
      defaultValue: true,
      description: 'Only sessions that a person opened. False includes those that delegations opened.',
    }),
    text: t.string({
      description:
        'A text or a title in its tree matches (for a child session, its own only). Written as for `searchText`.',
    }),
  }),
})
