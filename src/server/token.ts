import { createHash, timingSafeEqual } from 'node:crypto'
import type { Plugin } from 'graphql-yoga'
import { refused } from './refusals.ts'

const MISSING = 'This delegraph requires a token: send the header "Authorization: Bearer <token>".'
const WRONG = 'The token that was sent is not the one that this delegraph requires.'

/**
 * Whoever asks must name the token: `Authorization: Bearer …`. Open are only the pages, which hold no data (what they
 * ask needs the token) and are answered before, and whether the server is alive and ready.
 */
export function useToken(token: string, open: readonly string[]): Plugin {
  const expected = digest(token)
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      if (open.includes(url.pathname)) return
      const [, given] = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
      // Of equal length by hashing: comparing takes the same time for every wrong token.
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
