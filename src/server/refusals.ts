import { GraphQLError } from 'graphql'
import type { FetchAPI, Plugin } from 'graphql-yoga'

/** A response that refuses a request without executing it, in the format of GraphQL errors. */
export const refused = (fetchAPI: FetchAPI, code: string, message: string, init: ResponseInit): Response =>
  fetchAPI.Response.json({ errors: [{ message, extensions: { code } }] }, init)

/**
 * Adds messages where yoga refuses with a bare status: an unsupported content type (415) or `Accept` header (406). Also
 * refuses variables in a URL or form that are not JSON, which yoga would report as an internal error.
 */
export function useRefusalsInWords(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (requestParser === undefined) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          if (error instanceof SyntaxError) throw NO_JSON
          throw error
        }
      })
    },
    onResponse({ response, setResponse, fetchAPI }) {
      const { status, headers } = response
      const message = status === 406 ? wanted(headers.get('accept')) : status === 415 ? SENT : null
      if (message === null || response.body !== null) return
      setResponse(refused(fetchAPI, 'BAD_REQUEST', message, { status, headers }))
    },
  }
}

const NO_JSON = new GraphQLError('The parameters "variables" and "extensions" must be JSON; one of them is not.', {
  extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
})

const SENT = 'The body of a request must be JSON: send it with the header "content-type: application/json".'

/** @param types the content types that the response could have */
const wanted = (types: string | null): string =>
  `The response would be ${types ?? 'of another type'}, which the header "accept" of the request does not allow.`
