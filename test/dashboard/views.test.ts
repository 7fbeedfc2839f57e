import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Visit } from '../chromium.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings, violationsOf } from './browser.ts'

describe.skipIf(NO_CHROMIUM)(`metrics and patterns (need ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  it('show what each agent spent and how it does, and lead from an anomaly to its trace', async () => {
    const { page, elsewhere, errors, close } = await site.visit('/')
    await page.getByRole('link', { name: 'Metrics' }).click()
    const agents = page.getByRole('region', { name: /^Agents/ })
    await expect.poll(() => agents.getByRole('row', { name: /^tester/ }).textContent()).toMatch(/^tester11/)
    await page
      .getByRole('region', { name: 'By agent' })
      .getByRole('row', { name: /^coordinateur/ })
      .waitFor()
    for (const by of ['Day', 'Agent', 'Model'])
      await page
        .getByRole('region', { name: `By ${by.toLowerCase()}` })
        .getByRole('columnheader', { name: by })
        .waitFor()
    await page.getByRole('link', { name: /^failed tester/ }).waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('link', { name: /^failed tester/ }).click()
    await page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: 'tester' }).waitFor()
    await page.getByRole('region', { name: 'What went wrong' }).waitFor()
    await page.goBack()
    await agents.waitFor()
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('say in the reader’s language what is not as usual, and how an error put it', async () => {
    const { page, close } = await site.visit('/?view=metrics', { locale: 'fr-FR' })
    const unusual = page.getByRole('region', { name: 'Inhabituel' }).getByRole('listitem')
    await unusual.first().waitFor()
    const said = (kind: RegExp) => async () => (await unusual.allTextContents()).filter((text) => kind.test(text))
    await expect
      .poll(said(/^coûteux/))
      .toContainEqual(
        expect.stringMatching(
          /^coûteux\S+a coûté [\d,]+\s\$, avec tout ce qui est dessous ; la médiane de ses \d+ exécutions est de [\d,]+\s\$\s?24 nov\./,
        ),
      )
    await expect.poll(said(/^échoué/)).toContainEqual(expect.stringMatching(/^échoué\w+Error: /))
    await close()
  })

  it('show the matches of a pattern as chains, each step one click from its trace', async () => {
    const { page, close } = await site.visit('/?view=patterns')
    await page.getByText('No pattern to search for').waitFor()
    await page.getByLabel('Pattern, such as').fill('executeur > tester')
    await page.getByText(/^\d+ match/).waitFor()
    expect(await violationsOf(page)).toEqual([])
    const step = page.getByRole('listitem').filter({ hasText: 'called' }).first().getByRole('link', { name: 'tester' })
    await step.click()
    await page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: 'tester' }).waitFor()
    await close()
  })

  it('say so where their code can’t be had, and leave the rest of the page to be used', async () => {
    const { page, close } = await site.visit('/')
    await page.getByRole('treegrid').waitFor()
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.getByRole('link', { name: 'Metrics' }).click()
    await page.getByRole('alert').getByText('This part of the page can’t be shown.').waitFor()
    expect(await page.title()).toBe('Metrics – delegraph')
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('link', { name: 'Sessions' }).click()
    await page.getByRole('treegrid').waitFor()
    await page.getByRole('link', { name: 'Metrics' }).click()
    await page.unroute('**/assets/*.js')
    await page.getByRole('alert').getByRole('button', { name: 'Reload the page' }).click()
    await page.getByRole('region', { name: /^Agents/ }).waitFor()
    await close()
  })

  it('show texts raw where the code that formats them can’t be had', async () => {
    const { page, close } = await site.visit('/health')
    // React reports errors that a boundary catches on the console.
    const heldUp = page.waitForEvent('console', (message) => /dynamically imported/.test(message.text()))
    await page.route('**/assets/markdown-*.js', (route) => route.abort())
    await page.goto(site.url)
    await heldUp
    await page.getByRole('region', { name: 'Prompt' }).locator('pre.raw').waitFor()
    expect(await page.getByRole('treegrid').count()).toBe(1)
    await close()
  })

  it('call the page after what they show', async () => {
    const { page, close } = await site.visit('/?session=ses_df39e53caffeDkkr6Sz173ub9f')
    await expect.poll(() => page.title()).toBe('Session de démonstration – delegraph')
    await page.getByRole('link', { name: 'Metrics' }).click()
    await expect.poll(() => page.title()).toBe('Metrics – delegraph')
    await page.goBack()
    await expect.poll(() => page.title()).toBe('Session de démonstration – delegraph')
    await close()
  })

  it('go on where the browser takes no more changes of the address, which follows once it does', async () => {
    const { page, errors, close } = await site.visit('/health')
    await page.clock.install()
    await page.addInitScript(`
      for (const change of ['pushState', 'replaceState']) {
        const take = history[change].bind(history)
        history[change] = (...all) => {
          if (window.isLimited) throw new DOMException('Too many calls', 'SecurityError')
          take(...all)
        }
      }
    `)
    await page.goto(site.url)
    const chosen = page.getByRole('listbox', { name: 'Sessions' }).locator('[aria-selected=true]')
    await expect.poll(() => new URL(page.url()).searchParams.get('session')).not.toBeNull()
    await page.evaluate('window.isLimited = true')
    const [before, address] = [await chosen.getAttribute('id'), page.url()]
    await page.getByRole('listbox', { name: 'Sessions' }).press('ArrowDown')
    await expect.poll(() => chosen.getAttribute('id')).not.toBe(before)
    await page.getByRole('link', { name: 'Metrics' }).click()
    await page.getByRole('heading', { name: 'Metrics' }).waitFor()
    expect([page.url(), errors]).toEqual([address, []])
    await page.evaluate('window.isLimited = false')
    await page.clock.fastForward(5_000)
    await expect.poll(() => new URL(page.url()).searchParams.get('view')).toBe('metrics')
    await close()
  })

  it('give an agent the same colour in every view and every browser', async () => {
    const { page, close } = await site.visit('/?view=metrics')
    const hueOf = async (agent: string, { page: at }: Pick<Visit, 'page'> = { page }) => {
      const name = at.locator('main .agent', { hasText: new RegExp(`^${agent}$`) }).first()
      await name.waitFor()
      return name.evaluate((element) => element.style.getPropertyValue('--hue'))
    }
    const hue = await hueOf('tester')
    expect(hue).not.toBe(await hueOf('executeur'))
    const elsewhere = await site.visit('/?view=patterns&pattern=executeur+%3E+tester')
    expect(await hueOf('tester', elsewhere)).toBe(hue)
    await elsewhere.close()
    await close()
  })
})
