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
    invocations: t.exposeInt('invocations', { description: 'How many traces it has.' }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    activeMs: t.exposeFloat('activeMs', {
      description: 'Milliseconds in which its traces worked themselves, added up.',
    }),
  }),
})
