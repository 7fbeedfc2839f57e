import type { SourceReport as Report } from '../resolvers/context.ts'
import { sourceOf } from '../resolvers/source-of.ts'
import { builder } from './builder.ts'
import { Source } from './source.ts'

export const SourceReport = builder.objectRef<Report>('SourceReport')

SourceReport.implement({
  description: 'What was found in one store of OpenCode.',
  fields: (t) => ({
    source: t.field({ type: Source, description: 'The store.', resolve: (report) => sourceOf(report.sourceId) }),
    sessions: t.exposeInt('sessions', { description: 'How many sessions are in it.' }),
    files: t.exposeInt('files', { description: 'How many files it consists of; 1 for a database or an export.' }),
    bytes: t.expose('bytes', { type: 'SafeInt', description: 'The size of its files together, in bytes.' }),
    rejected: t.exposeInt('rejected', { description: 'How many of its files, rows and values could not be read.' }),
  }),
})
