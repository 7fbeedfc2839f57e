import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import {
  CHROMIUM,
  labelsBeyond,
  NO_CHROMIUM,
  openSite,
  painted,
  pretendDays,
  type Site,
  storeOf,
  violationsOf,
} from './browser.ts'

/** One session per hour, for a little more than eight days. */
const many = Array.from({ length: 200 }, (_, index) => ({
  id: `s${index}`,
  turns: [{ agent: index % 2 === 0 ? 'build' : 'plan' }],
}))

describe.skipIf(NO_CHROMIUM)(`the timeline over days (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOf([makeForest(many)]))
  })
  afterAll(() => site?.close())

  const open = async (path = '/?view=timeline', options = {}) => {
    const visit = await site.visit(path, options)
    const lanes = visit.page.getByRole('listbox', { name: 'Sessions over time' })
    await lanes.getByRole('option').first().waitFor()
    return { ...visit, lanes, count: () => visit.page.locator('.days-count').textContent() }
  }
  const leftOf = (page: Page, id: string) =>
    page.locator(`#lane-ses_${id} .days-bar`).evaluate((bar) => bar.getBoundingClientRect().left)

  it('shows each session at its place in time, the latest first, and only what is on the screen', async () => {
    const { page, lanes, count, elsewhere, errors, close } = await open()
    await expect.poll(count).toMatch(/^200 sessions/)
    await expect.poll(() => lanes.getByRole('option').count()).toBeLessThan(60)
    expect(await leftOf(page, 's190')).toBeLessThan(await leftOf(page, 's199'))
    await expect
      .poll(async () => {
        await lanes.evaluate((element) => element.scrollTo(0, element.scrollHeight))
        return page.locator('#lane-ses_s0').count()
      })
      .toBe(1)
    expect(await violationsOf(page)).toEqual([])
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('asks once for more sessions that are refused, says so, and again when it is told to; so does the list', async () => {
    for (const [path, name] of [
      ['/?view=timeline', 'Sessions over time'],
      ['/', 'Sessions'],
    ] as const) {
      // In a page of its own: requests of a page that is being left would be counted with the next one's.
      const { page, close } = await site.visit('/health')
      let refused = 0
      await page.route('**/graphql', (route) => {
        if (!/query Sessions\b.*"after":"/s.test(route.request().postData() ?? '')) return route.continue()
        refused++
        return route.fulfill({ json: { errors: [{ message: 'It took too long.' }] } })
      })
      await page.goto(`${site.url}${path}`)
      const list = page.getByRole('listbox', { name, exact: true })
      await list.getByRole('option').first().waitFor()
      await list.press('End')
      await page.getByRole('alert').getByText('It took too long.').waitFor()
      const drawn = (await list.getByRole('option').last().getAttribute('aria-posinset')) ?? ''
      await list.press('Home')
      await list.press('End')
      await painted(page)
      expect(refused).toBe(1)
      expect(await violationsOf(page)).toEqual([])
      await page.unroute('**/graphql')
      await page.getByRole('alert').getByRole('button', { name: 'Try again' }).press('Enter')
      await page.getByRole('alert').waitFor({ state: 'detached' })
      await list.press('End')
      await expect
        .poll(async () => Number(await list.getByRole('option').last().getAttribute('aria-posinset')))
        .toBeGreaterThan(Number(drawn))
      await close()
    }
  })

  it('writes every moment whole, or not at all', async () => {
    const { page, lanes, close } = await open('/?view=timeline', { viewport: { width: 720, height: 450 } })
    const labels = page.locator('.days-axis .axis-tick').filter({ hasText: /\d/ })
    const beyond = () => labelsBeyond(page.locator('.days-axis .axis'))
    await lanes.focus()
    for (let press = 0; press < 12; press++) {
      await page.keyboard.press('+')
      await expect.poll(() => labels.count()).toBeGreaterThan(1)
      await expect.poll(beyond).toEqual([])
    }
    await close()
  })

  it('shows beside a day of thousands of runs that there was something on the others, and on what scale', async () => {
    const { page, close } = await site.visit('/health')
    await pretendDays(page, (days) => days.map((day, at) => ({ ...day, invocations: at === 1 ? 50_000 : 1 })))
    await page.goto(`${site.url}/?view=timeline`)
    await page.getByText('(logarithmic scale)').waitFor()
    const path = await page.locator('.days-strip path').getAttribute('d')
    const heights = [...(path ?? '').matchAll(/V([\d.]+)H/g)].map(([, top]) => 1 - Number(top))
    expect(heights.length).toBeGreaterThan(5)
    expect(heights[1]).toBe(1)
    const { height } = (await page.locator('.days-strip svg').boundingBox()) ?? { height: 0 }
    expect(Math.min(...heights) * height).toBeGreaterThanOrEqual(1)
    await close()
  })

  it('zooms into a part, which stands in the URL, and asks for what went on in it', async () => {
    const { page, lanes, count, close } = await open('/?view=timeline', { colorScheme: 'dark' })
    await lanes.focus()
    for (let press = 0; press < 4; press++) await page.keyboard.press('+')
    // A 6.5th of the whole.
    await expect.poll(count).toMatch(/^3\d sessions/)
    const zoomed = await count()
    await expect.poll(() => new URL(page.url()).searchParams.get('window')).toMatch(/^2026-.*Z~2026-.*Z$/)
    const other = await open(page.url().slice(site.url.length))
    await expect.poll(other.count).toBe(zoomed)
    await other.close()
    const first = () => lanes.getByRole('option').first().getAttribute('id')
    const before = await first()
    await page.keyboard.press('Shift+ArrowRight')
    await expect.poll(first).not.toBe(before)
    expect(await violationsOf(page)).toEqual([])
    await page.keyboard.press('0')
    await expect.poll(count).toMatch(/^200 /)
    await expect.poll(() => page.url()).not.toContain('window')
    const axis = page.locator('.days-axis')
    const box = await axis.boundingBox()
    await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 10)
    await page.mouse.wheel(0, -400)
    await expect.poll(count).not.toMatch(/^200 /)
    await close()
  })

  it('is walked with the keyboard, opens a session and comes back; filters apply', async () => {
    const { page, lanes, count, close } = await open()
    await lanes.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => lanes.getAttribute('aria-activedescendant')).toBe('lane-ses_s198')
    await page.keyboard.press('Enter')
    await page.getByRole('treegrid').waitFor()
    await expect.poll(() => page.url()).toContain('session=ses_s198')
    await page.goBack()
    await lanes.getByRole('option').nth(2).click()
    await page.getByRole('treegrid').waitFor()
    await expect.poll(() => page.url()).toContain('session=ses_s197')
    await page.goBack()
    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: /^plan/ }).check()
    await expect.poll(count).toMatch(/^100 sessions/)
    const query = await page.getByRole('link', { name: 'Show this query' }).getAttribute('href')
    expect(new URL(query ?? '').searchParams.get('query')).toContain('query Sessions(')
    await close()
  })
})
