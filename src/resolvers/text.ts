import type { PageArgs, StaleRule, TextMatch, TextReader, TextSearch } from '../store/store.ts'
import { type Connection, foundList } from './connection.ts'
import { listPage } from './page-args.ts'

/** The matches of a text search. */
export function textMatches(
  store: TextReader,
  search: TextSearch,
  given: Pick<PageArgs, 'first' | 'after'>,
  rule: StaleRule,
): Connection<TextMatch> {
  const page = listPage(given)
  return foundList(() => store.searchText(search, page, rule))
}
