import { builder } from './builder.ts'
import { Session } from './session-ref.ts'
import { Trace } from './trace-ref.ts'

export const AnomalySubject = builder.unionType('AnomalySubject', {
  description: 'What an anomaly can be about: a session that a person opened, or a trace.',
  types: [Session, Trace],
  resolveType: (value) => ('lft' in value ? 'Trace' : 'Session'),
})
