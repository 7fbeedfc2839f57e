import { createHash, timingSafeEqual } from 'node:crypto'
import type { Plugin } from 'graphql-yoga'
import { refused } from './refusals.ts'

const MISSING = 'This delegraph requires a token: send the header "Authorization: Bearer <token>".'
const WRONG = 'The token that was sent is not the one that this delegraph requires.'

/**
 * Requires `Authorization: Bearer <token>`. Exempt are the `open` paths (liveness and readiness) and the pages, which
 * earlier plug-ins serve: they hold no data, and the requests that they send need the token.
 */
export function useToken(token: string, open: readonly string[]): Plugin {
  const expected = digest(token)
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      if (open.includes(url.pathname)) return
      const [, given] = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
      // Hashing makes both the same length, and the comparison takes the same time for every wrong token.
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return
      const message = given === undefined ? MISSING : WRONG
      const init = { status: 401, headers: { 'www-authenticate': 'Bearer' } }
      endResponse(refused(fetchAPI, 'UNAUTHENTICATED', message, init))
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
