/**
 * The tree of a session: its first rows as soon as they are there, then all of them. It may be one of thousands of rows:
 * it is drawn piece by piece, so that the page answers meanwhile, and for a moment it is older than the answer.
 */
import { TreeRowsDocument } from 'delegraph/client'
import { useDeferredValue, useMemo } from 'react'
import { firstRowsOf } from '../../data/first-rows.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { buildTree } from './tree/rows.ts'

export function useTree(id: string | null) {
  const first = useAnswer(TreeRowsDocument, firstRowsOf(id ?? ''), { enabled: id !== null })
  const isPart = first.data?.session?.traces.pageInfo.hasNextPage === true
  const all = useAnswer(TreeRowsDocument, { id: id ?? '' }, { enabled: id !== null && isPart })
  const newest = (isPart && all.data ? all.data : first.data)?.session
  const drawn = useDeferredValue(newest)
  // Never that of another session.
  const session = drawn?.id === newest?.id ? drawn : undefined
  const tree = useMemo(() => buildTree(session?.traces.nodes ?? []), [session])
  return {
    answer: first,
    isComing: first.isPending || (newest && !session),
    session,
    tree,
    total: session?.traces.totalCount ?? 0,
    // Where the rest can't be had, that is said; what is there stays.
    problem: isPart && all.isError && !all.data ? all : null,
  }
}
