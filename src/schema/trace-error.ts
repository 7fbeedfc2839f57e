import type { FailureRecord } from '../records.ts'
import { builder } from './builder.ts'

export const TraceError = builder.objectRef<FailureRecord>('TraceError')

TraceError.implement({
  description: 'What went wrong, as OpenCode stored it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The kind of error, such as `ProviderAuthError` or `APIError`.' }),
    message: t.exposeString('message', { description: 'The error message.' }),
  }),
})
