/**
 * The query cache, keyed by operation and variables. Free of React, which is loaded after the first requests are sent.
 */
import { QueryClient, type QueryKey } from '@tanstack/react-query'
import { RequestError, type TypedDocument } from 'delegraph/client'
import { ask } from './ask.ts'
import { onTokenGiven } from './token.ts'

/** Network errors are retried twice; an error response would be the same again. */
const mayRetry = (failures: number, error: unknown): boolean => !(error instanceof RequestError) && failures < 2

export const queryClient = new QueryClient({
  defaultOptions: {
    // The server usually runs on this machine, so the browser's being offline says nothing about it.
    queries: {
      networkMode: 'always',
      retry: mayRetry,
      staleTime: 30_000,
      gcTime: 120_000,
      refetchOnWindowFocus: false,
    },
  },
})

onTokenGiven(() => queryClient.resetQueries())

export function operationName(document: TypedDocument<unknown, never>): string {
  return /(?:query|mutation|subscription)\s+(\w+)/.exec(document.toString())?.[1] ?? ''
}

export function keyOf<Variables>(document: TypedDocument<unknown, Variables>, variables: Variables): QueryKey {
  return [operationName(document), variables]
}

export function answerTo<Result, Variables>(document: TypedDocument<Result, Variables>, variables: Variables) {
  return {
    queryKey: keyOf(document, variables),
    queryFn: ({ signal }: { signal: AbortSignal }): Promise<Result> => ask(document, variables, signal),
  }
}
