import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings, violationsOf } from './browser.ts'

/** Two of the bundled recordings. */
const FIRST = 'ses_df39e53caffeDkkr6Sz173ub9f'
const SECOND = 'ses_df38cd60fffexwlnKzzFUP5Av7'
/** Another one, whose OpenCode process was killed. */
const INTERRUPTED = 'ses_df3979d5dffeNRfmPRgf2k4pmA'

describe.skipIf(NO_CHROMIUM)(`two sessions side by side (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  it('are chosen from a session and by id, stand in the URL, and say what only one of them has', async () => {
    const { page, elsewhere, errors, close } = await site.visit(`/?session=${FIRST}`)
    await page.getByRole('region', { name: 'Tree of delegations' }).getByRole('link', { name: 'Compare' }).click()
    await page.getByText('Choose two sessions').waitFor()
    expect(await violationsOf(page)).toEqual([])
    const field = page.getByRole('combobox', { name: /^Second session/ })
    await field.fill(SECOND)
    await page
      .getByRole('listbox', { name: /^Second session/ })
      .getByRole('option')
      .waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('2 traces only in the first, 2 traces only in the second').waitFor()
    await expect.poll(() => new URL(page.url()).searchParams.get('with')).toBe(SECOND)
    const rows = page.getByRole('table', { name: 'Trace by trace' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(7)
    const shown = () =>
      rows.evaluateAll((all) =>
        all
          .slice(1)
          .map((row) => [
            row.querySelector('.agent-text')?.textContent,
            row.querySelector('.compare-only')?.textContent ?? 'both',
          ]),
      )
    await expect.poll(shown).toEqual([
      ['coordinateur', 'both'],
      ['tester', '+ only in the second'],
      ['executeur', 'both'],
      ['tester', '− only in the first'],
      ['executeur', '− only in the first'],
      ['coordinateur', '+ only in the second'],
    ])
    const agents = page.getByRole('group', { name: 'By agent' })
    const differences = await page
      .locator('.compare-difference')
      .evaluateAll((cells) => cells.map((cell) => [cell.textContent, cell.getAttribute('title')]))
    const same = differences.filter(([shown]) => shown === '=')
    expect(same).toEqual(same.map(() => ['=', null]))
    expect(same).not.toEqual([])
    await expect.poll(() => agents.getByRole('row', { name: /^executeur/ }).textContent()).toMatch(/^executeur21−1/)
    expect(await violationsOf(page)).toEqual([])
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('are swapped, measured otherwise, and lead to their traces and back', async () => {
    const { page, close } = await site.visit(`/?view=compare&session=${FIRST}&with=${SECOND}`, { colorScheme: 'dark' })
    const table = page.getByRole('table', { name: 'Trace by trace' })
    const row = table.getByRole('row').filter({ hasText: 'Finaliser documentation' })
    await row.getByText('− only in the first').waitFor()
    await page.getByText('Cost', { exact: true }).last().click()
    await row.getByText(/^−\$/).waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Swap them' }).click()
    await row.getByText('+ only in the second').waitFor()
    await expect.poll(() => new URL(page.url()).searchParams.get('session')).toBe(SECOND)
    await row.getByRole('link').click()
    await page.getByRole('region', { name: 'Details' }).getByText('Finaliser documentation').waitFor()
    await expect.poll(() => new URL(page.url()).searchParams.get('session')).toBe(FIRST)
    await page.goBack()
    await row.getByText('+ only in the second').waitFor()
    const query = await page.getByRole('link', { name: 'Show this query' }).getAttribute('href')
    expect(new URL(query ?? '').searchParams.get('query')).toContain('query CompareSessions(')
    await page.setViewportSize({ width: 512, height: 384 })
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(512)
    await page.setViewportSize({ width: 400, height: 800 })
    const heads = page.getByRole('group', { name: 'As a whole' }).getByRole('rowheader')
    const heights = await heads.evaluateAll((all) => all.map((head) => head.clientHeight))
    expect(heights).toHaveLength(5)
    // No row is wrapped into two lines.
    expect(Math.max(...heights)).toBeLessThan(40)
    await close()
  })

  it('have room for all of their figures, however wide the window, where dates have their years', async () => {
    const { page, close } = await site.visit('/health')
    await page.clock.setFixedTime('2031-01-01T00:00:00.000Z')
    await page.goto(`${site.url}/?view=compare&session=${FIRST}&with=${SECOND}`)
    const tables = page.locator('.compare-cards .wide-table')
    await expect.poll(() => tables.count()).toBe(2)
    for (const width of [1250, 1400, 1600]) {
      await page.setViewportSize({ width, height: 800 })
      const cut = () => tables.evaluateAll((all) => all.filter((table) => table.scrollWidth > table.clientWidth).length)
      expect({ width, cut: await cut() }).toEqual({ width, cut: 0 })
    }
    await close()
  })

  it('count what was interrupted until it was last heard of, as the tree does', async () => {
    const { page, close } = await site.visit(`/?view=compare&session=${INTERRUPTED}&with=${SECOND}`)
    const rows = page.getByRole('table', { name: 'Trace by trace' }).getByRole('row')
    const interrupted = rows.filter({ has: page.getByRole('img', { name: 'interrupted' }) })
    await interrupted.first().waitFor()
    expect(await interrupted.allTextContents()).not.toContainEqual(expect.stringMatching(/\b0ms/))
    await close()
  })

  it('say when one of them does not exist', async () => {
    const { page, close } = await site.visit(`/?view=compare&session=${FIRST}&with=ses_none`)
    await page.getByText('There is no such session').waitFor()
    expect((await page.locator('.compare-title').last().textContent())?.trim()).toBe('ses_none')
    await close()
  })
})
