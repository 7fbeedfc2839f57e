import type { Validation } from '../resolvers/pattern.ts'
import { builder } from './builder.ts'

export const PatternError = builder.objectRef<NonNullable<Validation['error']>>('PatternError')

PatternError.implement({
  description: 'Where a text stops being a valid pattern, and what could be there instead.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong.' }),
    position: t.exposeInt('position', {
      description: 'Where it is wrong, in UTF-16 code units from 0, like string indices in JavaScript.',
    }),
    expected: t.exposeStringList('expected', { description: 'What could be there instead.' }),
    suggestion: t.exposeString('suggestion', {
      nullable: true,
      description: 'What was probably meant; null when there is no good guess.',
    }),
  }),
})
