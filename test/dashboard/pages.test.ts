/** Lists of anomalies and of matches with more than one page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

const SESSIONS = 130

describe.skipIf(NO_CHROMIUM)(`long lists of metrics and patterns (need ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    const failed = { status: 'ERROR', error: { name: 'APIError', message: 'no answer' } } as const
    const samples = Array.from({ length: SESSIONS }, (_, index) => ({
      id: `s${index}`,
      turns: [{ agent: 'build', calls: [{ agent: 'tester', with: failed }] }],
    }))
    site = await openSite(await storeOf([makeForest(samples)]))
  })
  afterAll(() => site?.close())

  it('show more of what is not as usual when asked, beside how the runs spread and fail', async () => {
    const { page, elsewhere, errors, close } = await site.visit('/?view=metrics', { colorScheme: 'dark' })
    const anomalies = page.getByRole('region', { name: 'Not as usual' })
    const items = anomalies.getByRole('listitem')
    await expect.poll(() => items.count()).toBe(50)
    await anomalies.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => items.count()).toBe(100)
    await anomalies.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => items.count()).toBe(SESSIONS)
    await expect.poll(() => anomalies.getByRole('button', { name: 'Show more' }).count()).toBe(0)

    const rates = page.getByRole('region', { name: 'How often they fail' })
    await expect.poll(() => rates.getByRole('row', { name: /^tester/ }).textContent()).toMatch(/^tester130130100%/)
    const spread = page.getByRole('region', { name: 'How the runs spread' })
    const band = spread.locator('.spread-p50').first()
    const before = await spread.getByRole('row', { name: /^build/ }).textContent()
    await expect.poll(() => band.count()).toBe(1)
    await spread.getByText('Tokens').click()
    await expect.poll(() => spread.getByRole('row', { name: /^build/ }).textContent()).not.toBe(before)
    expect(await violationsOf(page)).toEqual([])
    await page
      .getByRole('region', { name: /^The longest at work/ })
      .getByRole('link', { name: /^build/ })
      .first()
      .click()
    await page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: 'build' }).waitFor()
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('say why no more of them could be had, and ask again when they are told to', async () => {
    const { page, close } = await site.visit('/?view=patterns&pattern=build+%3E+tester')
    const matches = page.locator('.match')
    await expect.poll(() => matches.count()).toBe(100)
    await page.route('**/graphql', (route) => route.fulfill({ json: { errors: [{ message: 'It took too long.' }] } }))
    const more = page.getByRole('button', { name: 'Show more' })
    await more.press('Enter')
    await page.getByRole('alert').getByText('It took too long.').waitFor()
    expect(await matches.count()).toBe(100)
    await page.unroute('**/graphql')
    await more.press('Enter')
    await expect.poll(() => matches.count()).toBe(130)
    await close()
  })

  it('show more matches of a pattern when asked', async () => {
    const { page, close } = await site.visit('/?view=patterns&pattern=build+%3E+tester')
    await page.getByText(/^130 matches/).waitFor()
    const matches = page.locator('.match')
    await expect.poll(() => matches.count()).toBe(100)
    await page.getByText('100 of 130').waitFor()
    await page.getByRole('button', { name: 'Show more' }).press('Enter')
    await expect.poll(() => matches.count()).toBe(130)
    await expect.poll(() => page.getByRole('button', { name: 'Show more' }).count()).toBe(0)
    // The button is gone, but the focus has not been lost.
    await expect.poll(() => page.locator(':focus').textContent()).toBe('130 of 130')
    await close()
  })
})
