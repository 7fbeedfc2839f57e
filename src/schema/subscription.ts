import { builder } from './builder.ts'
import { Change } from './change.ts'
import { IngestProgress } from './ingest-progress.ts'

builder.subscriptionType({
  description:
    'What is happening now, over server-sent events: send the same requests as for queries, with `accept: text/event-stream`. Every message is an event `next` whose data is a GraphQL response. There are at most ten messages a second; what changes in between is combined.',
  fields: (t) => ({
    changes: t.field({
      type: Change,
      description:
        'Changes to what is stored, from the moment on at which the response begins: subscribe first, then query what is there. After a lost connection, continue without a gap by passing the `cursor` of the last message as `after`. It is also the id of every server-sent event, which a browser’s `EventSource` sends back by itself when it reconnects (`Last-Event-ID`). What was missed comes at once, as one message. Whenever `complete` is false, query again for everything you show. A run that turns from RUNNING to INTERRUPTED because nothing is written any more is not announced, since nothing that is stored changes.',
      args: {
        sessionId: t.arg.id({
          description: 'Only the tree that contains this session, which need not exist yet; all trees when omitted.',
        }),
        after: t.arg.string({ description: 'The `cursor` of the last message that was received.' }),
      },
      subscribe: async (_root, { sessionId, after }, { live, loaders, lastEventId }) => {
        const session = sessionId == null ? null : await loaders.session.load(sessionId)
        const scope = sessionId == null ? null : { sessionId, rootId: session?.rootId ?? sessionId }
        return live.changes(after ?? lastEventId, scope)
      },
      resolve: (change) => change,
    }),
    ingestProgress: t.field({
      type: IngestProgress,
      description:
        'How far reading has progressed, whenever there is something to read. While a reading is under way, the first message comes at once; the last one has the phase `done`, also when the reading failed: `ingest` then says why.',
      subscribe: (_root, _args, { live }) => live.progress(),
      resolve: (progress) => progress,
    }),
  }),
})
