import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings } from './browser.ts'

/** From the bundled recording `nested`: the tree of the original mock-up. */
const NESTED = 'ses_df39e53caffeDkkr6Sz173ub9f'
/** From the bundled recording whose OpenCode process was killed. */
const KILLED = 'ses_df3979d5dffeNRfmPRgf2k4pmA'

describe.skipIf(NO_CHROMIUM)(`the tree (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  const openTree = async (path = `/?session=${NESTED}`) => {
    const visit = await site.visit(path)
    const { page } = visit
    const tree = page.getByRole('treegrid')
    await tree.getByRole('row').nth(1).waitFor()
    return { ...visit, tree, rows: tree.getByRole('row') }
  }

  it('lists the sessions, and shows the tree of the latest', async () => {
    const { page, elsewhere, errors, close } = await openTree('/')
    await expect.poll(() => page.getByRole('listbox').getByRole('option').count()).toBeGreaterThan(5)
    await expect.poll(() => page.getByText(/^\d+ sessions/).textContent()).toMatch(/^13 sessions/)
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('shows who called whom as a table with a timeline', async () => {
    const { tree, rows, close } = await openTree()
    await expect
      .poll(() => tree.getByRole('columnheader').allTextContents())
      .toEqual(['Agent', 'Duration', 'Tokens', 'Cost', 'Status', expect.stringMatching(/^Timeline/)])
    const agents = rows.locator('.agent-text')
    await expect.poll(() => agents.allTextContents()).toEqual(['coordinateur', 'executeur', 'tester', 'executeur'])
    const levels = () => rows.evaluateAll((all) => all.slice(1).map((row) => row.getAttribute('aria-level')))
    await expect.poll(levels).toEqual(['1', '2', '3', '2'])
    await expect.poll(() => rows.nth(1).getByRole('gridcell').nth(4).textContent()).toBe('completed')
    await close()
  })

  it('draws each bar at its place in time: within its caller’s, and a later sibling to the right', async () => {
    const { rows, close } = await openTree()
    const bars = rows.locator('.bar')
    await expect.poll(() => bars.count()).toBe(4)
    const [root, first, inner, second] = await bars.evaluateAll((all) =>
      all.map((bar) => bar.getBoundingClientRect().toJSON()),
    )
    expect(root.left).toBeLessThan(first.left)
    expect(first.right).toBeLessThanOrEqual(root.right + 1)
    expect(inner.left).toBeGreaterThanOrEqual(first.left)
    expect(inner.right).toBeLessThanOrEqual(first.right + 1)
    expect(second.left).toBeGreaterThan(first.right)
    // The caller waits while its children run: its bar is hatched there.
    await expect.poll(() => rows.nth(1).locator('.bar-wait').count()).toBe(2)
    await expect.poll(() => rows.nth(3).locator('.bar-wait').count()).toBe(0)
    await close()
  })

  it('is walked with the keyboard alone, and opens the session of a row', async () => {
    const { page, tree, rows, close } = await openTree()
    const active = () =>
      tree.evaluate(
        (grid) => document.getElementById(grid.getAttribute('aria-activedescendant') ?? '')?.textContent ?? '',
      )
    await page.keyboard.press('Tab')
    while (!(await tree.evaluate((grid) => grid === document.activeElement))) await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await expect.poll(active).toContain('executeurImplémenter')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => rows.count()).toBe(4)
    await expect.poll(() => rows.nth(2).getAttribute('aria-expanded')).toBe('false')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await expect.poll(active).toContain('tester')
    await page.keyboard.press('End')
    await expect.poll(active).toContain('executeurFinaliser')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(active).toContain('coordinateur')
    await page.keyboard.press('t')
    await expect.poll(active).toContain('tester')
    await page.keyboard.press('Home')
    await expect.poll(active).toContain('coordinateur')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText(`opencode --session ${NESTED}`).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await close()
  })

  it('shows the details of a row: path, figures, the prompt in and out, tools', async () => {
    const { page, rows, close } = await openTree()
    await rows.filter({ hasText: 'tester' }).click()
    const details = page.getByRole('region', { name: 'Details' })
    await details.getByRole('heading', { name: 'tester' }).waitFor()
    await expect
      .poll(() => details.getByRole('navigation', { name: 'Path' }).getByRole('listitem').allTextContents())
      .toEqual(['coordinateur', 'executeur', 'tester'])
    const prompt = details.getByRole('region', { name: 'Prompt' })
    await prompt.getByText('Raw').click()
    await expect.poll(() => prompt.locator('pre').textContent()).toContain('Teste')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await prompt.getByRole('button', { name: 'Copy: Prompt' }).click()
    await prompt.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await prompt.locator('pre').textContent())
    await expect.poll(() => details.getByRole('row', { name: /^bash/ }).textContent()).toMatch(/^bash\d/)
    await details.getByRole('link', { name: 'executeur' }).click()
    await details.getByRole('heading', { name: 'executeur' }).waitFor()
    await page.goBack()
    await details.getByRole('heading', { name: 'tester' }).waitFor()
    await close()
  })

  it('says of what was interrupted for how long it was heard of at least', async () => {
    const { page, rows, close } = await openTree(`/?session=${KILLED}`)
    const row = rows.filter({ hasText: 'executeur' }).first()
    await expect.poll(() => row.getByRole('gridcell').nth(4).textContent()).toBe('interrupted')
    const shown = await row.getByRole('gridcell').nth(1).textContent()
    await row.click()
    const figures = page.getByRole('region', { name: 'Figures' })
    await figures.getByText(`at least ${shown}`).waitFor()
    await figures.getByText('Last heard of').waitFor()
    await close()
  })

  it('keeps in the URL what is looked at', async () => {
    const { page, rows, close } = await openTree()
    await rows.filter({ hasText: 'tester' }).click()
    await page.getByRole('heading', { name: 'tester' }).waitFor()
    const other = await site.visit(page.url().slice(site.url.length))
    await other.page.getByRole('heading', { name: 'tester' }).waitFor()
    await expect.poll(() => other.page.locator('[role=row][aria-selected=true]').textContent()).toContain('tester')
    await other.close()
    await close()
  })

  it('changes its scale, zooms and shows the critical path', async () => {
    const { page, tree, rows, close } = await openTree()
    await page.getByText('Percent of the turn').click()
    await expect.poll(() => rows.nth(1).getByRole('gridcell').nth(1).textContent()).toBe('100%')
    await page.getByText('Absolute').click()
    const width = () =>
      rows
        .nth(1)
        .locator('.bar')
        .evaluate((bar) => bar.getBoundingClientRect().width)
    const before = await width()
    await tree.focus()
    await page.keyboard.press('+')
    await expect.poll(width).toBeGreaterThan(before)
    await page.keyboard.press('0')
    await expect.poll(width).toBeCloseTo(before, 0)
    await page.getByRole('button', { name: 'Critical path' }).click()
    const critical = page.locator('.tree-row-critical .agent-text')
    await expect.poll(() => critical.allTextContents()).toEqual(['coordinateur', 'executeur'])
    await close()
  })

  it('marks the calls of tools on the bars, by one request for all that is on the screen', async () => {
    const asked: string[] = []
    const { page, close } = await site.visit('/health')
    page.on('request', (request) => {
      if (/query ToolTicks\b/.test(request.postData() ?? '')) asked.push(request.postData() ?? '')
    })
    await page.goto(`${site.url}/?session=${NESTED}`)
    const bar = page.getByRole('row').filter({ hasText: 'Tester connexion' }).locator('.bar')
    await bar.locator('.tick').waitFor({ state: 'attached' })
    await expect.poll(() => bar.getAttribute('title')).toMatch(/, \d+ tool calls?$/)
    expect(asked.length).toBe(1)
    await expect.poll(() => page.locator('.bar .tick-failed').count()).toBe(0)
    await close()
  })

  it('says of tokens that they are, wherever they stand among other figures', async () => {
    const { page, close } = await openTree()
    const facts = page.locator('.session-item[aria-selected=true] .session-facts')
    await expect.poll(() => facts.last().textContent()).toBe('6.8s67.6K tokens$0.15')
    await page.goto(`${site.url}/?view=patterns&pattern=executeur+%3E+tester`)
    await page.locator('.match .heading-facts', { hasText: 'K tokens' }).first().waitFor()
    await page.goto(`${site.url}/?view=flow`)
    await page.locator('.flow-node-facts', { hasText: 'K tokens' }).first().waitFor()
    await close()
  })

  it('keeps the place of the splitter', async () => {
    const { page, close } = await openTree()
    const splitter = page.getByRole('separator')
    const before = Number(await splitter.getAttribute('aria-valuenow'))
    await splitter.focus()
    for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowLeft')
    await expect.poll(() => splitter.getAttribute('aria-valuenow')).toBe(String(before + 10))
    await page.reload()
    await expect.poll(() => splitter.getAttribute('aria-valuenow')).toBe(String(before + 10))
    await close()
  })

  it('leads to GraphiQL with the operation and its variables', async () => {
    const { page, close } = await openTree()
    const link = page.getByRole('link', { name: 'Show this query' }).first()
    const [graphiql] = await Promise.all([page.context().waitForEvent('page'), link.click()])
    await graphiql.locator('.graphiql-query-editor .view-line', { hasText: 'TreeRows' }).waitFor()
    await graphiql.locator('.graphiql-execute-button').click()
    await expect.poll(() => graphiql.locator('.graphiql-response').textContent()).toContain(NESTED)
    await close()
  })

  it('cuts neither the names of agents nor the figures of sessions where there is little room', async () => {
    const { page, tree, close } = await openTree()
    const cut = (part: string) =>
      page
        .locator(part)
        .evaluateAll((all) =>
          all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent),
        )
    for (const width of [1024, 390]) {
      await page.setViewportSize({ width, height: 700 })
      await tree.getByText('coordinateur').waitFor()
      await expect.poll(() => cut('.tree-row .agent-text'), { message: `${width} pixels` }).toEqual([])
      expect(await cut('.session-facts:last-child'), `${width} pixels`).toEqual([])
    }
    await close()
  })

  it('speaks French to who reads French', async () => {
    const { page, close } = await site.visit(`/?session=${NESTED}`, { locale: 'fr-FR' })
    await page.getByRole('treegrid').getByRole('columnheader', { name: 'Durée' }).waitFor()
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'tester' }).textContent()).toContain('terminé')
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('fr-FR')
    await close()
  })

  it('says when the server is away, and goes on when asked again', async () => {
    const { page, close } = await openTree()
    await page.context().route(`${site.url}/graphql`, (route) => route.abort())
    await page.getByRole('listbox').getByRole('option').first().click()
    await page.getByRole('alert').first().waitFor()
    await page.context().unroute(`${site.url}/graphql`)
    await page.getByRole('alert').first().getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('treegrid').waitFor()
    await close()
  })

  it('says when a link leads to a session that does not exist', async () => {
    const { page, close } = await site.visit('/?session=ses_none')
    await page.getByText('There is no such session').waitFor()
    await close()
  })
})
