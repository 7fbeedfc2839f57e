import type { TraceStatus as Status } from '../records.ts'
import { builder } from './builder.ts'

export const TraceStatus = builder.enumType('TraceStatus', {
  description: 'How far a trace has come, or how it ended.',
  values: {
    RUNNING: { description: 'Under way.' },
    COMPLETED: { description: 'Ended with an answer.' },
    ERROR: { description: 'Failed; `error` says how.' },
    ABORTED: { description: 'Stopped by a person.' },
    INTERRUPTED: {
      description:
        'Its process died: something later proves it over, or nothing in its whole tree has been written for a while (10 minutes unless set by `--stale-after`).',
    },
  } satisfies Record<Status, { description: string }>,
})
