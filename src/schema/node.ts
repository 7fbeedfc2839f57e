import type { SessionRow, TraceRow } from '../store/store.ts'
import { builder } from './builder.ts'

export const Node = builder.interfaceRef<SessionRow | TraceRow>('Node')

Node.implement({
  description: 'Anything that can be found by its id: a session or a trace.',
  resolveType: (value) => ('lft' in value ? 'Trace' : 'Session'),
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The id that OpenCode gave it, as in its own files: `ses_…` for a session, `msg_…` for a turn of a user, `prt_…` for a delegation (`msg_…` when its call is not stored). The same history has the same ids wherever and however often it is read.',
    }),
  }),
})
