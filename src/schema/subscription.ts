import { builder } from './builder.ts'
import { Change } from './change.ts'
import { IngestProgress } from './ingest-progress.ts'

builder.subscriptionType({
  description:
    'What happens while it happens, over server-sent events: the same requests as for queries, with `accept: text/event-stream`. Every message is an event `next`, its data an answer of GraphQL. At most ten a second; what changes in between comes as one.',
  fields: (t) => ({
    changes: t.field({
      type: Change,
      description:
        'What is stored anew, from the moment on at which the answer begins: first subscribe, then ask for what is there. A connection that broke goes on without a gap when the next one says where: `after` is the `cursor` of the last message; in server-sent events it is the id of every event, which a browser’s `EventSource` sends back by itself (`Last-Event-ID`). What was missed comes at once, as one message. Whenever `complete` is false, ask again for what you show. A run that turns from RUNNING to INTERRUPTED because nothing is written any more changes nothing that is stored, and is not announced.',
      args: {
        sessionId: t.arg.id({
          description:
            'Only the tree in which this session stands, or will stand when there is one of this id; all when left out.',
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
        'How far reading has come, whenever there is something to read: at once while a reading is under way, its last message has the phase `done`. One that failed ends so, too: `ingest` says why.',
      subscribe: (_root, _args, { live }) => live.progress(),
      resolve: (progress) => progress,
    }),
  }),
})
