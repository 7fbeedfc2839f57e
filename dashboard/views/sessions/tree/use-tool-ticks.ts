/** The tool calls of the visible traces. They are queried in blocks of rows, once scrolling stops, never row by row. */
import { type UseQueryResult, useQueries } from '@tanstack/react-query'
import { ToolTicksDocument, type ToolTicksQuery } from 'delegraph/client'
import { useMemo } from 'react'
import { answerTo } from '../../../data/answers.ts'

export type ToolCalls = ToolTicksQuery['traces']['nodes'][number]['toolCalls']

const BLOCK = 50
/** The most calls per trace in the first query: otherwise a block of busy traces would be megabytes. */
const CALLS = 300

/**
 * The tool calls by trace id. Traces with more than `CALLS` calls are then queried one by one; until those answers
 * arrive, such a trace has fewer `nodes` than its `totalCount`.
 *
 * @param ids the traces of all rows that are not below a collapsed one
 * @param from index in `ids` of the first visible row
 * @param to index in `ids` of the last visible row
 * @param isStill whether scrolling has stopped
 */
export function useToolTicks(
  ids: readonly string[],
  from: number,
  to: number,
  isStill: boolean,
): ReadonlyMap<string, ToolCalls> {
  const [first, last] = [Math.floor(from / BLOCK), Math.floor(to / BLOCK)]
  const queries = useMemo(() => {
    const blocks: string[][] = []
    for (let block = first; block <= last; block++) {
      const some = ids.slice(block * BLOCK, (block + 1) * BLOCK)
      if (some.length > 0) blocks.push(some)
    }
    return blocks.map((block) => ({
      ...answerTo(ToolTicksDocument, { ids: block, calls: CALLS }),
      enabled: isStill,
    }))
  }, [ids, first, last, isStill])
  const calls = useQueries({ queries, combine: byTrace })
  const rest = useMemo(
    () =>
      [...calls]
        .filter(([, { nodes, totalCount }]) => nodes.length < totalCount)
        .map(([id]) => ({ ...answerTo(ToolTicksDocument, { ids: [id] }), enabled: isStill })),
    [calls, isStill],
  )
  const whole = useQueries({ queries: rest, combine: byTrace })
  return useMemo(() => new Map([...calls, ...whole]), [calls, whole])
}

const byTrace = (answers: readonly UseQueryResult<ToolTicksQuery>[]): ReadonlyMap<string, ToolCalls> =>
  new Map(answers.flatMap(({ data }) => data?.traces.nodes ?? []).map(({ id, toolCalls }) => [id, toolCalls]))
