/** Runs axe-core on the page, in both themes and on small screens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, labelsBeyond, NO_CHROMIUM, openSite, type Site, storeOfRecordings, violationsOf } from './browser.ts'

/** From the bundled recording `nested`, so far down the list that it is off a phone's screen; and another one. */
const NESTED = 'ses_df39e53caffeDkkr6Sz173ub9f'
const OTHER = 'ses_df38cd60fffexwlnKzzFUP5Av7'

/** Selectors of elements that are present once a view is complete. */
const VIEWS = {
  sessions: '.detail .markdown',
  timeline: '.days-lane',
  flow: '.flow-node',
  metrics: '.anomalies li',
  patterns: '.match',
  compare: '.compare-line',
}

const SIZES = [
  { name: 'a wide window', width: 1440, height: 900 },
  { name: '1024 pixels', width: 1024, height: 768 },
  { name: '1024 pixels at 200 %', width: 512, height: 384 },
]

describe.skipIf(NO_CHROMIUM)(`accessibility (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  it('has no violation in light or dark colours, however large its window', async () => {
    const { page, close } = await site.visit('/')
    await page.getByRole('region', { name: 'Answer' }).waitFor()
    for (const { name, width, height } of SIZES) {
      await page.setViewportSize({ width, height })
      expect(await violationsOf(page), `light, ${name}`).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await violationsOf(page, 'color-contrast'), `dark, ${name}`).toEqual([])
      await page.emulateMedia({ colorScheme: 'light' })
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    }
    await close()
  })

  it('is as large as the letters that are chosen in the browser, with room for them in every view', async () => {
    const { page, close } = await site.visit('/health')
    const session = await page.context().newCDPSession(page)
    for (const [letters, width] of [
      [20, 1440],
      [32, 1024],
    ] as const) {
      await session.send('Page.setFontSizes', { fontSizes: { standard: letters } })
      await page.setViewportSize({ width, height: 900 })
      for (const [view, ready] of Object.entries(VIEWS)) {
        const message = `${view}, ${letters} pixels`
        await page.goto(`${site.url}/?view=${view}&session=${NESTED}&with=${OTHER}&pattern=executeur+>+tester`)
        await page.locator(ready).first().waitFor()
        expect(await page.evaluate('getComputedStyle(document.body).fontSize'), message).toBe(`${letters * 0.875}px`)
        const tooLarge = () =>
          page
            .locator('.tree-row .number, .tree-row, .session-item, .days-lane, .flow-node, .compare-line, .top')
            .evaluateAll((parts) =>
              parts
                .filter(
                  ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
                    scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1,
                )
                .map((part) => part.textContent),
            )
        await expect.poll(tooLarge, { message }).toEqual([])
        // Rows are stacked: each is as high as its distance to the next one.
        const steps = await page.locator('.tree-row, .days-lane').evaluateAll((rows) =>
          rows
            .map((row) => row.getBoundingClientRect())
            .sort((a, b) => a.top - b.top)
            .map((box, at, all) => (all[at + 1]?.top ?? box.bottom) - box.bottom),
        )
        expect(Math.max(0, ...steps.map(Math.abs)), message).toBeLessThan(0.5)
      }
    }
    await close()
  })

  it('has its header in one line, what each run cost, and the labels of its timeline within it in 1024 pixels, in French, too', async () => {
    for (const locale of ['en-US', 'fr-FR']) {
      const { page, close } = await site.visit('/', { locale, viewport: { width: 1024, height: 768 } })
      await page.locator('.tree-row').first().waitFor()
      const heightOf = (selector: string) => page.locator(selector).evaluate((element) => element.clientHeight)
      expect(await heightOf('.top')).toBeLessThan(2 * (await heightOf('.top .views')))
      expect(await page.locator('.tree-row .tree-cost').first().isVisible()).toBe(true)
      const labels = page.locator('.tree .axis-tick').filter({ hasText: /\d/ })
      await expect.poll(() => labels.count()).toBeGreaterThan(1)
      const beyond = () => labelsBeyond(page.locator('.tree .axis'))
      await expect.poll(beyond).toEqual([])
      await close()
    }
  })

  it('scrolls within its parts where there is room, sideways nowhere but in tables, and has no violation on a telephone', async () => {
    const { page, close } = await site.visit('/health')
    const pageIs = (side: 'Width' | 'Height') =>
      expect.poll(() => page.evaluate(`document.documentElement.scroll${side}`), {
        message: `${side} of ${page.url()}`,
      })
    const tooWide = () =>
      page
        .locator('.metrics, .metrics-card')
        .evaluateAll((all) =>
          all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((part) => part.className),
        )
    for (const [view, content] of Object.entries(VIEWS)) {
      await page.setViewportSize({ width: 1440, height: 500 })
      await page.goto(
        `${site.url}/?view=${view}&session=${NESTED}&with=${OTHER}${view === 'patterns' ? '&pattern=tester' : ''}`,
      )
      await page.locator(content).first().waitFor()
      await pageIs('Height').toBeLessThanOrEqual(500)
      for (const width of [400, 360]) {
        await page.setViewportSize({ width, height: 800 })
        await pageIs('Width').toBeLessThanOrEqual(width)
      }
      expect(await tooWide(), view).toEqual([])
      expect(await violationsOf(page), view).toEqual([])
    }
    await close()
  })

  it('keeps what its bars say, and what is chosen, where the system chooses the colours', async () => {
    const { page, close } = await site.visit(`/?session=${NESTED}`, { forcedColors: 'active' })
    await page.locator('.tree .bar').first().waitFor()
    const styleOf = (selector: string, name: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), name)
    const back = await styleOf('body', 'background-color')
    for (const mark of ['.tree .bar', '.tree .agent-dot']) {
      expect(await styleOf(mark, 'background-color'), mark).not.toBe(back)
    }
    for (const row of ['.session-item', '.tree-row']) {
      expect(await styleOf(`${row}[aria-selected="true"]`, 'outline-style'), row).toBe('solid')
    }
    await close()
  })

  it('prints what it shows whole and in light colours, however wide the paper', async () => {
    const { page, close } = await site.visit('/?view=metrics', { viewport: { width: 1123, height: 500 } })
    await page.locator('.anomalies li').first().waitFor()
    await page.locator('.theme-choice select').selectOption('dark')
    await page.emulateMedia({ media: 'print' })
    const isWhole = () =>
      page.locator('.metrics').evaluate(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)
    await expect.poll(isWhole).toBe(true)
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light')
    await page.goto(`${site.url}/?session=${NESTED}`)
    await page.locator('.detail .markdown').first().waitFor()
    const bottom = await page.locator('.detail').evaluate((detail) => detail.getBoundingClientRect().bottom)
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeGreaterThanOrEqual(Math.floor(bottom))
    await close()
  })

  it('has no violation while a session is on its way, nor where there is none', async () => {
    const { page, close } = await site.visit('/?session=ses_unknown')
    await page.getByText('There is no such session').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.route(`${site.url}/graphql`, async (route) => {
      // This one is never answered.
      if (!/query TreeRows\b/.test(route.request().postData() ?? '')) await route.continue()
    })
    await page.getByRole('listbox', { name: 'Sessions' }).getByRole('option').first().click()
    await page.getByRole('region', { name: 'Tree of delegations' }).getByRole('status').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await close()
  })

  it('says which view it is, and is no wider than a telephone, where there is nothing to show or what is asked for is a mistake', async () => {
    const { page, close } = await site.visit('/health')
    const empty = {
      '?view=patterns': 'No pattern to search for',
      '?view=patterns&pattern=tester%20-%3E': 'This is not a valid pattern.',
      '?view=metrics&agent=nobody': 'No trace fits these filters',
      '?view=compare&session=ses_unknown&with=ses_gone': 'There is no such session',
      '?view=timeline&agent=nobody': 'No session fits these filters',
    }
    for (const [query, said] of Object.entries(empty)) {
      await page.goto(`${site.url}/${query}`)
      await page.locator('.notice-title', { hasText: said }).waitFor()
      expect(await violationsOf(page), query).toEqual([])
      for (const width of [400, 320]) {
        await page.setViewportSize({ width, height: 640 })
        await expect
          .poll(() => page.evaluate('document.documentElement.scrollWidth'), { message: query, timeout: 10_000 })
          .toBeLessThanOrEqual(width)
      }
    }
    await close()
  })

  it('has no violation in its dialogs', async () => {
    const { page, close } = await site.visit('/')
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Open in a terminal' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await close()
  })
})
