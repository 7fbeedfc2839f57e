import type { Validation } from '../resolvers/pattern.ts'
import { builder } from './builder.ts'

export const PatternError = builder.objectRef<NonNullable<Validation['error']>>('PatternError')

PatternError.implement({
  description: 'Where a text stops being a pattern, and what could stand there.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong.' }),
    position: t.exposeInt('position', {
      description: 'Where, in UTF-16 code units from 0: as a string counts in JavaScript.',
    }),
    expected: t.exposeStringList('expected', { description: 'What could stand there instead.' }),
    suggestion: t.exposeString('suggestion', {
      nullable: true,
      description: 'What was probably meant; null where that is anyone’s guess.',
    }),
  }),
})
