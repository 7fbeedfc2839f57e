import type { Validation } from '../resolvers/pattern.ts'
import { builder } from './builder.ts'
import { PatternError } from './pattern-error.ts'

export const PatternValidation = builder.objectRef<Validation>('PatternValidation')

PatternValidation.implement({
  description: 'Whether a text is a valid pattern, without searching for it.',
  fields: (t) => ({
    valid: t.exposeBoolean('valid', { description: 'Whether the text is a valid pattern.' }),
    canonical: t.exposeString('canonical', {
      nullable: true,
      description: 'The same pattern in its canonical spelling; null when the text is not a valid pattern.',
    }),
    error: t.expose('error', {
      type: PatternError,
      nullable: true,
      description: 'The first thing that is wrong with it; null when the text is a valid pattern.',
    }),
    warnings: t.stringList({
      description:
        'What may be unexpected: an agent that no trace has; direct relations without a match. Asking for this searches the history.',
      resolve: (validation) => validation.warnings(),
    }),
  }),
})
