import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings, violationsOf, watchShifts } from './browser.ts'

/** From the bundled recording `nested`: coordinateur → executeur → tester, and one executeur after another. */
const NESTED = 'ses_df39e53caffeDkkr6Sz173ub9f'

describe.skipIf(NO_CHROMIUM)(`the flow (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  it('is reached from a session, and says who called whom and who ran after whom', async () => {
    const { page, elsewhere, errors, close } = await site.visit(`/?session=${NESTED}`)
    await page.getByRole('region', { name: 'Tree of delegations' }).getByRole('link', { name: 'Flow' }).click()
    const rows = page.getByRole('region', { name: 'Edges' }).locator('tbody tr')
    await expect.poll(() => rows.count()).toBe(3)
    const cells = () =>
      rows.evaluateAll((all) =>
        all.map((row) => [...row.querySelectorAll('td')].slice(0, 5).map((cell) => cell.textContent)),
      )
    await expect.poll(cells).toEqual([
      ['coordinateur', 'called', 'executeur', '2', '–'],
      ['executeur', 'called', 'tester', '1', '–'],
      ['executeur', 'ran before', 'executeur', '1', '–'],
    ])
    const boxes = page.locator('.flow-node')
    await expect
      .poll(() => boxes.allTextContents())
      .toEqual([
        expect.stringMatching(/^coordinateur1 run/),
        expect.stringMatching(/^executeur2 runs/),
        expect.stringMatching(/^tester1 run/),
      ])
    const lefts = await boxes.evaluateAll((all) => all.map((box) => box.getBoundingClientRect().left))
    const [caller = 0, called = 0, last = 0] = lefts
    expect([caller < called, called < last]).toEqual([true, true])
    // Distinguished by dashes and arrowheads, independent of colours.
    const dashes = (kind: string) =>
      page
        .locator(`.flow-drawing .flow-edge-${kind}`)
        .evaluateAll((all) =>
          all.map((line) => [getComputedStyle(line).strokeDasharray, line.getAttribute('marker-end')]),
        )
    await expect.poll(() => dashes('delegated')).toEqual(Array(2).fill(['none', 'url(#arrow-delegated)']))
    await expect.poll(() => dashes('followed')).toEqual([['7px, 5px', 'url(#arrow-followed)']])
    expect(await violationsOf(page)).toEqual([])
    await page.goBack()
    await page.getByRole('treegrid').waitFor()
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('is laid out beside the page, which meanwhile answers', async () => {
    const { page, errors, close } = await site.visit('/health')
    const workers: string[] = []
    page.on('worker', (worker) => workers.push(worker.url()))
    await page.goto(`${site.url}/?view=flow`)
    await page.locator('.flow-node').first().waitFor()
    expect(workers).toEqual([expect.stringContaining(`${site.url}/assets/layout-worker`)])
    expect(errors).toEqual([])
    await close()
  })

  it('does not push down what stands below it once it is laid out, however narrow the window', async () => {
    for (const width of [1440, 1000]) {
      const { page, close } = await site.visit('/health', { viewport: { width, height: 800 } })
      const shifts = await watchShifts(page)
      await page.goto(`${site.url}/?view=flow`)
      await page.locator('.flow-node').first().waitFor()
      await page.getByRole('region', { name: 'Edges' }).getByRole('row').nth(3).waitFor()
      expect(await shifts(), `${width} pixels`).toEqual([])
      await close()
    }
  })

  it('is of what the filters admit in one session', async () => {
    const { page, close } = await site.visit(`/?view=flow&scope=session&session=${NESTED}`)
    await expect.poll(() => page.locator('.flow-node').count()).toBe(3)
    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: /^executeur/ }).check()
    // Of the eleven runs in all recordings, the two of this session.
    await expect
      .poll(() => page.locator('.flow-node').allTextContents())
      .toEqual([expect.stringMatching(/^executeur2 runs/)])
    await expect
      .poll(() => page.getByRole('link', { name: 'Show this query' }).getAttribute('href'))
      .toContain(`sessionIds`)
    await close()
  })

  it('is of all that the filters admit, and leads to the matches and the sessions of an edge', async () => {
    const { page, close } = await site.visit('/?view=flow', { colorScheme: 'dark' })
    const edges = page.getByRole('region', { name: /^Edges/ })
    const rows = edges.locator('tbody tr')
    await expect.poll(() => rows.count()).toBeGreaterThan(9)
    expect(await violationsOf(page)).toEqual([])
    const all = await rows.count()

    await page.getByRole('checkbox', { name: 'ran before' }).uncheck()
    await expect.poll(() => rows.count()).toBeLessThan(all)
    await expect.poll(() => page.locator('.flow-drawing .flow-edge-followed').count()).toBe(0)
    await page.getByRole('checkbox', { name: 'ran before' }).check()

    const node = page.getByRole('button', { name: /^quality/ })
    await node.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => node.getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('region', { name: 'Edges of quality' }).waitFor()
    await expect.poll(() => rows.count()).toBeLessThan(all)
    const link = page.getByRole('link', { name: 'Matches quality > tester' })
    await link.click()
    await page.getByText(/^1 match,/).waitFor()
    await page.goBack()

    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: /^tester/ }).check()
    await expect.poll(() => page.locator('.flow-node').count()).toBe(1)
    await expect.poll(() => page.url()).toContain('agent=tester')
    await page.goBack()
    await expect.poll(() => rows.count()).toBe(all)
    await close()
  })

  it('draws the main ones of many edges, and more when asked', async () => {
    const { page, close } = await site.visit('/health')
    await page.route('**/graphql', async (route) => {
      if (!/query Flow\b/.test(route.request().postData() ?? '')) return route.continue()
      const response = await route.fetch()
      const { flow } = (await response.json()).data
      const agents = Array.from({ length: 7 }, (_, index) => `agent-${index}`)
      const edges = agents.flatMap((from, index) =>
        agents.map((to) => ({ from, to, kind: 'FOLLOWED', count: index + 1, errors: 0, medianGapMs: null })),
      )
      const nodes = agents.map((agent) => ({ ...flow.nodes[0], agent }))
      await route.fulfill({ response, json: { data: { flow: { ...flow, nodes, edges } } } })
    })
    await page.goto(`${site.url}/?view=flow`)
    const lines = page.locator('.flow-drawing .flow-edge')
    await page.getByText('The 30 main ones of 49 edges are drawn; the table has all.').waitFor()
    await expect.poll(() => lines.count()).toBe(30)
    await page.getByRole('button', { name: 'Draw more' }).press('Enter')
    await expect.poll(() => lines.count()).toBe(49)
    await page.getByRole('button', { name: 'Draw fewer' }).press('Enter')
    await expect.poll(() => lines.count()).toBe(30)
    await close()
  })

  it('zooms by keys and buttons, and shows its query', async () => {
    const { page, close } = await site.visit('/?view=flow')
    const diagram = page.getByRole('group', { name: /^Which agent called/ })
    await page.locator('.flow-node').first().waitFor()
    const width = () => page.locator('.flow-space').evaluate((space) => space.getBoundingClientRect().width)
    const before = await width()
    await diagram.focus()
    await page.keyboard.press('+')
    await expect.poll(width).toBeGreaterThan(before)
    await page.keyboard.press('0')
    await expect.poll(width).toBeCloseTo(before, 0)
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await expect.poll(width).toBeLessThan(before)
    const query = await page.getByRole('link', { name: 'Show this query' }).getAttribute('href')
    expect(new URL(query ?? '').searchParams.get('query')).toContain('query Flow(')
    await page.setViewportSize({ width: 512, height: 384 })
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(512)
    await close()
  })

  it('says what to do where nothing ran, and where no session is chosen', async () => {
    const { page, close } = await site.visit('/?view=flow&from=2030-01-01T00:00:00.000Z')
    await page.getByText('No agent ran where these filters look').waitFor()
    await page.getByText('One session', { exact: true }).click()
    await page.getByText('Choose a session').waitFor()
    await close()
  })
})
