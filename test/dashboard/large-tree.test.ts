import type { Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Called, makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf, violationsOf } from './browser.ts'

const CALLS = 1000
const LEVELS = 41
/** Calls by a single agent within a second; the last one fails. */
const TOOL_CALLS = 2000
const CODE = `\`\`\`\n${'a line that is longer than its place '.repeat(20)}\n\`\`\``

describe.skipIf(NO_CHROMIUM)(`a root with many children (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    const calls = Array.from({ length: CALLS }, (_, index) => ({ agent: `agent${index % 7}` }))
    const busy = makeForest([{ id: 'busy', turns: [{ agent: 'busy', with: { promptInput: CODE } }] }])
    for (const trace of busy.traces) {
      trace.toolCalls = Array.from({ length: TOOL_CALLS }, (_, index) => ({
        id: `prt_busy_${index}`,
        tool: 'read',
        status: index === TOOL_CALLS - 1 ? 'error' : 'completed',
        title: null,
        error: null,
        startedMs: trace.startedMs + index,
        endedMs: trace.startedMs + index + 1,
        delegation: false,
      }))
    }
    let innermost: Called = { agent: 'innermost', with: { promptInput: '# Task\n\n## Steps\n\n### One' } }
    for (let depth = LEVELS - 1; depth > 0; depth--) {
      innermost = { agent: `agent-of-level-${depth}`, calls: [innermost], with: { description: `Level ${depth}` } }
    }
    const deep = makeForest([{ id: 'deep', turns: [innermost] }])
    const wide = makeForest([{ id: 'wide', turns: [{ agent: 'root', calls }] }])
    site = await openSite(await storeOf([wide, busy, deep]))
  })
  afterAll(() => site?.close())

  it('shows its first rows before it has the rest, and only what is on the screen', async () => {
    const { page, close } = await site.visit('/health')
    const held: Route[] = []
    await page.route(`${site.url}/graphql`, async (route) => {
      const asked = route.request().postData() ?? ''
      if (/query TreeRows\b/.test(asked) && !/"first":/.test(asked)) held.push(route)
      else await route.continue()
    })
    await page.goto(`${site.url}/?session=ses_wide`)
    const tree = page.getByRole('treegrid')
    await tree.getByRole('row').nth(5).waitFor()
    await expect.poll(() => held.length).toBe(1)
    expect(await tree.getAttribute('aria-busy')).toBe('true')
    expect(await tree.getAttribute('aria-rowcount')).toBe(String(CALLS + 2))
    await page.getByText('851 more on their way…').waitFor()
    expect(await tree.locator('.bar, .axis-tick').count(), 'how long it took is not known yet').toBe(0)
    const topOf = () => tree.evaluate((element) => element.getBoundingClientRect().top)
    const top = await topOf()
    for (const route of held) await route.continue()
    await expect.poll(() => tree.getAttribute('aria-busy')).toBe('false')
    expect(await topOf(), 'it stays where it is').toBe(top)
    await tree.locator('.bar').first().waitFor()
    await tree.focus()
    await page.keyboard.press('End')
    await expect
      .poll(() => tree.locator('[role=row][aria-selected=true]').getAttribute('aria-rowindex'))
      .toBe(String(CALLS + 2))
    await expect.poll(() => tree.getByRole('row').count()).toBeLessThan(80)
    await close()
  })

  it('says why the rest of its rows could not be had, and asks for them again', async () => {
    const { page, close } = await site.visit('/health')
    await page.route(`${site.url}/graphql`, (route) => {
      const asked = route.request().postData() ?? ''
      return /query TreeRows\b/.test(asked) && !/"first":/.test(asked)
        ? route.fulfill({ json: { errors: [{ message: 'It took too long.' }] } })
        : route.continue()
    })
    await page.goto(`${site.url}/?session=ses_wide`)
    const tree = page.getByRole('treegrid')
    const alert = page.getByRole('region', { name: 'Tree of delegations' }).getByRole('alert')
    await alert.getByText('It took too long.').waitFor()
    await tree.getByRole('row').nth(5).waitFor()
    expect(await page.getByText('more on their way').count()).toBe(0)
    expect(await tree.getAttribute('aria-busy')).toBe('false')
    await page.unroute(`${site.url}/graphql`)
    await alert.getByRole('button', { name: 'Try again' }).press('Enter')
    await tree.locator('.bar').first().waitFor()
    expect(await alert.count()).toBe(0)
    expect(await tree.evaluate((grid) => grid === document.activeElement)).toBe(true)
    await close()
  })

  it('marks every call of a tool on a bar, and says for how many of them it does so until all are there', async () => {
    const { page, close } = await site.visit('/health')
    const held: Route[] = []
    await page.route(`${site.url}/graphql`, async (route) => {
      const asked = route.request().postData() ?? ''
      if (/query ToolTicks\b/.test(asked) && !/"calls":/.test(asked)) held.push(route)
      else await route.continue()
    })
    await page.goto(`${site.url}/?session=ses_busy`)
    const bar = page.getByRole('treegrid').locator('.bar')
    await expect.poll(() => bar.getAttribute('title')).toMatch(/, 2,000 tool calls \(the first 300 are marked\)$/)
    await expect.poll(() => held.length).toBe(1)
    for (const route of held) await route.continue()
    await bar.locator('.tick-failed').waitFor({ state: 'attached' })
    await expect.poll(() => bar.getAttribute('title')).toMatch(/, 2,000 tool calls$/)
    await close()
  })

  it('has no violation where code in a prompt is wider than its place', async () => {
    const { page, close } = await site.visit('/?session=ses_busy')
    const code = page.getByRole('region', { name: 'Prompt' }).locator('.markdown pre')
    expect(await code.evaluate((pre) => pre.scrollWidth - pre.clientWidth)).toBeGreaterThan(0)
    expect(await violationsOf(page)).toEqual([])
    await close()
  })

  it('is walked by keys to its end and back, and keeps a row chosen when what it stands in is closed', async () => {
    const { page, close } = await site.visit('/?session=ses_wide')
    const tree = page.getByRole('treegrid')
    await expect.poll(() => tree.getAttribute('aria-busy')).toBe('false')
    await tree.focus()
    const chosen = () => tree.locator('[role=row][aria-selected=true]').getAttribute('aria-rowindex')
    const press = async (key: string, expected: number) => {
      await page.keyboard.press(key)
      await expect.poll(chosen).toBe(String(expected))
    }
    await press('End', CALLS + 2)
    // Type-ahead: the next agent with that letter, wrapping around at the end.
    await press('r', 2)
    await press('a', 3)
    await press('PageDown', 3 + Math.floor(((await tree.boundingBox())?.height ?? 0) / 30) - 2)
    await page.getByRole('button', { name: 'Collapse all' }).click()
    await expect.poll(chosen).toBe('2')
    await expect.poll(() => tree.getByRole('row').count()).toBe(2)
    await page.getByRole('button', { name: 'Expand all' }).click()
    await tree.focus()
    await press('ArrowDown', 3)
    await tree.getByTitle('Collapse', { exact: true }).click()
    await expect.poll(chosen).toBe('2')
    await expect.poll(() => tree.getAttribute('aria-activedescendant')).toBe('trace-msg_wide_1')
    await close()
  })

  it('leads the keyboard to the calls of tools that were not shown', async () => {
    const { page, close } = await site.visit('/?session=ses_busy&trace=msg_busy_1')
    await page.locator('summary', { hasText: 'Tool calls' }).click()
    const calls = page.locator('.tool-calls li')
    await calls.first().waitFor()
    const before = await calls.count()
    await page.getByRole('button', { name: 'Show all 2,000' }).press('Enter')
    await expect.poll(() => calls.count()).toBe(TOOL_CALLS)
    await expect.poll(() => calls.nth(before).evaluate((call) => call === document.activeElement)).toBe(true)
    await close()
  })

  it('says why the calls of tools that were not shown could not be had, and asks for them again', async () => {
    const { page, close } = await site.visit('/?session=ses_busy&trace=msg_busy_1')
    await page.locator('summary', { hasText: 'Tool calls' }).click()
    const isOfAll = (body: string | null) => /query TraceDetail\b/.test(body ?? '') && !/"toolCalls":/.test(body ?? '')
    await page.route('**/graphql', (route) =>
      isOfAll(route.request().postData())
        ? route.fulfill({ json: { errors: [{ message: 'It took too long.' }] } })
        : route.continue(),
    )
    const button = page.getByRole('button', { name: 'Show all 2,000' })
    await button.press('Enter')
    const alert = page.getByRole('alert')
    await alert.getByText('It took too long.').waitFor()
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.unroute('**/graphql')
    await button.press('Enter')
    await expect.poll(() => page.locator('.tool-calls li').count()).toBe(TOOL_CALLS)
    expect(await alert.count()).toBe(0)
    await close()
  })

  it('keeps the names of a tree of forty levels off the figures beside them, and its prompts’ headings off its own', async () => {
    const deepest = `/?session=ses_deep&trace=prt_deep_${LEVELS}`
    const { page, close } = await site.visit('/health')
    const chosen = page.locator('.tree-row[aria-selected=true]')
    const tooWide = () =>
      page
        .locator('.tree-agent')
        .evaluateAll((cells) =>
          cells.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((cell) => cell.textContent),
        )
    for (const width of [1440, 1024, 400]) {
      await page.setViewportSize({ width, height: 900 })
      await page.goto(`${site.url}${deepest}`)
      await expect.poll(() => chosen.getAttribute('aria-level')).toBe(String(LEVELS))
      expect(await tooWide(), `${width} pixels`).toEqual([])
      await expect.poll(() => chosen.locator('.tree-level').textContent()).toBe(String(LEVELS))
      const nameOf = () => chosen.locator('.agent-text').evaluate((name) => name.clientWidth)
      expect(await nameOf(), `room for a name, ${width} pixels`).toBeGreaterThan(width > 1024 ? 64 : 30)
      const indents = await page
        .locator('.tree-agent')
        .evaluateAll((cells) => cells.map((cell) => Number.parseFloat(getComputedStyle(cell).paddingLeft)))
      // In a narrow window, only the numbers distinguish the deepest levels.
      const wanted = width < 1440 ? indents : [...new Set(indents)]
      expect(indents, `right of their callers, ${width} pixels`).toEqual(wanted.toSorted((a, b) => a - b))
    }
    await page.locator('.markdown').getByRole('heading', { name: 'Task' }).waitFor()
    expect(await violationsOf(page, 'heading-order')).toEqual([])
    await close()
  })

  it('is printed on a page or two, and not as long as it would be with all of its rows', async () => {
    const { page, close } = await site.visit('/?session=ses_wide')
    const tree = page.getByRole('treegrid')
    await expect.poll(() => tree.getAttribute('aria-busy')).toBe('false')
    await page.getByRole('region', { name: 'Answer' }).waitFor()
    for (const landscape of [true, false]) {
      const paper = await page.pdf({ format: 'A4', landscape })
      expect(
        paper.toString('latin1').match(/\/Type \/Page\b/g)?.length,
        landscape ? 'landscape' : 'upright',
      ).toBeLessThan(6)
    }
    await close()
  })
})
