import type { Plugin } from 'graphql-yoga'
import { refused } from './refusals.ts'

const FROM_ELSEWHERE =
  'This delegraph answers no requests of other sites’ pages. A page of yours asks through the server that it comes from, ' +
  'by a proxy that passes on which Host was asked.'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Answers only what was meant for this server. A web page that its visitor's browser lets talk to loopback, or that gave
 * its own name this machine's address (DNS rebinding), is refused: by the `Host` that was asked for, and by where the
 * browser says that the request comes from. Programs that are no browsers send neither `Origin` nor `Sec-Fetch-Site`.
 *
 * @param host what the server listens on; on anything but loopback the names it is known by are its user's to choose
 */
export function useOwnPagesOnly(host: string): Plugin {
  const local = isLoopback(host)
  // On anything but loopback a proxy may speak HTTPS with the browser and plain HTTP with us.
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
      // Following a link to GraphiQL is no request of the page that had the link.
      const isLink = origin === null && request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate'
      const opensPage = isLink && !url.searchParams.has('query')
      if (fromElsewhere && !opensPage) refuse(FROM_ELSEWHERE)
    },
  }
}

/** Whether only programs on this machine reach what listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(bracketed(host))

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)
