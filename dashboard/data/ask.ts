/** How the page queries the API: only with documents of the typed client, sent by the typed client. */
import { RequestError, request, type TypedDocument } from 'delegraph/client'
import { currentToken, tokenRefused } from './token.ts'
import { mayBeBack } from './wait.ts'

/** Relative to the page, since a proxy may serve it under a sub-path. */
export const ENDPOINT = new URL('graphql', window.location.href)

export async function ask<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const token = currentToken()
  try {
    const answer = await request(document, variables, {
      url: ENDPOINT,
      ...(token === null ? {} : { token }),
      ...(signal ? { signal } : {}),
    })
    mayBeBack()
    return answer
  } catch (error) {
    if (codeOf(error) === 'UNAUTHENTICATED') tokenRefused(token)
    throw error
  }
}

/** The API's error code, such as `BAD_USER_INPUT` or `PATTERN_SYNTAX`; null if the error has none. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof RequestError)) return null
  return error.errors.find((failure) => failure.extensions?.code !== undefined)?.extensions?.code ?? null
}

/** Whether the request itself is at fault, so that a retry is pointless. */
export const isMistake = (error: unknown): boolean => MISTAKES.has(codeOf(error) ?? '')

const MISTAKES: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'PATTERN_SYNTAX', 'PATTERN_TOO_BROAD'])

/** Whether the server could not be reached at all. */
export const isOffline = (error: unknown): boolean => !(error instanceof RequestError) && !isAbort(error)

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'
