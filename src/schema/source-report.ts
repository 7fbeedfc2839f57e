import type { SourceReport as Report } from '../resolvers/context.ts'
import { sourceOf } from '../resolvers/source-of.ts'
import { builder } from './builder.ts'
import { Source } from './source.ts'

export const SourceReport = builder.objectRef<Report>('SourceReport')

SourceReport.implement({
  description: 'What was found in one store of OpenCode.',
  fields: (t) => ({
    source: t.field({ type: Source, description: 'The store.', resolve: (report) => sourceOf(report.sourceId) }),
    sessions: t.exposeInt('sessions', { description: 'Sessions in it.' }),
    files: t.exposeInt('files', { description: 'Files that it consists of; 1 for a database or an export.' }),
    bytes: t.expose('bytes', { type: 'SafeInt', description: 'How large its files are together, in bytes.' }),
    rejected: t.exposeInt('rejected', { description: 'Files, rows and values of it that could not be read.' }),
  }),
})
