/** A real browser for tests, without access to other hosts. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Debian's. The headless shell is preferred: it draws no window around the page, and takes half the processor time. */
const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const
export const CHROMIUM = PLACES.find((place) => existsSync(place)) ?? PLACES[1]
export const NO_CHROMIUM = !existsSync(CHROMIUM)

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page lives for seconds here, so optimised code and separate processes cost more than they gain.
  '--js-flags=--no-opt --no-maglev',
  '--in-process-gpu',
  '--process-per-site',
]

export const launchChromium = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: ARGS })

export interface Visit {
  page: Page
  /** URLs on other hosts that the page requested; each request was refused. */
  elsewhere: string[]
  /** Errors in the page: exceptions and violations of its content security policy. */
  errors: string[]
  close: () => Promise<void>
}

/** Opens a page of the server in a browser context of its own. */
export async function visit(
  browser: Browser,
  serverUrl: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US', ...options })
  context.setDefaultTimeout(180_000)
  const elsewhere: string[] = []
  const errors: string[] = []
  await context.route(
    (url) => url.origin !== serverUrl && url.protocol !== 'blob:' && url.protocol !== 'data:',
    (route) => {
      elsewhere.push(route.request().url())
      return route.abort()
    },
  )
  const page = await context.newPage()
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) errors.push(message.text())
  })
  await page.goto(`${serverUrl}${path}`)
  return { page, elsewhere, errors, close: () => context.close() }
}
