import type { SourceKind as Kind } from '../records.ts'
import { builder } from './builder.ts'

export const SourceKind = builder.enumType('SourceKind', {
  description: 'How a store of OpenCode keeps its sessions.',
  values: {
    OPENCODE_JSON: { description: 'A directory of JSON files: OpenCode 0.5 to 1.1.' },
    OPENCODE_SQLITE: { description: 'A database, `opencode.db`: OpenCode 1.2 and later.' },
    OPENCODE_EXPORT: { description: 'A file written by `opencode export`.' },
  } satisfies Record<Kind, { description: string }>,
})
