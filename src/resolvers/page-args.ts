/** The arguments of a connection, checked before the store sees them. */
import { DelegraphError } from '../errors.ts'
import type { PageArgs } from '../store/store.ts'

export const DEFAULT_PAGE = 50
export const MAX_PAGE = 500

type Given = Partial<Record<'first' | 'last', number | null | undefined>> &
  Partial<Record<'after' | 'before', string | null | undefined>>

/** The page of a list that can be long: 50 items by default, 500 at most. */
export function listPage(given: Given): PageArgs {
  const page = wholePage(given)
  for (const name of ['first', 'last'] as const) {
    const size = page[name]
    if (typeof size === 'number' && size > MAX_PAGE) {
      throw badArgument(
        name,
        `"${name}" is ${size}; a page has at most ${MAX_PAGE} items. Ask for the rest with "after".`,
        {
          limit: MAX_PAGE,
        },
      )
    }
  }
  if (page.first == null && page.last == null) page.first = DEFAULT_PAGE
  return page
}

/** The page of a list that belongs to one object (a tree, the calls of a trace): the whole list by default. */
export function wholePage(given: Given): PageArgs {
  const page: PageArgs = {}
  for (const name of ['first', 'last'] as const) {
    const size = given[name]
    if (size == null) continue
    if (size < 0) throw badArgument(name, `"${name}" is ${size}; it must be 0 or more.`)
    page[name] = size
  }
  for (const name of ['after', 'before'] as const) {
    const cursor = given[name]
    if (cursor != null) page[name] = cursor
  }
  if (page.first != null && page.last != null) {
    throw badArgument('last', 'Give "first" or "last", not both: a page can only start at one end.')
  }
  return page
}

/** Whether the arguments request the whole list. */
export function isWhole(page: PageArgs): boolean {
  return page.first == null && page.last == null && page.after == null && page.before == null
}

export function badArgument(argument: string, message: string, details: Record<string, unknown> = {}): DelegraphError {
  return new DelegraphError('BAD_USER_INPUT', message, { argument, ...details })
}
