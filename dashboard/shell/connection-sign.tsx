import { useLive } from '../data/live.ts'
import type { Reading } from '../data/use-reading.ts'
import { useWords } from '../words/index.tsx'

/** Shows whether the page receives live changes. */
export function ConnectionSign({ reading }: { reading: Reading | null }) {
  const words = useWords()
  const connection = useLive()
  const sign = connection === 'live' ? liveSign(reading) : connection
  return (
    <>
      <span className={`connection connection-${sign}`} role="status" title={words.connection.hint[sign]}>
        <span className="connection-dot" aria-hidden="true" />
        {words.connection[sign]}
      </span>
      {connection === 'refused' ? (
        <button
          type="button"
          className="button"
          title={words.connection.hint.refused}
          onClick={() => window.location.reload()}
        >
          {words.reload}
        </button>
      ) : null}
    </>
  )
}

/** A connected server that is not watching OpenCode's files sends no changes; the sign says so. */
function liveSign(reading: Reading | null): 'live' | 'readOnce' | 'readOnly' {
  if (reading?.status !== 'IDLE') return 'live'
  return reading.startedAt === null ? 'readOnly' : 'readOnce'
}
