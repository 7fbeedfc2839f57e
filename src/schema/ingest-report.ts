import type { IngestReport as Report } from '../resolvers/context.ts'
import { builder } from './builder.ts'
import { IngestStatus } from './ingest-status.ts'
import { Rejected } from './rejected.ts'
import { SourceReport } from './source-report.ts'

export const IngestReport = builder.objectRef<Report>('IngestReport')

IngestReport.implement({
  description: "What was read from OpenCode's files, and what could not be read.",
  fields: (t) => ({
    status: t.expose('status', { type: IngestStatus, description: 'What reading is doing now.' }),
    message: t.exposeString('message', {
      nullable: true,
      description:
        'A message for the user: what is being served, or what went wrong and what to do. Null when there is nothing to say.',
    }),
    demo: t.exposeBoolean('demo', {
      description: 'True when no data of OpenCode was found and the bundled recordings are served instead.',
    }),
    startedAt: t.expose('startedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last reading started; null before the first, and with `--read-only`, which reads nothing.',
    }),
    finishedAt: t.expose('finishedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last reading finished; null while it is running, and when `startedAt` is null.',
    }),
    durationMs: t.exposeFloat('durationMs', {
      nullable: true,
      description: 'How long the last reading took, in milliseconds; null when `finishedAt` is null.',
    }),
    sources: t.field({
      type: [SourceReport],
      description: 'The stores of OpenCode that were found, sorted by kind and path.',
      resolve: async (report) => (await report.findings()).sources,
    }),
    sessions: t.int({
      description: 'How many sessions can be queried now.',
      resolve: async (_report, _args, { loaders }) => (await loaders.counts()).sessions,
    }),
    traces: t.int({
      description: 'How many traces can be queried now.',
      resolve: async (_report, _args, { loaders }) => (await loaders.counts()).traces,
    }),
    rejected: t.field({
      type: [Rejected],
      description: 'Everything that could not be read, latest first. At most 10,000 files, rows and values are kept.',
      resolve: async (report) => (await report.findings()).rejected,
    }),
    rejectedCount: t.int({
      description: 'The number of entries in `rejected`.',
      resolve: async (report) => (await report.findings()).rejected.length,
    }),
  }),
})
