/** The server's ingest status. It is polled: no subscription tells when a read begins or fails. */
import { useQuery } from '@tanstack/react-query'
import { ReadingDocument, type ReadingQuery } from 'delegraph/client'
import { useMemo, useState } from 'react'
import { answerTo } from './answers.ts'

export interface Reading extends Report {
  /** True once it has been seen running for a while: a short read of a change does not count. */
  takesLong: boolean
}

type Report = ReadingQuery['ingest']

const WHILE_IT_READS_MS = 1_000
const OTHERWISE_MS = 30_000
const LONG_MS = 1_500

const isRunning = (report: Report | undefined): boolean => report?.status === 'RUNNING'

export function useReading(): Reading | null {
  const { data, dataUpdatedAt: heardMs } = useQuery({
    ...answerTo(ReadingDocument, {}),
    refetchInterval: ({ state }) => (isRunning(state.data?.ingest) ? WHILE_IT_READS_MS : OTHERWISE_MS),
  })
  const [sinceMs, setSince] = useState<number | null>(null)
  const runs = isRunning(data?.ingest)
  if (runs !== (sinceMs !== null)) setSince(runs ? heardMs : null)
  const takesLong = sinceMs !== null && heardMs - sinceMs >= LONG_MS
  // Memoized: the whole page renders when this changes.
  return useMemo(() => (data ? { ...data.ingest, takesLong } : null), [data, takesLong])
}
