import type { Page } from '../store/store.ts'
import { builder } from './builder.ts'

export const PageInfo = builder.objectRef<Page<unknown>>('PageInfo')

PageInfo.implement({
  description: 'Where a page of a list starts and ends, and whether there is more on either side.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are items after this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether there are items before this page.' }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first item, for `before`; null when the page is empty.',
      resolve: (page) => page.items[0]?.cursor ?? null,
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last item, for `after`; null when the page is empty.',
      resolve: (page) => page.items.at(-1)?.cursor ?? null,
    }),
  }),
})
