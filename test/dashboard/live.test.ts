/** Sessions and traces that are stored while the page is open, and a server that goes away and comes back. */
import type { Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChangeFeed } from '../../src/live/changes.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import type { Store } from '../../src/store/duckdb/open.ts'
import { type Called, makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

const many = Array.from({ length: 40 }, (_, index) => ({ id: `old${index}`, turns: [{ agent: 'build' }] }))

describe.skipIf(NO_CHROMIUM)(`the page while things change (needs ${CHROMIUM})`, () => {
  let store: Store
  let site: Site
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  beforeAll(async () => {
    store = await storeOf([makeForest(many)])
    site = await openSite(store, { services: { live: { changes: changes.changes, progress: progress.progress } } })
  })
  afterAll(async () => {
    changes.close()
    progress.close()
    await site?.close()
  })

  /** Saves it as the newest session, since each sample starts an hour after the previous one. */
  const save = async (id: string, calls: Called[], turn: Partial<Called> = {}) => {
    const forest = makeForest([...many, { id, turns: [{ agent: 'coordinator', calls, ...turn }] }])
    const sessions = forest.sessions.filter(
      (session) => session.id === `ses_${id}` || session.id.startsWith(`ses_${id}_`),
    )
    const traces = forest.traces.filter((trace) => trace.rootSessionId === `ses_${id}`)
    const own = { sessionIds: sessions.map((session) => session.id), sessions, traces }
    changes.publish(await store.saveTraces({ forests: [own], stamps: [], links: [], removedSessionIds: [] }))
  }

  it('shows new sessions and traces where they belong, and leaves what is read where it is', async () => {
    const { page, close } = await site.visit('/')
    await page.getByText('Live', { exact: true }).waitFor()
    const list = page.getByRole('listbox', { name: 'Sessions' })
    const chosen = await list.locator('[aria-selected=true]').getAttribute('id')

    await save('new', [])
    await list.locator('#session-ses_new').waitFor()
    await expect.poll(() => page.locator('.pane-caption').textContent()).toMatch(/^41 sessions/)
    expect(await list.locator('[aria-selected=true]').getAttribute('id')).toBe(chosen)

    await list.locator('#session-ses_new').click()
    const rows = page.getByRole('treegrid').getByRole('row')
    await expect.poll(() => rows.count()).toBe(2)
    await save('new', [{ agent: 'tester', with: { status: 'RUNNING', lastActivityMs: Date.now() } }])
    await expect.poll(() => rows.count()).toBe(3)
    await page.getByRole('row').filter({ hasText: 'tester' }).getByText('running').waitFor()
    await save('new', [{ agent: 'tester' }, { agent: 'writer' }])
    await page.getByRole('row').filter({ hasText: 'tester' }).getByText('completed').waitFor()
    await expect.poll(() => rows.filter({ hasText: 'writer' }).count()).toBe(1)

    // The reader has scrolled down: the row at the top edge stays there when a session is added above.
    await list.evaluate((element) => element.scrollTo(0, 740))
    const first = list.locator('#session-ses_old20')
    const top = async () => (await first.boundingBox())?.y
    await expect.poll(top).toBeDefined()
    const before = await top()
    await save('newer', [])
    await page.getByText(/^42 sessions/).waitFor()
    await expect.poll(top).toBe(before)
    await close()
  })

  it('keeps the latest first as sessions go on, and those that run where they are among one another', async () => {
    const { page, close } = await site.visit('/')
    await page.getByText('Live', { exact: true }).waitFor()
    const options = page.getByRole('listbox', { name: 'Sessions' }).getByRole('option')
    await options.first().waitFor()
    /** The ids of the first three. */
    const top = () =>
      options.evaluateAll((drawn) =>
        drawn
          .toSorted((a, b) => Number(a.ariaPosInSet) - Number(b.ariaPosInSet))
          .slice(0, 3)
          .map(({ id }) => id.replace('session-ses_', '')),
      )
    let lastActivityMs = Date.UTC(2100, 0)
    const goOn = async (id: string, status: 'RUNNING' | 'COMPLETED') => {
      lastActivityMs += 1000
      const turn = { status, lastActivityMs, endedMs: status === 'RUNNING' ? null : lastActivityMs }
      const changed = { id, turns: [{ agent: 'build', with: turn }], with: { running: status === 'RUNNING' } }
      const own = makeForest([changed])
      changes.publish(await store.saveTraces({ forests: [own], stamps: [], links: [], removedSessionIds: [] }))
    }
    const [latest] = await top()
    await goOn('old30', 'RUNNING')
    await expect.poll(async () => (await top()).slice(0, 2)).toEqual(['old30', latest])
    await goOn('old29', 'RUNNING')
    await expect.poll(top).toEqual(['old30', 'old29', latest])
    await goOn('old29', 'COMPLETED')
    await page.locator('#session-ses_old29 .status-completed').waitFor()
    expect(await top()).toEqual(['old30', 'old29', latest])
    await goOn('old30', 'COMPLETED')
    await page.locator('#session-ses_old30 .status-completed').waitFor()
    await goOn('old29', 'COMPLETED')
    await expect.poll(top).toEqual(['old29', 'old30', latest])
    await close()
  })

  it('keeps to its filters: what they no longer admit goes, and what they now admit comes', async () => {
    const { page, close } = await site.visit('/')
    await page.getByText('Live', { exact: true }).waitFor()
    const failed = { with: { status: 'ERROR', error: { name: 'APIError', message: 'no answer' } } } as const
    await save('turned', [], failed)
    const session = page.locator('#session-ses_turned')
    await session.waitFor()
    // The unfiltered list remains in the page's cache.
    await page.locator('summary', { hasText: 'Status' }).click()
    await page.getByRole('checkbox', { name: 'error' }).check()
    await expect.poll(() => page.locator('.pane-caption').textContent()).toMatch(/^1 session/)
    await save('turned', [])
    await page.getByText('No session fits these filters').waitFor()
    await save('turned', [], failed)
    await session.waitFor()
    await close()
  })

  it('shows the matches of a pattern as they come, the latest first', async () => {
    const { page, close } = await site.visit('/?view=patterns&pattern=coordinator+%3E+painter')
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('0 matches, 0 sessions').waitFor()
    await save('painted', [{ agent: 'painter' }])
    await page.getByText(/^1 match, 1 session /).waitFor()
    await page.locator('.match').waitFor()
    await save('repainted', [{ agent: 'painter' }])
    await page.getByText(/^2 matches, 2 sessions /).waitFor()
    const titles = () =>
      page
        .locator('.match')
        .getByText(/^Session /)
        .allTextContents()
    await expect.poll(titles).toEqual(['Session repainted', 'Session painted'])
    await close()
  })

  it('waits for an answer that takes long, however often something changes meanwhile, and then asks for what has', async () => {
    const { page, close } = await site.visit('/health')
    await page.clock.install()
    await page.goto(`${site.url}/?view=metrics`)
    await page
      .getByRole('row', { name: /^coordinator/ })
      .first()
      .waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    const held: Route[] = []
    const ended: string[] = []
    page.on('requestfailed', (request) => ended.push(request.postData() ?? ''))
    await page.route('**/graphql', (route) =>
      /query AgentStatistics\b/.test(route.request().postData() ?? '') ? void held.push(route) : route.continue(),
    )
    await save('busy', [{ agent: 'first' }])
    const gather = async () => {
      await page.clock.runFor(500)
      return held.length
    }
    await expect.poll(gather).toBe(1)
    await save('busy', [{ agent: 'first' }, { agent: 'second' }])
    for (let times = 0; times < 20; times++) expect(await gather()).toBe(1)
    await held[0]?.continue()
    await expect.poll(gather).toBe(2)
    await held[1]?.continue()
    await page
      .getByRole('row', { name: /^second/ })
      .first()
      .waitFor()
    expect(ended).toEqual([])
    await close()
  })

  it('shows an answer raw that is too long to be formatted soon, though it comes while its trace is looked at', async () => {
    const { page, close } = await site.visit('/health')
    await save('asked', [], { with: { status: 'RUNNING', lastActivityMs: Date.now(), promptOutput: null } })
    await page.goto(`${site.url}/?session=ses_asked`)
    await page.getByText('Live', { exact: true }).waitFor()
    const answer = page.getByRole('region', { name: 'Answer' })
    await answer.getByText('No answer').waitFor()
    await save('asked', [], { with: { promptOutput: 'word '.repeat(50_000) } })
    await answer.locator('.markdown, pre.raw').first().waitFor()
    expect(await answer.locator('pre.raw').count()).toBe(1)
    await expect.poll(() => answer.getByRole('radio', { name: 'Raw' }).isChecked()).toBe(true)
    await close()
  })

  it('shows what is stored between its first answer and its first paint', async () => {
    const { page, close } = await site.visit('/health')
    const held: (() => Promise<void>)[] = []
    await page.route(/\/assets\/draw-/, (route) => {
      held.push(() => route.continue())
    })
    const answered = page.waitForResponse((response) => /query Sessions\b/.test(response.request().postData() ?? ''))
    const loaded = page.goto(site.url)
    await (await answered).finished()
    await expect.poll(() => held.length).toBeGreaterThan(0)
    await save('between', [])
    await Promise.all(held.map((release) => release()))
    await loaded
    await page.locator('#session-ses_between').waitFor()
    await close()
  })

  it('asks again by itself for what could not be had while the connection was lost, though no change was missed', async () => {
    const { page, close } = await site.visit('/?session=ses_old39')
    await page.getByText('Live', { exact: true }).waitFor()
    // A first message, from which the subscription can resume.
    await save('known', [])
    await page.locator('#session-ses_known').waitFor()
    await page.context().route(`${site.url}/graphql`, (route) => route.abort())
    site.cut()
    await page.locator('#session-ses_known').click()
    await page.locator('.tree-pane').getByText('delegraph can’t be reached.').waitFor()
    await page.context().unroute(`${site.url}/graphql`)
    await page
      .getByRole('treegrid')
      .getByRole('row', { name: /coordinator/ })
      .waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await close()
  })

  it('says when the connection is lost, and is up to date when it is back', async () => {
    const { page, close } = await site.visit('/?session=ses_new')
    await page.getByText('Live', { exact: true }).waitFor()
    await page.context().route(`${site.url}/graphql`, (route) => route.abort())
    site.cut()
    await page.getByText('Connection lost, trying again…').waitFor()
    await save('missed', [])
    await page.context().unroute(`${site.url}/graphql`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('#session-ses_missed').waitFor()
    await close()
  })

  it('connects at once when the browser is online again, it is looked at again, or something else is answered', async () => {
    const { page, close } = await site.visit('/health')
    await page.clock.install()
    await page.goto(`${site.url}/?session=ses_old39`)
    await page.getByText('Live', { exact: true }).waitFor()
    let failed = 0
    page.on('requestfailed', () => {
      failed++
    })
    const signs = [
      () => page.evaluate(`dispatchEvent(new Event('online'))`),
      () => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`),
      () => page.locator('#session-ses_old38').click(),
    ]
    for (const sign of signs) {
      await page.route(`${site.url}/graphql`, (route) =>
        /subscription Changes\b/.test(route.request().postData() ?? '') ? route.abort() : route.continue(),
      )
      failed = 0
      site.cut()
      await page.getByText('Connection lost, trying again…').waitFor()
      await page.clock.pauseAt(await page.evaluate<number>('Date.now() + 1000'))
      const triedUntilPausesAreLong = async () => {
        await page.clock.runFor(4_000)
        return failed > 5
      }
      await expect.poll(triedUntilPausesAreLong).toBe(true)
      await page.unroute(`${site.url}/graphql`)
      await sign()
      // The minimum pause; the full one is many seconds long, and only this moves the clock.
      await page.clock.runFor(500)
      await page.getByText('Live', { exact: true }).waitFor()
      await page.clock.resume()
    }
    await close()
  })

  it('says that no more changes come, and that the page is to be reloaded, where the server will not tell of them', async () => {
    const { page, close } = await site.visit('/')
    await page.getByText('Live', { exact: true }).waitFor()
    // Like a server of another version, which knows everything but the subscription.
    await page.route(`${site.url}/graphql`, (route) => {
      const asked = route.request().postData() ?? ''
      if (!/subscription Changes\b/.test(asked)) return route.continue()
      return route.continue({ postData: asked.replace(/\bsessionIds\b/, 'identities') })
    })
    site.cut()
    await page.getByText('No more updates').waitFor()
    expect(await violationsOf(page, 'color-contrast')).toEqual([])
    await page.unroute(`${site.url}/graphql`)
    await page.getByRole('button', { name: 'Reload the page' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    await close()
  })
})
