import type { Change as Row } from '../resolvers/context.ts'
import { existing } from '../resolvers/existing.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Session } from './session-ref.ts'
import { Trace } from './trace-ref.ts'

export const Change = builder.objectRef<Row>('Change')

Change.implement({
  description: 'What has become new, different or gone, taken together since the message before.',
  fields: (t) => ({
    sessionIds: t.exposeIDList('sessionIds', {
      description:
        'The root sessions of the trees in which something changed, as they were and as they are: among them those that are gone, and those that now have a `parent` and so are no roots any more.',
    }),
    removedSessionIds: t.exposeIDList('removedSessionIds', {
      description: 'Sessions that are gone, roots and child sessions.',
    }),
    traceIds: t.exposeIDList('traceIds', { description: 'Traces that are new or different.' }),
    removedTraceIds: t.exposeIDList('removedTraceIds', { description: 'Traces that are gone.' }),
    at: t.expose('atMs', { type: 'DateTime', description: 'When the latest of it was stored.' }),
    complete: t.exposeBoolean('complete', {
      description:
        'False when more has changed than a message can name, when `after` is too old to know what was missed, and when the session that is followed has come to stand in another tree. The lists are empty then: ask again for what you show.',
    }),
    cursor: t.exposeString('cursor', {
      description: 'Where to go on after this message: the `after` of the next subscription.',
    }),
    sessions: t.field({
      type: [Session],
      description: 'Those of `sessionIds` that exist, as they are now.',
      resolve: async ({ sessionIds }, _args, { loaders }) => existing(await loaders.session.loadMany(sessionIds)),
    }),
    traces: t.field({
      type: [Trace],
      description: 'Those of `traceIds` that still exist, as they are now.',
      resolve: async ({ traceIds }, _args, { loaders }, info) =>
        existing(await loaders.trace(planTraces(info).own).loadMany(traceIds)),
    }),
  }),
})
