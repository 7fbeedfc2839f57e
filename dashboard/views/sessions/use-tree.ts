/**
 * The tree of a session: its first rows as soon as they arrive, then all of them. A tree may have thousands of rows, so
 * it is rendered as a deferred value: the page stays responsive, and for a moment the tree is older than the answer.
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
  // The deferred value may still be another session, which must not be shown.
  const session = drawn?.id === newest?.id ? drawn : undefined
  const tree = useMemo(() => buildTree(session?.traces.nodes ?? []), [session])
  return {
    answer: first,
    isComing: first.isPending || (newest && !session),
    session,
    tree,
    total: session?.traces.totalCount ?? 0,
    // If the rest fails to load, the first rows stay and the view reports the problem.
    problem: isPart && all.isError && !all.data ? all : null,
  }
}
