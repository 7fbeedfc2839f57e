import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { Trace } from './trace-ref.ts'

const { connection, edge } = connectionOf('Trace', Trace, 'traces')

builder.objectField(edge, 'node', (t) =>
  t.field({ type: Trace, description: 'The item itself.', resolve: ({ node }) => node }),
)

export const TraceConnection = connection
