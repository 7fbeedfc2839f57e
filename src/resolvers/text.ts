/** Matches of a search of texts: page and total come from one statement. */
import type { StaleRule, TextMatch, TextReader, TextSearch } from '../store/store.ts'
import type { Connection } from './connection.ts'
import { listPage } from './page-args.ts'

interface Given {
  first?: number | null | undefined
  after?: string | null | undefined
}

export function textMatches(
  store: TextReader,
  search: TextSearch,
  given: Given,
  rule: StaleRule,
): Connection<TextMatch> {
  const page = listPage(given)
  let found: ReturnType<TextReader['searchText']> | undefined
  const find = () => {
    found ??= store.searchText(search, page, rule)
    return found
  }
  return { page: async () => (await find()).page, total: async () => (await find()).totalCount }
}
