/** Serves GraphiQL from this process: the page loads nothing from other hosts. */
import { randomBytes } from 'node:crypto'
import { type GraphiQLOptions, type Plugin, shouldRenderGraphiQL } from 'graphql-yoga'
import type { Services } from '../resolvers/context.ts'
import { readyTabs } from './graphiql-tabs.ts'

/**
 * Only the page's own script runs, identified by a fresh nonce; no `eval`, and requests go to this server only. The
 * editor generates its styles at run time, and creates its workers (blob:) and its font (data:) itself.
 */
const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    'worker-src blob:',
    'font-src data:',
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/**
 * Serves the page. It needs no token; the requests that it sends afterwards do.
 *
 * @param services null if anyone may open the page, so that it must contain none of the stored data
 */
export function useGraphiql(services: Services | null, endpoint: string): Plugin {
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (!shouldRenderGraphiQL(request) || url.pathname.replace(/\/$/, '') !== endpoint) return
      const nonce = randomBytes(16).toString('base64')
      const page = await renderPage(await graphiqlOptions(services, url), nonce)
      const headers = { 'content-type': 'text/html; charset=utf-8' }
      const policy = { 'content-security-policy': contentSecurityPolicy(nonce) }
      endResponse(new fetchAPI.Response(page, { headers: { ...headers, ...policy } }))
    },
  }
}

async function graphiqlOptions(services: Services | null, url: URL): Promise<GraphiQLOptions> {
  const tabs = await readyTabs(services)
  return {
    title: 'delegraph',
    // GraphiQL takes a query from the URL by itself, but not its variables.
    ...variablesOf(url),
    defaultTabs: tabs.map(({ query, variables }) =>
      variables ? { query, variables: jsonInScript(variables) } : { query },
    ),
  }
}

function variablesOf(url: URL): { variables?: string } {
  const text = url.searchParams.get('variables')
  if (text === null) return {}
  try {
    return { variables: jsonInScript(JSON.parse(text)) }
  } catch {
    return {}
  }
}

/**
 * Pressing a tab moves it to the start of its opening animation, so the mouse is released beside it and the tab is not
 * selected. Without the transform, tabs can be selected, closed and added, but no longer dragged.
 */
const TABS_STAY = '<style>.graphiql-tab { transform: none !important; }</style>'

/** JSON that is safe inside the page's script: an agent's name may contain `</script>`. */
const jsonInScript = (values: unknown): string =>
  JSON.stringify(values, null, 2).replaceAll('<', '\\u003c').replaceAll('$', '\\u0024')

/** The package is imported when the page is first opened, since it is 9 MB of text. */
async function renderPage(options: GraphiQLOptions, nonce: string): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  // Replacement functions, since `replace` interprets "$" in replacement strings. The page has only one script.
  return renderGraphiQL(options)
    .replace('</head>', () => `${TABS_STAY}</head>`)
    .replace('<script>', () => `<script nonce="${nonce}">`)
}
