/** How the page asks: the typed client's documents, sent by the typed client, and nothing else. */
import { RequestError, request, type TypedDocument } from 'delegraph/client'
import { currentToken, tokenRefused } from './token.ts'
import { mayBeBack } from './wait.ts'

/** Beside the page, which a proxy may have under a path of its own. */
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

/** `BAD_USER_INPUT`, `PATTERN_SYNTAX`, …; null for anything that is no answer of the API's. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof RequestError)) return null
  return error.errors.find((failure) => failure.extensions?.code !== undefined)?.extensions?.code ?? null
}

/** It is what was asked for that can't be answered: asked again, it can't be either. */
export const isMistake = (error: unknown): boolean => MISTAKES.has(codeOf(error) ?? '')

const MISTAKES: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'PATTERN_SYNTAX', 'PATTERN_TOO_BROAD'])

/** The server could not be reached at all. */
export const isOffline = (error: unknown): boolean => !(error instanceof RequestError) && !isAbort(error)

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'
