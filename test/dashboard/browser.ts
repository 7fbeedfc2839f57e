/** The dashboard in a real browser, without access to other hosts. Needs `dist/`, which `npm test` builds first. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { z } from 'zod'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { createChangeFeed } from '../../src/live/changes.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import type { Forest } from '../../src/records.ts'
import type { IngestReport, IngestService, Services } from '../../src/resolvers/context.ts'
import { readDashboard } from '../../src/server/dashboard.ts'
import { createApp, listen } from '../../src/server.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { launchChromium, type Visit, visit } from '../chromium.ts'
import { QUIET_REPORT, SILENT, servicesFor } from '../services.ts'

export { CHROMIUM, NO_CHROMIUM } from '../chromium.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The built page. */
export const DASHBOARD = join(root, 'dist/dashboard')

/** A store with the recordings that the package comes with, read as the command would read them. */
export async function storeOfRecordings(): Promise<Store> {
  const copies = mkdtempSync(join(tmpdir(), 'delegraph-dashboard-'))
  const { sources } = z
    .object({ sources: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'fixtures/demo.json'), 'utf8')))
  const paths = sources.map((path, index) => {
    const copy = join(copies, String(index))
    // A copy, since SQLite writes files beside a database even if it only reads it.
    cpSync(join(root, 'fixtures', path), copy, { recursive: true })
    return copy
  })
  const store = await openStore({ path: ':memory:' })
  const ingester = createIngester({ store, findSources: () => resolveSources(paths) })
  await ingester.run()
  await ingester.close()
  rmSync(copies, { recursive: true })
  return store
}

export async function storeOf(forests: readonly Forest[]): Promise<Store> {
  const store = await openStore({ path: ':memory:' })
  await store.saveTraces({ forests: [...forests], stamps: [], links: [], removedSessionIds: [] })
  return store
}

export interface Site {
  url: string
  visit: (path: string, options?: BrowserContextOptions) => Promise<Visit>
  /** Closes all open connections. */
  cut: () => void
  close: () => Promise<void>
}

export interface SiteOptions {
  token?: string
  services?: Partial<Services>
}

export async function openSite(store: Store, { token, services }: SiteOptions = {}): Promise<Site> {
  const dashboard = readDashboard(DASHBOARD)
  if (!dashboard) throw new Error('The page is not built: npm run build')
  // Subscriptions that stay open without events: if they ended at once, the page would reconnect again and again.
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  const live = { changes: changes.changes, progress: progress.progress }
  const app = createApp(servicesFor(store, { live, ingest: ingestOf(() => ({ status: 'WATCHING' })), ...services }), {
    token: token ?? null,
    isReady: () => true,
    log: SILENT,
    dashboard,
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  const browser = await launchChromium()
  return {
    url: server.url,
    visit: (path, options) => visit(browser, server.url, path, options),
    cut: () => server.server.closeAllConnections(),
    close: async () => {
      await browser.close()
      changes.close()
      progress.close()
      await server.close()
      await store.close()
    },
  }
}

/** A service whose last reading succeeded long ago, except for what `change` returns, which may vary by call. */
export function ingestOf(change: () => Partial<IngestReport>): IngestService {
  const report = () => ({ ...QUIET_REPORT, ...change() })
  return { report, ingestNow: async () => report() }
}

type UsageRow = { key: string; invocations?: number }

/** Changes the usage by day that the page receives: a history of years would take long to make. */
export async function pretendDays(page: Page, change: (days: UsageRow[]) => UsageRow[]): Promise<void> {
  await page.route('**/graphql', async (route) => {
    if (!/"by":"DAY"/.test(route.request().postData() ?? '')) return route.continue()
    const response = await route.fetch()
    const { data } = await response.json()
    await route.fulfill({ response, json: { data: { usage: change(data.usage) } } })
  })
}

/** The labels of an axis that extend beyond its end. */
export const labelsBeyond = (axis: Locator): Promise<(string | null)[]> =>
  axis.evaluate((element) => {
    const end = element.getBoundingClientRect().right + 1
    return [...element.querySelectorAll('.axis-tick')]
      .filter((tick) => tick.textContent !== '' && tick.getBoundingClientRect().right > end)
      .map((tick) => tick.textContent)
  })

const Shifts = z.array(z.object({ value: z.number(), parts: z.array(z.string()) }))

/** The share of the window that shifted, times the distance: smaller shifts are invisible. */
const LEAST_SHIFT = 0.001

/** Resolves when the current state has been painted: before the second frame from now. */
export const painted = (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(tell)))')

/** Call it before the page is opened. The function that it returns gives the layout shifts so far. */
export async function watchShifts(page: Page): Promise<() => Promise<z.infer<typeof Shifts>>> {
  await page.addInitScript(`
    window.shifts = []
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries())
        window.shifts.push({ value, parts: sources.map(({ node }) => String(node?.className)) })
    }).observe({ type: 'layout-shift', buffered: true })
  `)
  return async () => {
    await painted(page)
    return Shifts.parse(await page.evaluate('window.shifts')).filter(({ value }) => value > LEAST_SHIFT)
  }
}

const Violations = z.array(
  z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })) }),
)

/**
 * The violations that axe-core finds in the page as it is, one line each.
 * @param rule the only rule to check; by default all, which takes seconds
 */
export async function violationsOf(page: Page, rule?: string): Promise<string[]> {
  // Evaluated through the DevTools protocol, since the content security policy forbids adding a script to the page.
  await page.evaluate(axe.source)
  const options = JSON.stringify(rule === undefined ? {} : { runOnly: [rule] })
  const violations = Violations.parse(await page.evaluate(`axe.run(${options}).then((results) => results.violations)`))
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`.replaceAll(/\s+/g, ' ')),
  )
}
