import type { TextMatch } from '../store/store.ts'
import { builder } from './builder.ts'

export const Highlight = builder.objectRef<TextMatch['highlights'][number]>('Highlight').implement({
  description: 'A piece of a snippet that matches: `snippet.slice(start, end)` in JavaScript.',
  fields: (t) => ({
    start: t.exposeInt('start', { description: 'Where it starts, in UTF-16 code units of the snippet.' }),
    end: t.exposeInt('end', { description: 'Where it ends, in UTF-16 code units of the snippet; not included.' }),
  }),
})
