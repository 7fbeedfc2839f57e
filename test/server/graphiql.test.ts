/** GraphiQL in a real browser, without access to other hosts. */
import type { Browser, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { noUsage } from '../../src/records.ts'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { CHROMIUM, launchChromium, NO_CHROMIUM, visit } from '../chromium.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const Answer = z.object({
  // A list, a connection, or a comparison of two sessions.
  data: z.record(
    z.string(),
    z.union([
      z.object({ nodes: z.array(z.unknown()), warnings: z.array(z.string()).optional() }),
      z.array(z.unknown()),
      z.object({ agents: z.array(z.unknown()) }),
    ]),
  ),
  errors: z.array(z.unknown()).optional(),
})

/** Its agents' names occur nowhere else, so the tabs can have them only from here. */
const forest = makeForest([
  { id: 'old', turns: [{ agent: 'build' }] },
  {
    id: 'failed',
    turns: [
      {
        agent: 'chief',
        calls: [
          {
            agent: 'the "checker" </script>',
            with: { status: 'ERROR', error: { name: 'UnknownError', message: 'no' } },
          },
          { agent: 'mender', with: { total: { ...noUsage(), cost: 2 } } },
        ],
      },
    ],
  },
  { id: 'new', turns: [{ agent: 'leader', calls: [{ agent: 'worker', calls: [{ agent: 'checker' }] }] }] },
])

const tabs = (page: Page) => page.locator('.graphiql-tab-button')

describe.skipIf(NO_CHROMIUM)(`GraphiQL (needs ${CHROMIUM})`, () => {
  let store: Store
  let server: Listening
  let browser: Browser
  beforeAll(async () => {
    store = await openStore({ path: ':memory:' })
    await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
    const app = createApp(servicesFor(store), { token: null, isReady: () => true, log: SILENT })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await store?.close()
  })

  async function open() {
    const visited = await visit(browser, server.url, '/', { viewport: { width: 1400, height: 1600 } })
    const { page } = visited
    // The tabs appear before the editor does.
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'LatestSessions' }).waitFor()
    return visited
  }

  const select = async (page: Page, name: string) => {
    await tabs(page).filter({ hasText: name }).click()
    await page.locator('.graphiql-query-editor .view-line', { hasText: name }).waitFor()
  }
  const run = async (page: Page, name: string) => {
    await select(page, name)
    const isAnswer = (response: Response) => (response.request().postData() ?? '').includes(`query ${name}`)
    const button = page.getByRole('button', { name: /execute query/i })
    // While the previous answer arrives, the same button says "Stop"; for a moment after that, it does nothing.
    const answer = await vi.waitFor(
      async () => {
        const [response] = await Promise.all([page.waitForResponse(isAnswer, { timeout: 5_000 }), button.click()])
        return response
      },
      { timeout: 120_000 },
    )
    return Answer.parse(await answer.json())
  }

  it('loads, shows its tabs and runs a tree, without a word to anyone else', async () => {
    const { page, elsewhere, errors, close } = await open()
    await expect
      .poll(() => tabs(page).allTextContents())
      .toEqual([
        'LatestSessions',
        'WholeTree',
        'TracePrompts',
        'CostliestDelegations',
        'AgentRuns',
        'CalledOrRightAfter',
        'FailedAndLeft',
        'CostlyBelow',
        'SearchTexts',
        'AgentStatistics',
        'UsageByDay',
        'ChainOfExecution',
        'AbnormalRuns',
        'CompareLatest',
        'Handoffs',
      ])
    await select(page, 'WholeTree')
    await page.locator('.graphiql-execute-button').click()
    const result = page.locator('.graphiql-response')
    await expect.poll(() => result.textContent()).toMatch(/"agent":\s*"checker"/)
    await expect.poll(() => result.textContent()).toMatch(/"depth":\s*2/)
    await page
      .getByRole('button', { name: /documentation/i })
      .first()
      .click()
    await page.getByText('What the agents of OpenCode did').first().waitFor()
    expect(elsewhere).toEqual([])
    expect(errors).toEqual([])
    await close()
  })

  it('completes and explains what is typed under its content security policy', async () => {
    const { page, elsewhere, errors, close } = await open()
    await page.locator('.graphiql-query-editor .view-lines').click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('{ compa')
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'compareSessions' }).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'compareSessions' }).waitFor()
    // Reported by the editor's worker: the field lacks a required argument.
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor()
    // No script but the page's own runs, however it is injected.
    await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'window.owned = true'
      document.body.append(script)
    })
    expect(await page.evaluate('window.owned')).toBeUndefined()
    expect(errors).toEqual([expect.stringMatching(/inline script/)])
    expect(elsewhere).toEqual([])
    await close()
  })

  it('runs every tab as it stands', async () => {
    const { page, elsewhere, errors: complaints, close } = await open()
    for (const name of await tabs(page).allTextContents()) {
      const { data, errors } = await run(page, name)
      expect(errors, name).toBeUndefined()
      expect(
        Object.values(data).flatMap((found) => ('warnings' in found ? found.warnings : [])),
        name,
      ).toEqual([])
      expect(
        Object.values(data).map((found) => {
          const list = Array.isArray(found) ? found : 'nodes' in found ? found.nodes : found.agents
          return list.length > 0
        }),
        name,
      ).toEqual([true])
    }
    expect([elsewhere, complaints]).toEqual([[], []])
    await close()
  })
})
