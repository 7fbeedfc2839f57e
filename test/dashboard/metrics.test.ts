import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import {
  CHROMIUM,
  NO_CHROMIUM,
  openSite,
  painted,
  pretendDays,
  type Site,
  storeOf,
  violationsOf,
  watchShifts,
} from './browser.ts'

/** Sessions an hour apart, from 24 to 26 November, whose cost grows with the hour. */
const all = makeForest(
  Array.from({ length: 60 }, (_, hour) => ({
    id: String(hour),
    turns: [{ agent: 'build', calls: Array.from({ length: 1 + (hour >> 4) }, () => ({ agent: 'tester' })) }],
  })),
)
const dayOf = ({ startedMs }: { startedMs: number }) => new Date(startedMs).toISOString().slice(0, 10)
const isOfThem = (of: { startedMs: number }) => dayOf(of) !== '2026-11-25'
const sessions = all.sessions.filter(isOfThem)
const forest = { sessionIds: sessions.map(({ id }) => id), sessions, traces: all.traces.filter(isOfThem) }
const costOf = (day: string) =>
  forest.traces.filter((trace) => dayOf(trace) === day).reduce((sum, { own }) => sum + own.cost, 0)

describe.skipIf(NO_CHROMIUM)(`the metrics of several days (need ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOf([forest]))
  })
  afterAll(() => site?.close())

  it('are drawn day by day, those on which nothing ran among them, as high as what they cost', async () => {
    const { page, errors, close } = await site.visit('/?view=metrics')
    const drawn = page.getByRole('region', { name: 'By day' }).getByRole('img')
    await drawn.waitFor()
    expect(await drawn.getAttribute('aria-label')).toMatch(
      /^Cost by day, from Nov 24, 2026 to Nov 26, 2026; \$[\d.]+ at the most$/,
    )
    const days = drawn.locator('.daily-day')
    expect((await days.locator('title').allTextContents()).map((title) => title.replace(/:.*/, ''))).toEqual([
      'Nov 24, 2026',
      'Nov 25, 2026',
      'Nov 26, 2026',
    ])
    const [first = 0, none, last = 0] = await days
      .locator('rect:not(.daily-room)')
      .evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().height))
    expect(none).toBe(0)
    expect(first / last).toBeCloseTo(costOf('2026-11-24') / costOf('2026-11-26'), 2)
    expect(last).toBeGreaterThan(80)
    expect(await violationsOf(page)).toEqual([])
    expect(errors).toEqual([])
    await close()
  })

  it('are asked for side by side, and do not jump as they come', async () => {
    const { page, close } = await site.visit('/health')
    const shifts = await watchShifts(page)
    const others = /query (UsageBy|Traces|Anomalies)\b/
    const asked: string[] = []
    const held: (() => Promise<void>)[] = []
    await page.route(`${site.url}/graphql`, (route) => {
      const body = route.request().postData() ?? ''
      if (/query AgentStatistics\b/.test(body)) held.push(() => route.continue())
      else if (others.test(body)) {
        asked.push(body)
        held.push(() => route.continue())
      } else return route.continue()
    })
    await page.goto(`${site.url}/?view=metrics`)
    await expect.poll(() => asked.length).toBe(5)
    for (const release of held) {
      const answered = page.waitForResponse(`${site.url}/graphql`)
      await release()
      await (await answered).finished()
      await shifts()
    }
    await page.getByRole('region', { name: 'Not as usual' }).waitFor()
    await expect.poll(() => page.locator('.spinner').count()).toBe(0)
    expect(await shifts()).toEqual([])
    await close()
  })

  it('are marked as those of earlier filters until the last of them is there', async () => {
    const { page, close } = await site.visit('/?view=metrics')
    await page.getByRole('region', { name: 'Not as usual' }).waitFor()
    await expect.poll(() => page.locator('.spinner').count()).toBe(0)
    const shown = page.locator('main > .scroller')
    expect(await shown.getAttribute('aria-busy')).toBe('false')
    const held: (() => Promise<void>)[] = []
    await page.route(`${site.url}/graphql`, (route) => {
      if (/query Anomalies\b/.test(route.request().postData() ?? '')) held.push(() => route.continue())
      else return route.continue()
    })
    const statistics = page.waitForResponse((response) =>
      /query AgentStatistics\b/.test(response.request().postData() ?? ''),
    )
    await page.locator('summary', { hasText: 'Status' }).click()
    await page.getByRole('checkbox', { name: 'completed' }).check()
    await (await statistics).finished()
    await painted(page)
    expect(await shown.getAttribute('aria-busy')).toBe('true')
    for (const release of held) await release()
    await expect.poll(() => shown.getAttribute('aria-busy')).toBe('false')
    await close()
  })

  it('name those at work the longest whole, with the session of each turn', async () => {
    const { page, close } = await site.visit('/health')
    const agent = 'wrapper-around-the-reviewer-of-migrations'
    await page.route('**/graphql', async (route) => {
      if (!/query Traces\b/.test(route.request().postData() ?? '')) return route.continue()
      const response = await route.fetch()
      const { data } = await response.json()
      const [first, ...rest] = data.traces.nodes
      data.traces.nodes = [{ ...first, agent }, ...rest]
      await route.fulfill({ response, json: { data } })
    })
    const busy = page.getByRole('region', { name: /^The longest at work/ })
    for (const width of [1440, 1024, 390, 320]) {
      await page.setViewportSize({ width, height: 844 })
      await page.goto(`${site.url}/?view=metrics`)
      await busy.getByText(agent).waitFor()
      const cut = await busy
        .locator('.agent-text')
        .evaluateAll((names) => names.filter((name) => name.scrollWidth > name.clientWidth + 1).length)
      expect(cut, `${width} pixels`).toBe(0)
    }
    await busy
      .getByRole('link', { name: /^build Session \d+$/ })
      .first()
      .waitFor()
    await close()
  })

  it('offer the rest of many days under their table, and write no date over another, however wide', async () => {
    const { page, close } = await site.visit('/health')
    const dayAfter = (days: number) => new Date(Date.UTC(2026, 0, 1 + days)).toISOString().slice(0, 10)
    await pretendDays(page, ([day]) => Array.from({ length: 360 }, (_, days) => ({ ...day, key: dayAfter(days) })))
    await page.goto(`${site.url}/?view=metrics`)
    const card = page.getByRole('region', { name: 'By day' })
    const leftOf = (part: Locator) => part.evaluate((element) => element.getBoundingClientRect().left)
    expect(await leftOf(card.getByRole('button', { name: 'Show all 360' }))).toBe(await leftOf(card.getByRole('table')))
    await card.getByRole('button', { name: 'Show all 360' }).press('Enter')
    await expect.poll(() => card.locator('tbody tr').count()).toBe(360)
    // The latest days come first; the thirteenth is the first hidden one.
    await expect.poll(() => page.evaluate('document.activeElement?.firstChild?.textContent')).toBe('Dec 14, 2026')
    const dates = card.locator('.daily-dates')
    const spans = () =>
      dates.evaluate((axis) =>
        [...axis.children, axis].map((each) => {
          const { left, right } = each.getBoundingClientRect()
          return each === axis ? { left: right } : { left, right }
        }),
      )
    const overlaps = async () => {
      const all = await spans()
      return all.filter(({ right }, at) => right !== undefined && right > (all[at + 1]?.left ?? 0))
    }
    for (const width of [1440, 720, 400]) {
      await page.setViewportSize({ width, height: 820 })
      await expect.poll(overlaps, { message: `${width} pixels` }).toEqual([])
      expect((await spans()).length).toBeGreaterThan(3)
    }
    await close()
  })
})
