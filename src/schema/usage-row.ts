import type { UsageRow as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const UsageRow = builder.objectRef<Row>('UsageRow')

UsageRow.implement({
  description: 'What the traces of one group spent.',
  fields: (t) => ({
    key: t.exposeString('key', {
      description: 'Which group. Of a span of time its start: it may be given back as `startedAt.from`.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its traces spent themselves.' }),
    invocations: t.exposeInt('invocations', { description: 'How many traces there are.' }),
    errors: t.exposeInt('errors', { description: 'How many of them have the status ERROR.' }),
    activeMs: t.exposeFloat('activeMs', { description: 'Milliseconds in which they worked themselves, added up.' }),
  }),
})
