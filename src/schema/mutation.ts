import { badArgument } from '../resolvers/page-args.ts'
import { builder } from './builder.ts'
import { IngestReport } from './ingest-report.ts'
import { OpenSessionResult } from './open-session-result.ts'

builder.mutationType({
  description: "What can be done. None of it changes OpenCode's files.",
  fields: (t) => ({
    ingestNow: t.field({
      type: IngestReport,
      description:
        "Reads what has changed in OpenCode's files, and returns when that is done; with `--read-only` it returns at once.",
      resolve: (_root, _args, { ingest }) => ingest.ingestNow(),
    }),
    openSession: t.field({
      type: OpenSessionResult,
      description:
        'Opens a terminal with a session, on the machine that delegraph runs on, so that its user can continue it. Returns the command in any case.',
      args: { id: t.arg.id({ required: true, description: 'The id of the session, `ses_…`.' }) },
      resolve: async (_root, { id }, { loaders, terminal }) => {
        const session = await loaders.session.load(id)
        if (session === null) throw badArgument('id', `There is no session ${JSON.stringify(id)}.`)
        return terminal.openSession(session)
      },
    }),
  }),
})
