/** A page of a list and the size of the whole list, each computed only when requested. */
import type { Page, PageArgs } from '../store/store.ts'
import { once } from './once.ts'
import { badArgument } from './page-args.ts'

export interface Connection<T> {
  page: () => Promise<Page<T>>
  total: () => Promise<number>
}

/** A list in the store: one statement reads the page, another counts all items. */
export function storedList<T>(
  args: PageArgs,
  read: (args: PageArgs) => Promise<Page<T>>,
  total: () => Promise<number>,
): Connection<T> {
  return refusing(args, { page: once(() => readPage(args, read)), total: once(total) })
}

/** A list whose page and size come from one statement. */
export function foundList<T>(find: () => Promise<{ page: Page<T>; totalCount: number }>): Connection<T> {
  const found = once(find)
  return { page: async () => (await found()).page, total: async () => (await found()).totalCount }
}

/**
 * A list that is in memory, or that is always read whole, paged here.
 *
 * @param cursorOf a stable name of an item, such as its id
 */
export function listAtHand<T>(
  args: PageArgs,
  list: () => Promise<readonly T[]>,
  cursorOf: (item: T) => string,
): Connection<T> {
  const all = once(list)
  return refusing(args, {
    page: once(async () => cut(await all(), args, cursorOf)),
    total: async () => (await all()).length,
  })
}

/** Makes an invalid cursor an error even if only the size is requested: reading the page validates the cursor. */
function refusing<T>({ after, before }: PageArgs, { page, total }: Connection<T>): Connection<T> {
  if (after == null && before == null) return { page, total }
  return { page, total: async () => (await page()) && total() }
}

/**
 * For an empty page (`first: 0` or `last: 0`) one row is read, to know whether there are more. A given cursor implies
 * that there are rows on its side: at least the cursor's own.
 */
async function readPage<T>(args: PageArgs, read: (args: PageArgs) => Promise<Page<T>>): Promise<Page<T>> {
  if (args.first === 0) {
    const { items } = await read({ ...args, first: 1 })
    return { items: [], hasNextPage: items.length > 0 || args.before != null, hasPreviousPage: args.after != null }
  }
  if (args.last === 0) {
    const { items } = await read({ ...args, last: 1 })
    return { items: [], hasNextPage: args.before != null, hasPreviousPage: items.length > 0 || args.after != null }
  }
  return read(args)
}

function cut<T>(all: readonly T[], args: PageArgs, cursorOf: (item: T) => string): Page<T> {
  const placeOf = (argument: 'after' | 'before', cursor: string) => {
    const place = all.findIndex((item) => cursorOf(item) === cursor)
    if (place < 0)
      throw badArgument(argument, `"${argument}" is not a cursor of this list. Use one from "edges" or "pageInfo".`)
    return place
  }
  const from = args.after == null ? 0 : placeOf('after', args.after) + 1
  const to = args.before == null ? all.length : placeOf('before', args.before)
  const start = args.last == null ? from : Math.max(from, to - args.last)
  const end = args.first == null ? to : Math.min(to, from + args.first)
  return {
    items: all.slice(start, end).map((node) => ({ node, cursor: cursorOf(node) })),
    hasPreviousPage: start > 0,
    hasNextPage: end < all.length,
  }
}
