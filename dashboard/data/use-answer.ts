import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { TypedDocument } from 'delegraph/client'
import { answerTo } from './answers.ts'

export interface AnswerOptions {
  /** If false, no request is sent yet. */
  enabled?: boolean
  /** Keeps the previous answer until the next one arrives. */
  keepPrevious?: boolean
}

export function useAnswer<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  variables: Variables,
  { enabled = true, keepPrevious = false }: AnswerOptions = {},
): UseQueryResult<Result> {
  return useQuery<Result>({
    ...answerTo(document, variables),
    enabled,
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
  })
}
