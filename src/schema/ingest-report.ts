import type { IngestReport as Report } from '../resolvers/context.ts'
import { builder } from './builder.ts'
import { IngestStatus } from './ingest-status.ts'
import { Rejected } from './rejected.ts'
import { SourceReport } from './source-report.ts'

export const IngestReport = builder.objectRef<Report>('IngestReport')

IngestReport.implement({
  description: "What was read of OpenCode's files, and what could not be.",
  fields: (t) => ({
    status: t.expose('status', { type: IngestStatus, description: 'What it is doing now.' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'A word for the person in front: what is served, or what went wrong and what to do. Mostly null.',
    }),
    demo: t.exposeBoolean('demo', {
      description: "True when no data of OpenCode's was found and the bundled recordings are served instead.",
    }),
    startedAt: t.expose('startedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last reading began; null before the first, and with `--read-only`, which reads nothing.',
    }),
    finishedAt: t.expose('finishedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last reading was done; null while it is under way, and where `startedAt` is null.',
    }),
    durationMs: t.exposeFloat('durationMs', {
      nullable: true,
      description: 'Milliseconds that the last reading took; null where `finishedAt` is null.',
    }),
    sources: t.field({
      type: [SourceReport],
      description: 'The stores that were found, by kind and path.',
      resolve: async (report) => (await report.findings()).sources,
    }),
    sessions: t.int({
      description: 'Sessions that can be asked for now.',
      resolve: async (_report, _args, { loaders }) => (await loaders.counts()).sessions,
    }),
    traces: t.int({
      description: 'Traces that can be asked for now.',
      resolve: async (_report, _args, { loaders }) => (await loaders.counts()).traces,
    }),
    rejected: t.field({
      type: [Rejected],
      description:
        'Everything that could not be read, the latest first; of more than 10,000 files, rows and values only so many are kept.',
      resolve: async (report) => (await report.findings()).rejected,
    }),
    rejectedCount: t.int({
      description: 'How many there are in `rejected`.',
      resolve: async (report) => (await report.findings()).rejected.length,
    }),
  }),
})
