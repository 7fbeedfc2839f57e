import type { IngestStatus as Status } from '../resolvers/context.ts'
import { builder } from './builder.ts'

export const IngestStatus = builder.enumType('IngestStatus', {
  description: "What the reading of OpenCode's files is doing.",
  values: {
    IDLE: { description: 'Done, and not watching for changes.' },
    RUNNING: { description: 'Reading. The API answers with what is there already.' },
    WATCHING: { description: 'Up to date, and watching for changes.' },
    FAILED: { description: 'The last reading failed as a whole; `message` says why.' },
  } satisfies Record<Status, { description: string }>,
})
