import type { TypedDocument } from 'delegraph/client'
import { ENDPOINT } from './ask.ts'

/** The URL that opens an operation and its variables in GraphiQL. */
export function graphiqlUrl<Variables>(document: TypedDocument<unknown, Variables>, variables: Variables): string {
  const url = new URL(ENDPOINT)
  url.searchParams.set('query', document.toString().trim())
  url.searchParams.set('variables', JSON.stringify(variables, null, 2))
  return url.href
}
