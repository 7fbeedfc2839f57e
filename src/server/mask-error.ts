import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { YogaLogger } from 'graphql-yoga'
import { DelegraphError } from '../errors.ts'

/**
 * Decides what a client sees of an error: an error meant for it with its code, any other as an id that is also logged.
 * Never a stack trace.
 */
export function maskErrors(log: (id: string, error: unknown) => void): (error: unknown) => Error {
  return (error) => {
    const cause = causeOf(error)
    const place = error instanceof GraphQLError ? placeOf(error) : {}
    if (cause instanceof DelegraphError) {
      return new GraphQLError(cause.message, { ...place, extensions: { ...cause.details, code: cause.code } })
    }
    if (cause instanceof GraphQLError) return coded(error instanceof GraphQLError ? error : cause)
    const id = randomUUID()
    log(id, cause)
    return new GraphQLError(`Unexpected error. The log of delegraph has the details under ${id}.`, {
      ...place,
      // `unexpected` tells yoga the status of the response; it does not reach the client.
      extensions: { code: 'INTERNAL_SERVER_ERROR', id, unexpected: true },
    })
  }
}

/** graphql-js gives no code to errors in variables: a wrong type, or null where the query needs a value. */
function coded(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined) return error
  return new GraphQLError(error.message, {
    ...placeOf(error),
    extensions: { ...error.extensions, code: 'BAD_USER_INPUT' },
  })
}

/**
 * Yoga logs every masked error. Errors meant for the client are no problem and may quote its query and variables, so
 * they are logged at `debug` only; the others have already been logged by id.
 */
export function unlessMeant(log: YogaLogger): YogaLogger {
  const isKnown = (part: unknown) => part instanceof GraphQLError || part instanceof DelegraphError
  const error = (...parts: unknown[]) => (parts.some(isKnown) ? log.debug : log.error)(...parts)
  return { debug: log.debug, info: log.info, warn: log.warn, error }
}

/** The error that was thrown first, inside the GraphQL errors that add its location in the query. */
function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause
}

function placeOf(error: GraphQLError) {
  const { nodes, source, positions, path } = error
  return { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null }
}
