/** Data on screen whose refresh failed: it stays visible, and the page has to say that it is out of date. */
import { notifyManager, type Query, useQueryClient } from '@tanstack/react-query'
import { ReadingDocument } from 'delegraph/client'
import { useCallback, useSyncExternalStore } from 'react'
import { operationName } from './answers.ts'

const READING = operationName(ReadingDocument)

interface Unrenewed {
  /** Why the first of these queries failed; null if none did. */
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

/** Failed next pages are excluded, since the list itself reports them; so is `Reading`, which is polled anyway. */
const UNRENEWED = {
  type: 'active',
  predicate: ({ queryKey, state }: Query) =>
    state.status === 'error' && state.data !== undefined && !state.fetchMeta?.fetchMore && queryKey[0] !== READING,
} as const
