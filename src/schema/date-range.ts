import { builder } from './builder.ts'

export const DateRange = builder.inputType('DateRange', {
  description: 'A span of time: `from` ≤ x < `to`. Either end may be left open.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'The first moment of it, such as `"2026-11-01T00:00:00Z"`.' }),
    to: t.field({ type: 'DateTime', description: 'The first moment after it.' }),
  }),
})
