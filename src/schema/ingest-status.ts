import type { IngestStatus as Status } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const IngestStatus = builder.enumType('IngestStatus', {
  description: "What the reading of OpenCode's files is doing now.",
  values: {
    IDLE: { description: 'Finished, and not watching for changes.' },
    RUNNING: { description: 'Reading. Queries are answered from what is stored already.' },
    WATCHING: { description: 'Up to date, and watching for changes.' },
    FAILED: { description: 'The last reading failed as a whole; `message` says why.' },
  } satisfies Record<Status, { description: string }>,
})
