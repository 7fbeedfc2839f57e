import type { Plugin } from 'graphql-yoga'
import { refused } from './refusals.ts'

const FROM_ELSEWHERE =
  'This delegraph answers no requests of other sites’ pages. A page of yours asks through the server that it comes from, ' +
  'by a proxy that passes on which Host was asked.'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Refuses requests that a foreign web page makes through its visitor's browser, be it directly to loopback or by DNS
 * rebinding. They are recognised by the `Host` header, and by the origin that the browser states. Other programs than
 * browsers send neither `Origin` nor `Sec-Fetch-Site`.
 *
 * @param host the address that the server listens on; unless it is loopback, the user decides under which names it is
 * known
 */
export function useOwnPagesOnly(host: string): Plugin {
  const local = isLoopback(host)
  // Unless on loopback, a proxy may speak HTTPS with the browser and plain HTTP with this server.
  const isOwn = (origin: string, url: URL): boolean =>
    origin === url.origin || (!local && origin === `https://${url.host}`)
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      const refuse = (message: string): void => endResponse(refused(fetchAPI, 'FORBIDDEN', message, { status: 403 }))
      if (local && !LOOPBACK.has(url.hostname)) {
        const elsewhere =
          'To be reached under another name, as behind a proxy, start it with --host 0.0.0.0 and a token.'
        refuse(`This delegraph answers under localhost, 127.0.0.1 and [::1], not under "${url.hostname}". ${elsewhere}`)
        return
      }
      const origin = request.headers.get('origin')
      const site = request.headers.get('sec-fetch-site')
      const fromElsewhere = origin === null ? site === 'cross-site' || site === 'same-site' : !isOwn(origin, url)
      // Following a link to GraphiQL is not a request by the page with the link.
      const isLink = origin === null && request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate'
      const opensPage = isLink && !url.searchParams.has('query')
      if (fromElsewhere && !opensPage) refuse(FROM_ELSEWHERE)
    },
  }
}

/** Whether only programs on this machine can reach a server that listens on `host`. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(bracketed(host))

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)
