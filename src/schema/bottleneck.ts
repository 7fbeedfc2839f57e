import type { Bottleneck as Row } from '../resolvers/critical-path.ts'
import { builder } from './builder.ts'
import { Trace } from './trace-ref.ts'

export const Bottleneck = builder.objectRef<Row>('Bottleneck')

Bottleneck.implement({
  description:
    'Where the time of a trace went: of the trace and everything below it, the one that worked longest itself.',
  fields: (t) => ({
    trace: t.expose('trace', { type: Trace, description: 'The trace that worked longest itself.' }),
    activeMs: t.exposeFloat('activeMs', {
      description: 'Milliseconds that it worked itself, without waiting for delegations.',
    }),
    share: t.exposeFloat('share', {
      description: '`activeMs` as a share of the duration of the trace that was asked about, from 0 to 1.',
    }),
  }),
})
