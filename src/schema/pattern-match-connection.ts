import type { PatternSearch } from '../resolvers/pattern.ts'
import type { PatternMatch as Match } from '../store/store.ts'
import { builder } from './builder.ts'
import { PageInfo } from './page-info.ts'
import { PatternMatch } from './pattern-match.ts'

const PatternMatchEdge = builder.objectRef<{ node: Match; cursor: string }>('PatternMatchEdge')

PatternMatchEdge.implement({
  description: 'One item of a list of matches, with its cursor.',
  fields: (t) => ({
    node: t.field({ type: PatternMatch, description: 'The match itself.', resolve: ({ node }) => node }),
    cursor: t.exposeString('cursor', {
      description:
        'Its position in the list: pass it as `after`. Opaque; it remains valid when matches are added or removed.',
    }),
  }),
})

export const PatternMatchConnection = builder.objectRef<PatternSearch>('PatternMatchConnection')

PatternMatchConnection.implement({
  description:
    'One page of the matches of a pattern, ordered by the start of their session, then by chain, then by their traces.',
  fields: (t) => ({
    nodes: t.field({
      type: [PatternMatch],
      description: 'The matches on this page, in the order of the list.',
      resolve: async (search) => (await search.page()).items.map((item) => item.node),
    }),
    edges: t.field({
      type: [PatternMatchEdge],
      description: 'The matches on this page, each with its cursor, in the order of the list.',
      resolve: async (search) => (await search.page()).items,
    }),
    pageInfo: t.field({
      type: PageInfo,
      description: 'Where this page starts and ends.',
      resolve: (search) => search.page(),
    }),
    totalCount: t.int({
      description: 'The exact number of matches on all pages together.',
      resolve: async (search) => (await search.counts()).totalCount,
    }),
    sessionCount: t.int({
      description: 'The exact number of root sessions that match the pattern.',
      resolve: async (search) => (await search.counts()).sessionCount,
    }),
    warnings: t.stringList({
      description:
        'What may explain an unexpected result: an agent that no trace has, with the closest name that there is; and, when direct relations have no match, how many matches there are at any distance.',
      resolve: (search) => search.warnings(),
    }),
  }),
})
