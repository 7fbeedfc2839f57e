/** Writes a real recording again, as OpenCode did, while the page is open: watched, read, saved, announced, shown. */
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createIngester } from '../../src/ingest/run.ts'
import { watchSources } from '../../src/ingest/watch.ts'
import { createChangeFeed } from '../../src/live/changes.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import { openStore } from '../../src/store/duckdb/open.ts'
import { filesInTime, homeOf } from '../ingest/homes.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site } from './browser.ts'

const TEN_YEARS_MS = 315_360_000_000

describe.skipIf(NO_CHROMIUM)(`a recording that is written while the page is open (needs ${CHROMIUM})`, () => {
  const changes = createChangeFeed()
  const progress = createProgressFeed()
  let site: Site
  let end: () => Promise<void>
  let storage: string
  beforeAll(async () => {
    storage = join(mkdtempSync(join(tmpdir(), 'delegraph-replay-')), 'opencode', 'storage')
    mkdirSync(join(storage, 'session'), { recursive: true })
    const store = await openStore({ path: ':memory:' })
    const findSources = () => resolveSources([storage])
    const ingester = createIngester({ store, findSources, onSaved: changes.publish, threads: 0 })
    const watch = watchSources({ findSources, read: () => ingester.run(), onTrouble: () => {} })
    end = async () => {
      watch.stop()
      await ingester.close()
    }
    const live = { changes: changes.changes, progress: progress.progress }
    // The recording is older than any usual limit on the silence of a running trace.
    site = await openSite(store, { services: { live, staleAfterMs: TEN_YEARS_MS } })
  })
  afterAll(async () => {
    await end?.()
    changes.close()
    progress.close()
    await site?.close()
  })

  it('shows its session running, each agent as it is called, and then completed, without a reload', async () => {
    const from = join(homeOf('1.1.65/nested'), 'storage')
    const files = filesInTime(from)
    const write = (some: readonly string[]) => {
      for (const file of some) {
        const copy = join(storage, relative(from, file))
        mkdirSync(dirname(copy), { recursive: true })
        cpSync(file, copy)
      }
    }
    const { page, errors, close } = await site.visit('/')
    await page.getByText('No sessions yet').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.evaluate('window.sameAsBefore = true')

    const half = Math.floor(files.length / 2)
    write(files.slice(0, half))
    const rows = page.getByRole('treegrid').getByRole('row')
    await rows.filter({ hasText: 'coordinateur' }).getByText('running').waitFor()
    const before = await rows.count()

    write(files.slice(half))
    await rows.filter({ hasText: 'coordinateur' }).getByText('completed').waitFor()
    await expect.poll(() => rows.count()).toBe(5)
    expect(before).toBeLessThan(5)
    await expect.poll(() => rows.getByText('running').count()).toBe(0)
    expect(await page.evaluate('window.sameAsBefore')).toBe(true)
    expect(errors).toEqual([])
    await close()
  })
})
