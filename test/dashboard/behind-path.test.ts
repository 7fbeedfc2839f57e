/** The page and GraphiQL behind a proxy that serves delegraph under a path, which it strips from requests. */
import { createServer, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, visit } from '../chromium.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOfRecordings } from './browser.ts'

const PATH = '/agents'

/** A proxy that passes on the Host header, as the command recommends. Paths outside its own are not found. */
async function proxyTo(url: string): Promise<{ origin: string; close: () => void }> {
  const proxy = createServer((asked, answered) => {
    if (!asked.url?.startsWith(`${PATH}/`)) return answered.writeHead(404).end()
    const passed = request(new URL(asked.url.slice(PATH.length), url), { method: asked.method, headers: asked.headers })
    passed.on('response', (response) => {
      answered.writeHead(response.statusCode ?? 500, response.headers)
      response.pipe(answered)
    })
    passed.on('error', () => answered.destroy())
    answered.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const port = typeof address === 'object' ? address?.port : ''
  const close = () => {
    proxy.closeAllConnections()
    proxy.close()
  }
  return { origin: `http://127.0.0.1:${port}`, close }
}

describe.skipIf(NO_CHROMIUM)(`behind a path (needs ${CHROMIUM})`, () => {
  let site: Site
  let proxy: Awaited<ReturnType<typeof proxyTo>>
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    site = await openSite(await storeOfRecordings())
    proxy = await proxyTo(site.url)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    proxy?.close()
    await site?.close()
  })

  it('the page has its code, its data and its links', async () => {
    const { page, elsewhere, errors, close } = await visit(browser, proxy.origin, `${PATH}/`)
    const workers: string[] = []
    page.on('worker', (worker) => workers.push(worker.url()))
    await page.getByRole('link', { name: 'Flow' }).click()
    await page.locator('.flow-node').first().waitFor()
    expect(page.url()).toContain(`${proxy.origin}${PATH}/?`)
    expect(workers).toEqual([expect.stringContaining(`${proxy.origin}${PATH}/assets/layout-worker`)])
    expect([elsewhere, errors]).toEqual([[], []])
    await close()
  })

  it('leads to GraphiQL, which asks below the path, too', async () => {
    const { page, close } = await visit(browser, proxy.origin, `${PATH}/`)
    const link = page.getByRole('link', { name: 'GraphiQL' })
    expect(await link.getAttribute('href')).toBe(`${proxy.origin}${PATH}/graphql`)
    await link.click()
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'LatestSessions' }).waitFor()
    await page.getByRole('button', { name: 'Execute query' }).click()
    await page.locator('.graphiql-response .view-line', { hasText: 'totalCount' }).waitFor()
    await close()
  })
})
