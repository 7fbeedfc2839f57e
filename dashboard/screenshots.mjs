/** Retakes the screenshots in `docs/` with the bundled recordings: `npm run screenshots`. Needs Debian's Chromium. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))

const PICTURES = [
  { name: 'tree-light', path: '/?session=ses_df39e53caffeDkkr6Sz173ub9f', colorScheme: 'light', ready: '.markdown' },
  { name: 'tree-dark', path: '/?session=ses_df39e53caffeDkkr6Sz173ub9f', colorScheme: 'dark', ready: '.markdown' },
  { name: 'timeline', path: '/?view=timeline', colorScheme: 'dark', ready: '.days-lane' },
  { name: 'flow', path: '/?view=flow', colorScheme: 'light', ready: '.flow-node' },
  {
    name: 'compare',
    path: '/?view=compare&session=ses_df39e53caffeDkkr6Sz173ub9f&with=ses_df38cd60fffexwlnKzzFUP5Av7',
    colorScheme: 'light',
    ready: '.compare-line',
  },
  { name: 'metrics', path: '/?view=metrics', colorScheme: 'light', ready: '.anomalies li' },
  { name: 'patterns', path: '/?view=patterns&pattern=executeur+%3E+tester', colorScheme: 'dark', ready: '.match' },
]

// A home directory without OpenCode data, so that the bundled recordings are served.
const home = mkdtempSync(join(tmpdir(), 'delegraph-pictures-'))
const server = spawn(process.execPath, [join(root, 'dist/cli.js'), '--port', '0'], {
  env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  const url = await addressOf(server)
  for (const { name, path, colorScheme, ready } of PICTURES) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 820 }, colorScheme, locale: 'en-US' })
    await page.goto(`${url}${path}`)
    await page.locator(ready).first().waitFor()
    await page.screenshot({ path: join(root, 'docs', `${name}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
  server.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
}

/** The URL of the dashboard, once the server has read everything. */
async function addressOf({ stdout }) {
  let said = ''
  for await (const piece of stdout) {
    said += piece
    const [, url] = /The dashboard: (\S+?)\/?\s/.exec(said) ?? []
    if (url && /^Read \d+/m.test(said)) return url
  }
  throw new Error(`delegraph did not start: ${said}`)
}
