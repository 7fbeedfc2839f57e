import { Anomaly } from './anomaly.ts'
import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'

const { connection, edge } = connectionOf('Anomaly', Anomaly, 'anomalies')

builder.objectField(edge, 'node', (t) =>
  t.field({ type: Anomaly, description: 'The item itself.', resolve: ({ node }) => node }),
)

export const AnomalyConnection = connection
