import { builder } from './builder.ts'

export const FloatRange = builder.inputType('FloatRange', {
  description:
    'A span of numbers: `min` ≤ x ≤ `max`. Either end may be left open; a value that is absent is in no span.',
  fields: (t) => ({
    min: t.float({ description: 'The least value that fits.' }),
    max: t.float({ description: 'The greatest value that fits.' }),
  }),
})
