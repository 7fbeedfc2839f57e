import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { ToolCall } from './tool-call.ts'

const { connection, edge } = connectionOf('ToolCall', ToolCall, 'tool calls')

builder.objectField(edge, 'node', (t) =>
  t.field({ type: ToolCall, description: 'The item itself.', resolve: ({ node }) => node }),
)

export const ToolCallConnection = connection
