import type { UsageGrouping as Grouping } from '../store/store.ts'
import { builder } from './builder.ts'

export const UsageGrouping = builder.enumType('UsageGrouping', {
  description:
    'What usage is grouped by. A trace belongs to exactly one group, so that the groups add up to the whole. Periods are in UTC, and a trace belongs to the one in which it started.',
  values: {
    HOUR: { description: 'By hour; the key is its start, `2026-11-24T10:00:00.000Z`.' },
    DAY: { description: 'By day; the key is its date, `2026-11-24`.' },
    WEEK: { description: 'By week; the key is the date of its Monday.' },
    MONTH: { description: 'By month; the key is the date of its first day.' },
    AGENT: { description: 'By agent.' },
    MODEL: { description: 'By the model that a trace used first; `none` when it used none.' },
    PROJECT: { description: 'By project; `none` when it is not known.' },
    SESSION: { description: 'By session that a person opened, including its child sessions; the key is its id.' },
  } satisfies Record<Grouping, { description: string }>,
})
