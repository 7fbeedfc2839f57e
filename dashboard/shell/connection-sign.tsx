import { useLive } from '../data/live.ts'
import { useWords } from '../words/index.tsx'

/** Whether changes come by themselves. */
export function ConnectionSign() {
  const words = useWords()
  const connection = useLive()
  return (
    <>
      <span className={`connection connection-${connection}`} role="status" title={words.connection.hint[connection]}>
        <span className="connection-dot" aria-hidden="true" />
        {words.connection[connection]}
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
