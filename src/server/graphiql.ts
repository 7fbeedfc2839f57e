/** GraphiQL from this process alone: the page needs no other host. */
import { randomBytes } from 'node:crypto'
import { type GraphiQLOptions, type Plugin, shouldRenderGraphiQL } from 'graphql-yoga'
import type { Services } from '../resolvers/context.ts'
import { readyTabs } from './graphiql-tabs.ts'

/**
 * Only the script that comes with the page runs, marked by a word that is new each time; nothing is evaluated from text,
 * and whatever the page asks goes to this server. Its editor makes its styles as it goes, its workers and its font come
 * from the page itself.
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
 * The page. Anyone may look at it: what it asks afterwards needs the token.
 *
 * @param services null where the page is shown to whoever asks, and so must hold nothing of what is stored
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
    // A link may bring a query, which GraphiQL takes from the address itself, and its variables, which it does not.
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
 * A tab that is pressed jumps to where its opening animation began, so that letting go misses it and it is not chosen.
 * Tabs that stay where they are can be pressed; they can still be closed and added, only not dragged.
 */
const TABS_STAY = '<style>.graphiql-tab { transform: none !important; }</style>'

/** JSON that can stand in the page's script, whatever an agent is called: `</script>` in its name must not end it. */
const jsonInScript = (values: unknown): string =>
  JSON.stringify(values, null, 2).replaceAll('<', '\\u003c').replaceAll('$', '\\u0024')

/** Loaded when somebody opens the page: it is 9 MB of text. */
async function renderPage(options: GraphiQLOptions, nonce: string): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  // Functions, since the replacement of a text would read "$" in it as its own. The page has one script.
  return renderGraphiQL(options)
    .replace('</head>', () => `${TABS_STAY}</head>`)
    .replace('<script>', () => `<script nonce="${nonce}">`)
}
