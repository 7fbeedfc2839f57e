/** The tree of a session: its first rows as soon as they are there, then all of them. */
import { TreeRowsDocument } from 'delegraph/client'
import { useMemo } from 'react'
import { firstRowsOf } from '../../data/first-rows.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { buildTree } from './tree/rows.ts'

export function useTree(id: string | null) {
  const first = useAnswer(TreeRowsDocument, firstRowsOf(id ?? ''), { enabled: id !== null })
  const isPart = first.data?.session?.traces.pageInfo.hasNextPage === true
  const all = useAnswer(TreeRowsDocument, { id: id ?? '' }, { enabled: id !== null && isPart })
  const session = (isPart && all.data ? all.data : first.data)?.session
  const tree = useMemo(() => buildTree(session?.traces.nodes ?? []), [session])
  // Where the rest can't be had, that is said; what is there stays.
  return { answer: isPart && all.isError ? all : first, session, tree, total: session?.traces.totalCount ?? 0 }
}
