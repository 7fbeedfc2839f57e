import type { Rejected as Rejection } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const Rejected = builder.objectRef<Rejection>('Rejected')

Rejected.implement({
  description: 'A file, row or value that could not be read. Only this is missing; everything around it was read.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where it is: a path; for a row, with its table and id.' }),
    reason: t.exposeString('reason', { description: 'What is wrong with it.' }),
    at: t.expose('atMs', { type: 'DateTime', description: 'When this was noticed.' }),
  }),
})
