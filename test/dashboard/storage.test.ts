import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings } from './browser.ts'

const TOKEN = 'correct horse'

/** As with blocked cookies: the browser denies pages all storage. */
const NO_STORAGE = `Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('Access is denied for this document.', 'SecurityError') },
})`

/** The storage is full. */
const FULL_STORAGE = `Storage.prototype.setItem = () => {
  throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
}`

describe.skipIf(NO_CHROMIUM)(`the page in a browser that keeps nothing (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings(), { token: TOKEN })
  })
  afterAll(() => site?.close())

  for (const [how, script] of [
    ['gives it no storage', NO_STORAGE],
    ['has no room left', FULL_STORAGE],
  ] as const)
    it(`is shown where that ${how}, and knows for this visit what it would keep longer`, async () => {
      const { page, errors, close } = await site.visit('/health')
      await page.addInitScript(script)
      await page.goto(site.url)
      await page.getByLabel('Token').fill(TOKEN)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('treegrid').waitFor()
      await page.getByLabel('Theme').selectOption('dark')
      await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark')
      const splitter = page.getByRole('separator')
      await splitter.focus()
      await page.keyboard.press('End')
      await expect.poll(() => splitter.getAttribute('aria-valuenow')).toBe('20')
      expect(errors).toEqual([])
      await close()
    })
})
