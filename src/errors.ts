/** The kind of an error, for programs to act on. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'PATTERN_SYNTAX'
  | 'PATTERN_TOO_BROAD'
  | 'LIMIT_EXCEEDED'
  | 'STORE_NEWER'
  | 'STORE_LOCKED'
  | 'STORE_CORRUPT'
  | 'STORE_UNAVAILABLE'
  | 'SOURCE_UNREADABLE'
  | 'PORT_TAKEN'

/** An error with a message for the user: what went wrong, where, what to do. `details` become GraphQL `extensions`. */
export class DelegraphError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DelegraphError'
    this.code = code
    this.details = details
  }
}

/** The code that the system (`ENOENT`) or SQLite gave an error; null if it has none. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error ? String(error.code) : null

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
