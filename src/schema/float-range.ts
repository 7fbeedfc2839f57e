import { builder } from './builder.ts'

export const FloatRange = builder.inputType('FloatRange', {
  description: 'A range of numbers: `min` ≤ x ≤ `max`. Either end may be omitted; a missing value is in no range.',
  fields: (t) => ({
    min: t.float({ description: 'The smallest value that matches.' }),
    max: t.float({ description: 'The largest value that matches.' }),
  }),
})
