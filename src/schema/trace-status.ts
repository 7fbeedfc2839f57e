import type { TraceStatus as Status } from '../records.ts'
import { builder } from './builder.ts'

export const TraceStatus = builder.enumType('TraceStatus', {
  description: 'Whether a trace is running, or how it ended.',
  values: {
    RUNNING: { description: 'Still running.' },
    COMPLETED: { description: 'Ended with an answer.' },
    ERROR: { description: 'Failed; `error` says why.' },
    ABORTED: { description: 'Stopped by a person.' },
    INTERRUPTED: {
      description:
        'Its process died: something later proves that it is over, or nothing in its whole tree has been written for a while (10 minutes unless set by `--stale-after`).',
    },
  } satisfies Record<Status, { description: string }>,
})
