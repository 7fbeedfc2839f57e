/** What is shown, and could not be brought up to date: it stays, and that it is old has to be said. */
import { notifyManager, type Query, useQueryClient } from '@tanstack/react-query'
import { ReadingDocument } from 'delegraph/client'
import { useCallback, useSyncExternalStore } from 'react'
import { operationName } from './answers.ts'

const READING = operationName(ReadingDocument)

interface Unrenewed {
  /** Why the first of them is old; null where nothing is. */
  error: Error | null
  askAgain: () => void
}

export function useUnrenewed(): Unrenewed {
  const client = useQueryClient()
  const cache = client.getQueryCache()
  const subscribe = useCallback((tell: () => void) => cache.subscribe(notifyManager.batchCalls(tell)), [cache])
  const error = useSyncExternalStore(subscribe, () => cache.findAll(UNRENEWED)[0]?.state.error ?? null)
  return { error, askAgain: () => void client.refetchQueries(UNRENEWED) }
}

/** Of the next page of a list that can't be had, the list itself says so; the other is asked for again and again anyway. */
const UNRENEWED = {
  type: 'active',
  predicate: ({ queryKey, state }: Query) =>
    state.status === 'error' && state.data !== undefined && !state.fetchMeta?.fetchMore && queryKey[0] !== READING,
} as const
