import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { TypedDocument } from 'delegraph/client'
import { answerTo } from './answers.ts'

export interface AnswerOptions {
  /** False: nothing is asked yet. */
  enabled?: boolean
  /** What was shown stays until the next answer is there. */
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
