import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { TextMatch } from './text-match.ts'

const { connection, edge } = connectionOf('TextMatch', TextMatch, 'text matches')

builder.objectField(edge, 'node', (t) =>
  t.field({ type: TextMatch, description: 'The item itself.', resolve: ({ node }) => node }),
)

export const TextMatchConnection = connection
