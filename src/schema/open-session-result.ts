import type { OpenSessionResult as Result } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const OpenSessionResult = builder.objectRef<Result>('OpenSessionResult')

OpenSessionResult.implement({
  description: 'Whether a terminal was opened, and the command for doing it by hand.',
  fields: (t) => ({
    opened: t.exposeBoolean('opened', { description: 'Whether a terminal was opened with the session.' }),
    command: t.exposeString('command', {
      description: 'What to type in a terminal to continue the session: to be shown or copied.',
    }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'Why no terminal was opened, and what to do; null when one was opened.',
    }),
  }),
})
