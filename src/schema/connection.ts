/** The fields that all connections share: nodes, edges, page info and total count. */
import type { ObjectRef } from '@pothos/core'
import type { Connection } from '../resolvers/connection.ts'
import { builder } from './builder.ts'
import { PageInfo } from './page-info.ts'

type Types = typeof builder.$inferSchemaTypes

interface Edge<T> {
  node: T
  cursor: string
}

/**
 * Defines `<Name>Connection` and `<Name>Edge`. The caller adds the edge's `node` field, whose type cannot be generic.
 *
 * @param plural what the descriptions call the items
 */
export function connectionOf<T>(name: string, node: ObjectRef<Types, T>, plural: string) {
  const edge = builder.objectRef<Edge<T>>(`${name}Edge`)
  edge.implement({
    description: `One item of a list of ${plural}, with its cursor.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description:
          'Its position in the list: pass it as `after`, or as `before` where the list has that argument. Opaque; it remains valid when other items are added or removed.',
      }),
    }),
  })
  const connection = builder.objectRef<Connection<T>>(`${name}Connection`)
  connection.implement({
    description: `One page of a list of ${plural}: ask for \`nodes\`, or for \`edges\` to get a cursor with each item.`,
    fields: (t) => ({
      nodes: t.field({
        type: [node],
        description: `The ${plural} on this page, in the order of the list.`,
        resolve: async (list) => (await list.page()).items.map((item) => item.node),
      }),
      edges: t.field({
        type: [edge],
        description: `The ${plural} on this page, each with its cursor, in the order of the list.`,
        resolve: async (list) => (await list.page()).items,
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Where this page starts and ends.',
        resolve: (list) => list.page(),
      }),
      totalCount: t.int({
        description: 'The exact number of items on all pages together.',
        resolve: (list) => list.total(),
      }),
    }),
  })
  return { connection, edge }
}
