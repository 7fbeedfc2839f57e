import type { ToolStats as Row } from '../store/store.ts'
import { builder } from './builder.ts'

export const ToolStats = builder.objectRef<Row>('ToolStats')

ToolStats.implement({
  description: 'How often one tool was used.',
  fields: (t) => ({
    tool: t.exposeString('tool', { description: 'The name of the tool, such as `bash`, `read` or `task`.' }),
    calls: t.exposeInt('calls', { description: 'How many times it was called.' }),
    errors: t.exposeInt('errors', { description: 'How many of these calls failed.' }),
    durationMs: t.exposeFloat('durationMs', {
      description:
        'Milliseconds of all calls that have ended, added up; calls that ran at the same time each count in full.',
    }),
  }),
})
