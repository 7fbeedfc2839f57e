/** GraphiQL in a real browser, with no other host within reach. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { noUsage } from '../../src/records.ts'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const Answer = z.object({
  data: z.record(z.string(), z.object({ nodes: z.array(z.unknown()) })),
  errors: z.array(z.unknown()).optional(),
})

const forest = makeForest([
  { id: 'old', turns: [{ agent: 'build' }] },
  {
    id: 'failed',
    turns: [
      {
        agent: 'coordinateur',
        calls: [
          { agent: 'tester', with: { status: 'ERROR', error: { name: 'UnknownError', message: 'no' } } },
          { agent: 'refactoring', with: { total: { ...noUsage(), cost: 2 } } },
        ],
      },
    ],
  },
  { id: 'new', turns: [{ agent: 'coordinator', calls: [{ agent: 'executor', calls: [{ agent: 'tester' }] }] }] },
])

const tabs = (page: Page) => page.locator('.graphiql-tab-button')

describe.skipIf(!existsSync(CHROMIUM))(`GraphiQL (needs ${CHROMIUM})`, () => {
  let store: Store
  let server: Listening
  let browser: Browser
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
    const app = createApp(servicesFor(store), { token: null, isReady: () => true, log: SILENT })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await store?.close()
  })

  /** A fresh page; every request to another host is refused and noted, and so is every error of the page. */
  async function open() {
    const context = await browser.newContext({ viewport: { width: 1400, height: 1600 } })
    const elsewhere: string[] = []
    const errors: string[] = []
    await context.route(
      (url) => url.origin !== server.url && url.protocol !== 'blob:' && url.protocol !== 'data:',
      (route) => {
        elsewhere.push(route.request().url())
        return route.abort()
      },
    )
    const page = await context.newPage()
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${server.url}/`)
    // The tabs stand there before the editor behind them does.
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'LatestSessions' }).waitFor()
    return { context, page, elsewhere, errors }
  }

  const select = async (page: Page, name: string) => {
    await tabs(page).filter({ hasText: name }).click()
    await page.locator('.graphiql-query-editor .view-line', { hasText: name }).waitFor()
  }
  const run = async (page: Page, name: string) => {
    await select(page, name)
    const answer = page.waitForResponse((response) => (response.request().postData() ?? '').includes(`query ${name}`))
    // While the answer before is still coming in, the same button says "Stop".
    await page.getByRole('button', { name: /execute query/i }).click()
    return Answer.parse(await (await answer).json())
  }

  it('loads, shows its tabs and runs a tree, without a word to anyone else', { timeout: 60_000 }, async () => {
    const { context, page, elsewhere, errors } = await open()
    expect(await tabs(page).allTextContents()).toEqual([
      'LatestSessions',
      'WholeTree',
      'TracePrompts',
      'CostliestDelegations',
      'AgentRuns',
      'TesterThenRefactoring',
      'FailedAndLeft',
      'CostlyBelow',
    ])
    await select(page, 'WholeTree')
    await page.locator('.graphiql-execute-button').click()
    const result = page.locator('.graphiql-response')
    await expect.poll(() => result.textContent(), { timeout: 20_000 }).toMatch(/"agent":\s*"tester"/)
    expect(await result.textContent()).toMatch(/"depth":\s*2/)
    await page
      .getByRole('button', { name: /documentation/i })
      .first()
      .click()
    await page.getByText('What the agents of OpenCode did').first().waitFor()
    expect(elsewhere).toEqual([])
    expect(errors).toEqual([])
    await context.close()
  })

  it('runs every tab as it stands', { timeout: 120_000 }, async () => {
    const { context, page } = await open()
    for (const name of await tabs(page).allTextContents()) {
      const { data, errors } = await run(page, name)
      expect(errors, name).toBeUndefined()
      expect(
        Object.values(data).map((list) => list.nodes.length > 0),
        name,
      ).toEqual([true])
    }
    await context.close()
  })
})
