/** What the page says about its data: whether it stays up to date, is complete, and could be refreshed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChangeFeed } from '../../src/live/changes.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import type { IngestReport } from '../../src/resolvers/context.ts'
import type { Store } from '../../src/store/duckdb/open.ts'
import { makeForest } from '../forest.ts'
import { CHROMIUM, ingestOf, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

describe.skipIf(NO_CHROMIUM)(`what is said of all that is shown (needs ${CHROMIUM})`, () => {
  let store: Store
  let site: Site
  let report: Partial<IngestReport>
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  beforeAll(async () => {
    store = await storeOf([makeForest([{ id: 'one', turns: [{ agent: 'lead' }] }])])
    const live = { changes: changes.changes, progress: progress.progress }
    site = await openSite(store, { services: { live, ingest: ingestOf(() => report) } })
  })
  afterAll(async () => {
    changes.close()
    progress.close()
    await site?.close()
  })

  it('is called live only where something newer is read', async () => {
    report = { status: 'WATCHING' }
    const { page, close } = await site.visit('/')
    const sign = page.locator('.connection')
    await expect.poll(() => sign.textContent()).toBe('Live')
    report = { status: 'IDLE' }
    await page.reload()
    await expect.poll(() => sign.textContent()).toBe('Read once')
    report = {
      status: 'IDLE',
      startedAtMs: null,
      finishedAtMs: null,
      durationMs: null,
      message: 'A copy of yesterday.',
    }
    await page.reload()
    await expect.poll(() => sign.textContent()).toBe('Read-only')
    await page.getByText('A copy of yesterday.').waitFor()
    await close()
  })

  it('is said to be old where OpenCode’s files can no longer be read, until they can be', async () => {
    report = { status: 'WATCHING' }
    const { page, close } = await site.visit('/health')
    await page.clock.install()
    await page.goto(site.url)
    await page.getByText('Live', { exact: true }).waitFor()
    const failed = page.getByText('OpenCode’s files could not be read.')
    report = { status: 'FAILED', message: 'opencode.db: no such disk' }
    await page.clock.runFor(30_000)
    await failed.waitFor()
    await page.getByText('opencode.db: no such disk').waitFor()
    report = { status: 'WATCHING' }
    await page.clock.runFor(30_000)
    await failed.waitFor({ state: 'detached' })
    await close()
  })

  it('is said not to be whole while a long history is read, and not where a change is', async () => {
    report = { status: 'RUNNING', finishedAtMs: null, durationMs: null }
    const { page, close } = await site.visit('/health')
    await page.clock.install()
    await page.goto(site.url)
    const sign = page.locator('.connection')
    await expect.poll(() => sign.textContent()).toBe('Live')
    const note = page.getByText('OpenCode’s history is being read')
    // Seen only once, it may be a coincidence, and the server may be gone since.
    await page.route('**/graphql', (route) => route.abort())
    await page.clock.runFor(10_000)
    expect(await note.count()).toBe(0)
    await page.unroute('**/graphql')
    await page.clock.runFor(2_000)
    await note.waitFor()
    report = { status: 'IDLE' }
    await page.clock.runFor(1_000)
    await note.waitFor({ state: 'detached' })
    await expect.poll(() => sign.textContent()).toBe('Read once')
    await close()
  })

  it('is said not to be up to date where it could not be renewed, why, and is asked for again', async () => {
    report = { status: 'WATCHING' }
    const { page, close } = await site.visit('/?view=metrics')
    await page.getByRole('row', { name: /^lead/ }).first().waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.route('**/graphql', (route) =>
      /query AgentStatistics\b/.test(route.request().postData() ?? '')
        ? route.fulfill({ json: { errors: [{ message: 'It took too long.' }] } })
        : route.continue(),
    )
    const forest = makeForest([{ id: 'two', turns: [{ agent: 'newcomer' }] }])
    changes.publish(await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] }))
    const note = page.getByRole('status').filter({ hasText: 'Not all of what is shown is up to date.' })
    await note.getByText('It took too long.').waitFor()
    await page.getByRole('row', { name: /^lead/ }).first().waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.unroute('**/graphql')
    await note.getByRole('button', { name: 'Try again' }).press('Enter')
    await note.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Agents, the busiest first' }).waitFor()
    const agents = page.getByRole('group', { name: 'Agents, the busiest first' })
    await agents.getByRole('row', { name: /^newcomer/ }).waitFor()
    expect(await page.locator('#content').evaluate((content) => content === document.activeElement)).toBe(true)
    await close()
  })
})
