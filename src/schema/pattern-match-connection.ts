import type { PatternSearch } from '../resolvers/pattern.ts'
import type { PatternMatch as Match } from '../store/store.ts'
import { builder } from './builder.ts'
import { PageInfo } from './page-info.ts'
import { PatternMatch } from './pattern-match.ts'

const PatternMatchEdge = builder.objectRef<{ node: Match; cursor: string }>('PatternMatchEdge')

PatternMatchEdge.implement({
  description: 'One of the matches of a list, with its place.',
  fields: (t) => ({
    node: t.field({ type: PatternMatch, description: 'The match itself.', resolve: ({ node }) => node }),
    cursor: t.exposeString('cursor', {
      description: 'Its place in the list, for `after`. Opaque; it stays right when matches come or go.',
    }),
  }),
})

export const PatternMatchConnection = builder.objectRef<PatternSearch>('PatternMatchConnection')

PatternMatchConnection.implement({
  description:
    'A page of the matches of a pattern: by the start of their session, then by chain, then by their traces.',
  fields: (t) => ({
    nodes: t.field({
      type: [PatternMatch],
      description: 'The matches of this page, in the order of the list.',
      resolve: async (search) => (await search.page()).items.map((item) => item.node),
    }),
    edges: t.field({
      type: [PatternMatchEdge],
      description: 'The matches of this page, each with its cursor, in the order of the list.',
      resolve: async (search) => (await search.page()).items,
    }),
    pageInfo: t.field({
      type: PageInfo,
      description: 'Where this page begins and ends.',
      resolve: (search) => search.page(),
    }),
    totalCount: t.int({
      description: 'How many matches there are on all pages together, exactly.',
      resolve: async (search) => (await search.counts()).totalCount,
    }),
    sessionCount: t.int({
      description: 'How many root sessions the pattern fits, exactly.',
      resolve: async (search) => (await search.counts()).sessionCount,
    }),
    warnings: t.stringList({
      description:
        'What may explain a surprise: an agent that no trace has, with the nearest name; and where direct relations have no match, how many there are at any distance.',
      resolve: (search) => search.warnings(),
    }),
  }),
})
