import type { Plugin } from 'graphql-yoga'

/** Defaults for all responses: usable by this server's own pages only, and never cached. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  // Only pages may load or run anything in a browser, and they bring their own policy.
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
