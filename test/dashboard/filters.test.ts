import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM, openSite, painted, type Site, storeOfRecordings, violationsOf } from './browser.ts'

describe.skipIf(NO_CHROMIUM)(`the filters (need ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
  })
  afterAll(() => site?.close())

  /** Of the 13 sessions. */
  const isSome = (count: number) => count > 0 && count < 13

  const open = async (path = '/') => {
    const visit = await site.visit(path)
    const sessions = visit.page.getByRole('listbox', { name: 'Sessions' }).getByRole('option')
    await sessions.first().waitFor()
    return { ...visit, sessions }
  }

  /** Opens the picker after a first text has been found. */
  const openPicker = async () => {
    const visit = await open()
    const field = visit.page.getByRole('combobox', { name: /^Go to a session/ })
    const found = visit.page.getByRole('listbox', { name: /^Go to a session/ }).getByRole('option')
    await field.fill('démons')
    await found.first().waitFor()
    return { ...visit, field, found }
  }

  it('restrict the list by agent and status, stand in the URL, and go with Back', async () => {
    const { page, sessions, close } = await open()
    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: /^quality/ }).check()
    await expect.poll(() => sessions.count()).toSatisfy(isSome)
    const some = await sessions.count()
    await expect.poll(() => page.url()).toContain('agent=quality')
    const other = await open(page.url().slice(site.url.length))
    await expect.poll(() => other.sessions.count()).toBe(some)
    await other.close()
    await page.goBack()
    await expect.poll(() => sessions.count()).toBe(13)
    await page.goForward()
    await expect.poll(() => sessions.count()).toBe(some)
    await page.locator('summary', { hasText: 'Status' }).click()
    await page.getByRole('checkbox', { name: 'interrupted' }).check()
    await page.getByText('No session fits these filters').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await expect.poll(() => sessions.count()).toBe(13)
    await close()
  })

  it('say whose status it is where no session has it, and lead to the runs that do', async () => {
    for (const path of ['/?status=ERROR', '/?view=timeline&status=ERROR']) {
      const { page, close } = await site.visit(path)
      await page.getByText('The status of a session is that of its last turn.').waitFor()
      expect(await violationsOf(page)).toEqual([])
      await page.getByRole('link', { name: 'Runs with this status' }).click()
      await page.getByRole('link', { name: /^failed tester/ }).waitFor()
      expect(new URL(page.url()).searchParams.getAll('status')).toEqual(['ERROR'])
      await close()
    }
  })

  it('check a pattern while it is typed, mark its mistake and complete agents', async () => {
    const { page, sessions, close } = await open()
    const field = page.getByLabel('Pattern, such as')
    await field.fill('tester -> ]')
    await page.getByText(/^At character 11:/).waitFor()
    await expect.poll(() => page.locator('.pattern-marked mark').textContent()).toBe(']')
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    expect(await violationsOf(page)).toEqual([])
    expect(page.url()).not.toContain('pattern')
    await field.fill('coordinateur > exec')
    await page.getByRole('button', { name: 'executeur', exact: true }).click()
    await expect.poll(() => field.inputValue()).toBe('coordinateur > executeur')
    await expect.poll(() => page.url()).toContain('pattern=')
    await expect.poll(() => sessions.count()).toSatisfy(isSome)
    await close()
  })

  it('say of a pattern in a link that it is none, in the reader’s language, and offer no second try', async () => {
    const { page, close } = await site.visit('/?pattern=tester+%3D%3E+x', { locale: 'fr-FR' })
    const list = page.getByRole('navigation', { name: 'Sessions' }).getByRole('alert')
    await list.getByText('Ce motif n’est pas valable.').waitFor()
    await page.getByText('Au caractère 8 :', { exact: true }).waitFor()
    // Texts of the API are in English, and marked as such.
    await expect.poll(() => page.locator('[lang=en]').count()).toBe(2)
    for (const text of await page.locator('[lang=en]').allTextContents()) expect(text).toMatch(/^`=` belongs/)
    expect(await page.getByRole('button', { name: 'Réessayer' }).count()).toBe(0)
    await close()
  })

  /** Types two patterns, while the answers about the first one are held back. */
  const typeTwoPatterns = async (page: Page) => {
    const held: Route[] = []
    await page.route(`${site.url}/graphql`, async (route) => {
      if (route.request().postData()?.includes('"coordinateur"')) held.push(route)
      else await route.continue()
    })
    const field = page.getByLabel('Pattern, such as')
    await field.fill('coordinateur')
    // Two requests: the check for errors at once, and after a pause the one that decides whether to filter the list.
    await expect.poll(() => held.length).toBe(2)
    await field.fill('coordinateur > tester')
    return { field, held, pattern: () => new URL(page.url()).searchParams.get('pattern') }
  }

  it('leave what is typed alone when the answer to what stood there before comes late', async () => {
    const { page, close } = await open()
    const { field, held, pattern } = await typeTwoPatterns(page)
    for (const route of held) await route.continue()
    await expect.poll(pattern).toBe('coordinateur > tester')
    expect(await field.inputValue()).toBe('coordinateur > tester')
    await close()
  })

  it('search texts from the key "/", and by date', async () => {
    const { page, sessions, close } = await open()
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('/')
    await page.keyboard.type('connexion')
    await expect.poll(() => page.url()).toContain('text=connexion')
    await expect.poll(() => sessions.count()).toSatisfy(isSome)
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await expect.poll(() => sessions.count()).toBe(13)
    await page.getByLabel('Date').selectOption('custom')
    await page.getByLabel('From', { exact: true }).fill('2030-01-01')
    await page.getByText('No session fits these filters').waitFor()
    await close()
  })

  it('take a date that is typed digit by digit, and nothing that it is on the way there', async () => {
    const { page, sessions, close } = await open()
    await page.getByLabel('Date').selectOption('custom')
    const from = page.getByLabel('From', { exact: true })
    await from.focus()
    await page.keyboard.type('0102')
    const asked: string[] = []
    page.on('request', (request) => {
      if (/query Sessions\b/.test(request.postData() ?? '')) asked.push(request.postData() ?? '')
    })
    await page.keyboard.type('2030')
    await page.getByText('No session fits these filters').waitFor()
    expect(await from.inputValue()).toBe('2030-01-02')
    expect(asked.length).toBe(1)
    await page.goBack()
    await expect.poll(() => sessions.count()).toBe(13)
    await close()
  })

  it('understand every date that a link may have, and none that is beyond what a calendar has', async () => {
    for (const query of ['from=2001', 'from=no+date', 'to=-271821-04-20', 'from=%2B275760-09-13T00:00:00Z']) {
      const { sessions, errors, close } = await open(`/?${query}`)
      expect([await sessions.count(), errors]).toEqual([13, []])
      await close()
    }
  })

  it('show what a link restricts them to, though the history has none such, and let go of it', async () => {
    const { page, close } = await site.visit('/?project=elsewhere&agent=unheard-of')
    await page.getByText('No session fits these filters').waitFor()
    await expect.poll(() => page.getByLabel('Project').inputValue()).toBe('elsewhere')
    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: 'unheard-of' }).uncheck()
    await expect.poll(() => page.url()).not.toContain('agent=')
    await page.getByLabel('Project').selectOption({ label: 'Any project' })
    await expect.poll(() => page.getByRole('listbox', { name: 'Sessions' }).getByRole('option').count()).toBe(13)
    await close()
  })

  it('go by the pattern that was typed last, however late the answer to an earlier one comes', async () => {
    const { page, close } = await open()
    const { field, held, pattern } = await typeTwoPatterns(page)
    await expect.poll(pattern).toBe('coordinateur > tester')
    // The check for errors has been cancelled.
    const awaited = () => held.filter((route) => route.request().failure() === null)
    await expect.poll(() => awaited().length).toBe(1)
    for (const route of awaited()) {
      const answered = page.waitForResponse((response) => response.request() === route.request())
      await route.continue()
      await (await answered).finished()
    }
    // Whatever an answer changes is done before the page is painted twice.
    await painted(page)
    expect([pattern(), await field.inputValue()]).toEqual(['coordinateur > tester', 'coordinateur > tester'])
    await close()
  })

  it('take a pattern that could not be checked, of which is then said that it could not be asked for', async () => {
    const { page, close } = await open()
    await page.route(`${site.url}/graphql`, (route) => route.abort())
    await page.getByLabel('Pattern, such as').fill('coordinateur > tester')
    await expect.poll(() => new URL(page.url()).searchParams.get('pattern')).toBe('coordinateur > tester')
    await page.getByRole('navigation', { name: 'Sessions' }).getByText('delegraph can’t be reached.').waitFor()
    await page.unroute(`${site.url}/graphql`)
    await page.getByRole('navigation', { name: 'Sessions' }).getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('listbox', { name: 'Sessions' }).waitFor()
    await close()
  })

  it('say what is wrong with a text to search for where it is typed, and leave the list as it was', async () => {
    const { page, sessions, close } = await open()
    const field = page.getByRole('searchbox', { name: /^Search prompts/ })
    await field.fill('-connexion')
    await page.getByText(/^The query only excludes/).waitFor()
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    expect(await sessions.count()).toBe(13)
    expect(page.url()).not.toContain('text=')
    expect(await violationsOf(page)).toEqual([])
    await field.fill('connexion -introuvable')
    await expect.poll(() => page.url()).toContain('text=connexion')
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('false')
    await close()
  })

  it('have a text checked once, when the typing pauses, and not with every letter', async () => {
    const { page, close } = await open()
    const checked: unknown[] = []
    page.on('request', (request) => {
      const { query = '', variables } = JSON.parse(request.postData() ?? '{}')
      if (/query SearchText\b/.test(query)) checked.push(variables.query)
    })
    // Letter by letter within the page: keys pressed from here would be too far apart on a busy machine.
    await page.getByLabel('Search prompts').evaluate(async (field: HTMLInputElement) => {
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set
      for (let length = 1; length <= 'connexion'.length; length++) {
        set?.call(field, 'connexion'.slice(0, length))
        field.dispatchEvent(new Event('input', { bubbles: true }))
        // The page takes in each letter.
        await new Promise((resume) => setTimeout(resume))
      }
    })
    await expect.poll(() => new URL(page.url()).searchParams.get('text')).toBe('connexion')
    expect(checked).toEqual(['connexion'])
    await close()
  })

  it('leave the sessions that were there until the answer comes', async () => {
    const { page, sessions, close } = await open()
    const held: Route[] = []
    await page.route(`${site.url}/graphql`, async (route) => {
      if (/query Sessions\b/.test(route.request().postData() ?? '')) held.push(route)
      else await route.continue()
    })
    await page.locator('summary', { hasText: 'Agents' }).click()
    await page.getByRole('checkbox', { name: /^quality/ }).check()
    const list = page.getByRole('listbox', { name: 'Sessions' })
    await expect.poll(() => list.getAttribute('aria-busy')).toBe('true')
    await expect.poll(() => held.length).toBe(1)
    expect(await sessions.count()).toBe(13)
    for (const route of held) await route.continue()
    await expect.poll(() => list.getAttribute('aria-busy')).toBe('false')
    await expect.poll(() => sessions.count()).toSatisfy(isSome)
    await close()
  })

  it('find a session by its title or its id', async () => {
    const { page, field, found, close } = await openPicker()
    await field.fill('ses_df39e53caffeDkkr6Sz173ub9f')
    await expect.poll(() => found.count()).toBe(1)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('session=ses_df39e53caffeDkkr6Sz173ub9f')
    await close()
  })

  it('say that no session is called so where none is', async () => {
    const { page, field, found, close } = await openPicker()
    const none = page.getByText('No session is called so')
    await field.fill('nothing such')
    await none.waitFor()
    expect(await violationsOf(page)).toEqual([])
    await field.fill('ses_nothing')
    await none.waitFor()
    await field.fill('démon')
    await expect.poll(() => found.count()).toSatisfy(isSome)
    expect(await none.count()).toBe(0)
    await close()
  })

  it('go to the session that was typed, however soon Enter is pressed', async () => {
    const { page, field, close } = await openPicker()
    await field.fill('ses_df38cd60fffexwlnKzzFUP5Av7')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('session=ses_df38cd60fffexwlnKzzFUP5Av7')
    await expect.poll(() => field.inputValue()).toBe('')
    await close()
  })
})
