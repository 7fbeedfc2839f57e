import type { SourceRef } from '../records.ts'
import { builder } from './builder.ts'
import { SourceKind } from './source-kind.ts'

export const Source = builder.objectRef<SourceRef>('Source')

Source.implement({
  description: 'One store of OpenCode that was read: a storage directory, a database or an export file.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its kind and path, so that the same store has the same id at every start.' }),
    kind: t.expose('kind', { type: SourceKind, description: 'How it keeps its sessions.' }),
    path: t.exposeString('path', { description: 'Where it is, as an absolute path.' }),
  }),
})
