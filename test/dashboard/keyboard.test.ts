/** Uses the whole page by keyboard alone: no action may lose the focus. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

const focused = 'document.activeElement?.id || document.activeElement?.getAttribute("aria-label")'

describe.skipIf(NO_CHROMIUM)(`the keyboard (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    const samples = Array.from({ length: 120 }, (_, i) => ({
      id: `s${i}`,
      turns: [{ agent: 'build', calls: [{ agent: 'code review' }] }],
      with: { title: `Change number ${i}` },
    }))
    site = await openSite(await storeOf([makeForest(samples)]))
  })
  afterAll(() => site?.close())

  const open = async (path: string) => {
    const visit = await site.visit(path)
    const focusIs = (name: string | null) => expect.poll(() => visit.page.evaluate(focused)).toBe(name)
    return { ...visit, focusIs }
  }

  it('goes on in what is shown next when a link or a button leads there, and in a panel that shows something else', async () => {
    const { page, focusIs, close } = await open('/?view=metrics')
    await page.locator('.trace-link').first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('treegrid').waitFor()
    await focusIs('content')
    await page.getByRole('row', { name: /code review/ }).click()
    await page.getByRole('navigation', { name: 'Path' }).getByRole('link', { name: 'build' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: 'build' }).waitFor()
    await focusIs('details')
    await close()
  })

  it('copies what a dialog shows, and stays on the button, where the browser gives no clipboard', async () => {
    const { page, focusIs, close } = await open('/health')
    await page.addInitScript(`
      Object.defineProperty(navigator, 'clipboard', { value: undefined })
      document.addEventListener('copy', ({ target }) => {
        window.copied = target.value?.slice(target.selectionStart, target.selectionEnd)
      })
    `)
    await page.goto(site.url)
    await page.getByRole('button', { name: 'Open in a terminal' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Copy: Command' }).focus()
    await page.keyboard.press('Enter')
    await dialog.getByText('Copied').waitFor()
    expect(await page.evaluate('window.copied')).toBe(await dialog.locator('code').textContent())
    await focusIs('Copy: Command')
    await close()
  })

  it('copies as of old what the clipboard refuses, and says so where the browser refuses that as well', async () => {
    const { page, focusIs, close } = await open('/health')
    await page.addInitScript(`
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))
      document.execCommand = () => window.allowed === true
    `)
    await page.goto(site.url)
    const copy = page.getByRole('button', { name: 'Copy: Prompt' })
    await copy.press('Enter')
    await copy.getByText('Refused by the browser').waitFor()
    await focusIs('Copy: Prompt')
    await page.evaluate('window.allowed = true')
    await copy.press('Enter')
    await copy.getByText('Copied').waitFor()
    await close()
  })

  it('keeps its place on a button that has nothing more to do', async () => {
    const { page, focusIs, close } = await open('/')
    await page.getByRole('button', { name: 'Zoom in' }).press('Enter')
    const out = page.getByRole('button', { name: 'Zoom out' })
    await out.press('Enter')
    await expect.poll(() => out.getAttribute('aria-disabled')).toBe('true')
    await focusIs('Zoom out')
    expect(await violationsOf(page, 'color-contrast')).toEqual([])
    await page.goto(`${site.url}/?view=patterns&pattern=build`)
    const more = page.getByRole('button', { name: 'Show more' })
    await more.focus()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/graphql', async (route) => {
      await held
      await route.continue()
    })
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Loading…', disabled: true }).waitFor()
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Loading…')
    release()
    await page.getByText('120 of').waitFor({ state: 'detached' })
    await close()
  })

  it('goes on at the first filter when all are cleared', async () => {
    const { page, focusIs, close } = await open('/?agent=build')
    await page.getByRole('button', { name: 'Clear', exact: true }).press('Enter')
    await focusIs('filter-text')
    await close()
  })

  it('completes an agent of two words in quotes, and goes on in the field', async () => {
    const { page, focusIs, close } = await open('/')
    const field = page.getByRole('textbox', { name: /^Pattern/ })
    for (const typed of ['build > co', 'build > "co']) {
      await field.fill(typed)
      await page.getByRole('button', { name: 'code review', exact: true }).press('Enter')
      expect(await field.inputValue()).toBe('build > "code review"')
      await focusIs('Pattern, such as tester -> quality')
      await expect.poll(() => new URL(page.url()).searchParams.get('pattern')).toBe('build > "code review"')
    }
    await close()
  })

  it('keeps the session that is to be chosen in sight, and closes the list when it goes on', async () => {
    const { page, focusIs, close } = await open('/')
    const field = page.getByRole('combobox', { name: /^Go to a session/ })
    await field.fill('change')
    const found = page.getByRole('listbox', { name: /^Go to a session/ })
    await expect.poll(() => found.getByRole('option').count()).toBe(12)
    for (let i = 0; i < 11; i++) await page.keyboard.press('ArrowDown')
    const isInSight = () =>
      found.evaluate((list) => {
        const edge = list.getBoundingClientRect()
        const active = list.querySelector('[aria-selected="true"]')?.getBoundingClientRect()
        return active !== undefined && active.top >= edge.top && active.bottom <= edge.bottom
      })
    await expect.poll(isInSight).toBe(true)
    await page.keyboard.press('Tab')
    await focusIs('Sessions')
    await found.waitFor({ state: 'hidden' })
    await close()
  })

  it('leaves keys with Ctrl to the browser', async () => {
    const { page, focusIs, close } = await open('/')
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('Control+/')
    await focusIs('Tree of delegations')
    await close()
  })
})
