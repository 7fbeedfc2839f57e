import type { IngestProgress as Progress } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const IngestProgress = builder.objectRef<Progress>('IngestProgress')

IngestProgress.implement({
  description: 'How far reading OpenCode’s files has progressed.',
  fields: (t) => ({
    done: t.exposeInt('done', { description: 'How many sessions were read so far.' }),
    total: t.exposeInt('total', { description: 'How many sessions are to be read, as far as is known.' }),
    phase: t.exposeString('phase', {
      description: 'What is going on: `looking` for changes, `reading` them, or `done`.',
    }),
    elapsedMs: t.exposeFloat('elapsedMs', { description: 'Milliseconds since this reading started.' }),
  }),
})
