import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { NO_CHROMIUM, openSite, type Site, storeOf } from './browser.ts'

describe.skipIf(NO_CHROMIUM)('the first view', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(await storeOf([makeForest([{ id: 'one', turns: [{ agent: 'lead' }] }])]))
  })
  afterAll(() => site.close())

  /** The operations that the page sends before the code that draws is loaded, and how often it sends each in total. */
  async function operations(path: string, until: readonly string[]) {
    const { page, close } = await site.visit('/health')
    const sent: string[] = []
    page.on('request', (request) => {
      const operation = /query (\w+)/.exec(request.postData() ?? '')?.[1]
      if (operation !== undefined) sent.push(operation)
    })
    const held: (() => Promise<void>)[] = []
    await page.route(/\/assets\/draw-/, (route) => {
      held.push(() => route.continue())
    })
    const loaded = page.goto(`${site.url}${path}`)
    await expect.poll(() => sent).toEqual(until)
    await expect.poll(() => held.length).toBeGreaterThan(0)
    await Promise.all(held.map((release) => release()))
    await loaded
    await page.locator('.tree-row').first().waitFor()
    await close()
    return sent
  }

  it('asks for its data before the code that draws has been read, and once', async () => {
    const sent = await operations('/', ['Sessions'])
    expect(sent.filter((operation) => operation === 'Sessions')).toHaveLength(1)
  })

  it('asks at once for the session that a link names', async () => {
    const sent = await operations('/?session=ses_one', ['Sessions', 'TreeRows'])
    expect(sent.filter((operation) => operation === 'TreeRows')).toHaveLength(1)
  })

  it('asks for no list that its view does not show', async () => {
    const { page, close } = await site.visit('/health')
    const sent: string[] = []
    page.on('request', (request) => sent.push(/query (\w+)/.exec(request.postData() ?? '')?.[1] ?? ''))
    await page.goto(`${site.url}/?view=metrics`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(sent).not.toContain('Sessions')
    await close()
  })
})
