import type { Plugin } from 'graphql-yoga'

/** On every answer that does not say otherwise: it is for this server's own pages, and for nobody's cache. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  // What is no page can do nothing in a browser, whatever is in it; pages bring their own.
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export function useSafeHeaders(): Plugin {
  return {
    onResponse({ response: { headers } }) {
      for (const [name, value] of Object.entries(HEADERS)) if (!headers.has(name)) headers.set(name, value)
    },
  }
}
