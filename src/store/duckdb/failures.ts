/** Turns DuckDB's errors and the store's own refusals into errors that say what happened, where, and what to do. */
import { codeOf, DelegraphError, messageOf } from '../../errors.ts'

/** Messages of a damaged file: a checksum differs, a block is missing, or an index does not match its table. */
const CORRUPT =
  /not a valid DuckDB database|[Cc]orrupt|checksum|Could not read enough bytes|[Ss]erialization Error|replaying WAL|INTERNAL Error|FATAL Error|database has been invalidated/

/** A full disk, or a folder that may not be written to: a checkpoint that fails for it is FATAL to DuckDB, and costs nothing. */
const UNWRITABLE = /Could not (write|sync|truncate) ((all bytes )?to )?file/

export const isConstraintFailure = (error: unknown): boolean => messageOf(error).startsWith('Constraint Error')

export const isInterrupted = (error: unknown): boolean => messageOf(error).startsWith('INTERRUPT Error')

/** On Windows, a file that another process writes to cannot be opened at all, not even without DuckDB (EBUSY). */
export const isLocked = (error: unknown): boolean =>
  codeOf(error) === 'EBUSY' || /Could not set lock on file|File is already open in/.test(messageOf(error))

export const isCorrupt = (error: unknown): boolean =>
  CORRUPT.test(messageOf(error)) && !UNWRITABLE.test(messageOf(error))

/** Converts an error that occurred while the database at `path` was being opened. */
export function openingFailure(error: unknown, path: string): unknown {
  if (error instanceof DelegraphError) return error
  const message = messageOf(error)
  if (isLocked(error)) return lockedFailure(path, /\(PID (\d+)\)/.exec(message)?.[1] ?? null, error)
  if (/read (a|this) database file with version number/.test(message)) {
    return new DelegraphError(
      'STORE_NEWER',
      `${path} was written by a newer DuckDB than this delegraph has. Update delegraph, or give it another file with --db: everything in it can be read again from the sources. (${firstLine(message)})`,
      { path },
      { cause: error },
    )
  }
  if (isCorrupt(error)) return corruptFailure(path, error)
  return unavailableFailure(path, error)
}

/** Converts an error that occurred while a statement ran. Errors that are not about the file are returned unchanged. */
export function statementFailure(error: unknown, path: string): unknown {
  if (error instanceof DelegraphError) return error
  if (isCorrupt(error)) return corruptFailure(path, error)
  if (/^(IO|Out of Memory) Error/.test(messageOf(error)) || UNWRITABLE.test(messageOf(error)))
    return unavailableFailure(path, error)
  return error
}

export function lockedFailure(path: string, holder: string | null, cause?: unknown): DelegraphError {
  const who = holder === null ? 'Another delegraph' : `Another delegraph (process ${holder})`
  return new DelegraphError(
    'STORE_LOCKED',
    `${who} is using ${path}. Stop it, look at a copy of what it has with --read-only, or give this one another file with --db.`,
    { path, ...(holder === null ? {} : { pid: Number(holder) }) },
    { cause },
  )
}

export function corruptFailure(path: string, cause: unknown): DelegraphError {
  return new DelegraphError(
    'STORE_CORRUPT',
    `${path} is damaged. It can be moved aside and rebuilt from the sources. (${firstLine(messageOf(cause))})`,
    { path },
    { cause },
  )
}

function unavailableFailure(path: string, cause: unknown): DelegraphError {
  return new DelegraphError(
    'STORE_UNAVAILABLE',
    `${path} can't be used: ${firstLine(messageOf(cause))}. Check the free space and the permissions there, or give another file with --db.`,
    { path },
    { cause },
  )
}

export function lateFailure(timeoutMs: number, what: string, cause?: unknown): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `The query ${what} ${timeoutMs / 1000} seconds and was stopped. Ask for less at once, narrow it by date, session or agent, or start delegraph with a longer --query-timeout.`,
    { limit: 'queryTimeout', value: timeoutMs, option: '--query-timeout' },
    { cause },
  )
}

export function crowdedFailure(maxWaiting: number): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `There are already ${maxWaiting} long queries waiting for their turn. Try again in a moment, send fewer at once, or start delegraph with a higher --max-waiting.`,
    { limit: 'maxWaiting', value: maxWaiting, option: '--max-waiting' },
  )
}

export function tooLongFailure(maxText: number): DelegraphError {
  return new DelegraphError(
    'LIMIT_EXCEEDED',
    `The response would be longer than ${maxText} bytes. Ask for less at once (fewer rows, or previews instead of whole prompts), or start delegraph with a higher --max-response.`,
    { limit: 'maxResponse', value: maxText, option: '--max-response' },
  )
}

export function stoppedFailure(path: string): DelegraphError {
  return new DelegraphError('STORE_UNAVAILABLE', 'delegraph is shutting down. Try again when it is running again.', {
    path,
  })
}

export function closedFailure(path: string): DelegraphError {
  return new DelegraphError('STORE_UNAVAILABLE', `${path} has been closed.`, { path })
}

const firstLine = (message: string): string => message.split('\n', 1)[0]?.replace(/\s+See also https?:\S+$/, '') ?? ''
