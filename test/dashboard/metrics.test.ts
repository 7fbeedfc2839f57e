import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

/** An hour apart, from November 24th to 26th; what grows with the hour is what they cost. */
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
})
