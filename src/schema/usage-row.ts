import type { UsageRow as Row } from '../store/store.ts'
import { builder } from './builder.ts'
import { Usage } from './usage.ts'

export const UsageRow = builder.objectRef<Row>('UsageRow')

UsageRow.implement({
  description: 'What the traces of one group used.',
  fields: (t) => ({
    key: t.exposeString('key', {
      description: 'Which group it is. For a period it is its start, which can be passed as `startedAt.from`.',
    }),
    own: t.expose('own', { type: Usage, description: 'What its traces used themselves, without what they delegated.' }),
    invocations: t.exposeInt('invocations', { description: 'How many traces are in the group.' }),
    errors: t.exposeInt('errors', { description: 'How many of its traces have the status ERROR.' }),
    activeMs: t.exposeFloat('activeMs', {
      description: 'Milliseconds that its traces worked themselves, added up, without waiting for delegations.',
    }),
  }),
})
