import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { Session } from './session-ref.ts'

const { connection, edge } = connectionOf('Session', Session, 'sessions')

builder.objectField(edge, 'node', (t) =>
  t.field({ type: Session, description: 'The item itself.', resolve: ({ node }) => node }),
)

export const SessionConnection = connection
