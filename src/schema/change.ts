import type { Change as Row } from '../resolvers/context.ts'
import { existing } from '../resolvers/existing.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Session } from './session-ref.ts'
import { Trace } from './trace-ref.ts'

export const Change = builder.objectRef<Row>('Change')

Change.implement({
  description: 'Everything that was added, changed or removed since the previous message, combined.',
  fields: (t) => ({
    sessionIds: t.exposeIDList('sessionIds', {
      description:
        'The root sessions of the trees in which something changed, as they were and as they are now: among them sessions that are gone, and sessions that now have a `parent` and so are no longer roots.',
    }),
    removedSessionIds: t.exposeIDList('removedSessionIds', {
      description: 'Sessions that are gone, root sessions as well as child sessions.',
    }),
    traceIds: t.exposeIDList('traceIds', { description: 'Traces that were added or changed.' }),
    removedTraceIds: t.exposeIDList('removedTraceIds', { description: 'Traces that are gone.' }),
    at: t.expose('atMs', { type: 'DateTime', description: 'When the latest of these changes was stored.' }),
    complete: t.exposeBoolean('complete', {
      description:
        'False when more has changed than one message can list, when `after` is too old to tell what was missed, and when the session that is followed has moved to another tree. The lists are then empty: query again for everything you show.',
    }),
    cursor: t.exposeString('cursor', {
      description: 'Marks the position after this message: pass it as `after` to continue from here.',
    }),
    sessions: t.field({
      type: [Session],
      description: 'The sessions in `sessionIds` that still exist, as they are now.',
      resolve: async ({ sessionIds }, _args, { loaders }) => existing(await loaders.session.loadMany(sessionIds)),
    }),
    traces: t.field({
      type: [Trace],
      description: 'The traces in `traceIds` that still exist, as they are now.',
      resolve: async ({ traceIds }, _args, { loaders }, info) =>
        existing(await loaders.trace(planTraces(info).own).loadMany(traceIds)),
    }),
  }),
})
