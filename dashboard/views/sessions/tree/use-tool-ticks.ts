/** When the traces on the screen called tools. Asked for in blocks of rows, once scrolling has come to rest: never a row at a time. */
import { type UseQueryResult, useQueries } from '@tanstack/react-query'
import { ToolTicksDocument, type ToolTicksQuery } from 'delegraph/client'
import { useMemo } from 'react'
import { answerTo } from '../../../data/answers.ts'

export type ToolCalls = ToolTicksQuery['traces']['nodes'][number]['toolCalls']

const BLOCK = 50
/** Of one trace at first: a block of busy ones would be megabytes. */
const CALLS = 300

/**
 * By trace, of the rows from one place to another among those that are not inside of a collapsed one. What a trace has
 * more than it gives at first is asked for trace by trace: until then fewer are there than are counted.
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
