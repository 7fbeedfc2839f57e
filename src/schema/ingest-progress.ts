import type { IngestProgress as Progress } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const IngestProgress = builder.objectRef<Progress>('IngestProgress')

IngestProgress.implement({
  description: 'How far the reading of OpenCode’s files has come.',
  fields: (t) => ({
    done: t.exposeInt('done', { description: 'Sessions that were read.' }),
    total: t.exposeInt('total', { description: 'Sessions that are to be read, as far as is known.' }),
    phase: t.exposeString('phase', {
      description: 'What it does: `looking` for what has changed, `reading` it, or `done`.',
    }),
    elapsedMs: t.exposeFloat('elapsedMs', { description: 'Milliseconds since this reading began.' }),
  }),
})
