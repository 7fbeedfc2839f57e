import { builder } from './builder.ts'

export const DateRange = builder.inputType('DateRange', {
  description: 'A range of time: `from` ≤ x < `to`. Either end may be omitted.',
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'The start of the range, included, such as `"2026-11-01T00:00:00Z"`.',
    }),
    to: t.field({ type: 'DateTime', description: 'The end of the range, not included.' }),
  }),
})
