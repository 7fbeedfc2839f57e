import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

describe.skipIf(NO_CHROMIUM)(`the dashboard of a delegraph with a token (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    const forest = makeForest([{ id: 'one', turns: [{ agent: 'build' }] }])
    site = await openSite(await storeOf([forest]), { token: 'secret' })
  })
  afterAll(() => site?.close())

  it('asks for it, again when it is wrong, and not after that', async () => {
    const { page, close } = await site.visit('/')
    const field = page.getByLabel('Token')
    await field.waitFor()
    expect(await violationsOf(page)).toEqual([])
    await field.fill('guess')
    await page.keyboard.press('Enter')
    await expect.poll(() => field.inputValue().catch(() => 'away')).toBe('')
    await field.fill('secret')
    await page.keyboard.press('Enter')
    await page.getByRole('treegrid').waitFor()
    await page.reload()
    await page.getByRole('treegrid').waitFor()
    await close()
  })

  it('takes the one that is given in another tab, in place of one that it used until then as well', async () => {
    const { page, close } = await site.visit('/')
    const other = await page.context().newPage()
    await other.goto(site.url)
    await other.getByLabel('Token').waitFor()
    await page.getByLabel('Token').fill('secret')
    await page.keyboard.press('Enter')
    for (const tab of [page, other]) {
      await tab.getByRole('treegrid').waitFor()
      await tab.getByText('Live', { exact: true }).waitFor()
    }
    // The server restarts with another token. It is entered in one tab, and the other uses it, too.
    const kept = `localStorage.getItem('delegraph.token')`
    const isOld = (headers: Record<string, string>) => headers.authorization === 'Bearer secret'
    const refusal = { errors: [{ message: 'Another token, please.', extensions: { code: 'UNAUTHENTICATED' } }] }
    await page.context().route(`${site.url}/graphql`, (route) => {
      const headers = route.request().headers()
      if (isOld(headers)) return route.fulfill({ status: 401, json: refusal })
      return route.continue({ headers: { ...headers, authorization: 'Bearer secret' } })
    })
    await page.evaluate(`localStorage.setItem('delegraph.token', 'another')`)
    site.cut()
    await other.waitForRequest((request) => request.headers().authorization === 'Bearer another')
    await other.getByText('Live', { exact: true }).waitFor()
    expect(await other.evaluate(kept)).toBe('another')
    await close()
  })

  it('keeps the one that was given when the refusal of what was asked before comes late', async () => {
    const { page, close } = await site.visit('/health')
    const held: (() => Promise<void>)[] = []
    await page.route(`${site.url}/graphql`, async (route) => {
      const isEarly = route.request().headers().authorization === undefined
      if (isEarly && /query TreeRows\b/.test(route.request().postData() ?? '')) held.push(() => route.continue())
      else await route.continue()
    })
    await page.goto(`${site.url}/?session=ses_one`)
    await page.getByLabel('Token').fill('secret')
    await expect.poll(() => held.length).toBe(1)
    await page.keyboard.press('Enter')
    const late = page.waitForEvent('requestfinished', (request) => request.headers().authorization === undefined)
    await Promise.all(held.map((release) => release()))
    await late
    await page.getByRole('treegrid').waitFor()
    expect(await page.evaluate('localStorage.getItem("delegraph.token")')).toBe('secret')
    await close()
  })

  it('follows the changes once it is given, though the page was refused before it was drawn', async () => {
    const { page, close } = await site.visit('/health')
    const held: (() => Promise<void>)[] = []
    await page.route(/\/assets\/draw-/, (route) => {
      held.push(() => route.continue())
    })
    const refused = page.waitForResponse((response) =>
      /subscription Changes\b/.test(response.request().postData() ?? ''),
    )
    const loaded = page.goto(site.url)
    await (await refused).finished()
    await expect.poll(() => held.length).toBeGreaterThan(0)
    await Promise.all(held.map((release) => release()))
    await loaded
    await page.getByLabel('Token').fill('secret')
    await page.keyboard.press('Enter')
    await page.getByText('Live', { exact: true }).waitFor()
    await close()
  })

  it('asks for it as soon as a delegraph that was started again wants one, though nothing else is asked of it', async () => {
    const { page, close } = await site.visit('/')
    await page.getByLabel('Token').fill('secret')
    await page.keyboard.press('Enter')
    await page.getByText('Live', { exact: true }).waitFor()
    const refusal = { errors: [{ message: 'Another token, please.', extensions: { code: 'UNAUTHENTICATED' } }] }
    await page.route(`${site.url}/graphql`, (route) => route.fulfill({ status: 401, json: refusal }))
    site.cut()
    await page.getByLabel('Token').waitFor()
    expect(await page.evaluate('document.activeElement?.type')).toBe('password')
    await page.unroute(`${site.url}/graphql`)
    await page.getByLabel('Token').fill('secret')
    await page.keyboard.press('Enter')
    await page.getByText('Live', { exact: true }).waitFor()
    await close()
  })
})
