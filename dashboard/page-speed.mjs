/**
 * Measures how fast the dashboard of a running delegraph is: `npm run page-speed -- http://127.0.0.1:4000 [BROWSER]`.
 *
 * For the list of sessions and for the largest tree it prints the median over several visits, each in a new window that
 * has settled, of: the milliseconds until the first request is sent (`askedMs`) and until the first row is painted
 * (`shownMs`); the CPU time of the main thread until then (`cpuMs`), which is the same on a busy machine; the
 * longest task until then and while scrolling; and the heap in megabytes.
 *
 * BROWSER is the path of a Chromium; the default is Debian's.
 */
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { chromium } from 'playwright-core'

const VISITS = 5
const SCREENS = 40
const LONGEST = 'Math.max(0, ...window.longTasks.splice(0))'
const [url = 'http://127.0.0.1:4000', browserPath] = process.argv.slice(2)

const answer = await fetch(`${url}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    query: '{ sessions(orderBy: { field: TRACES }, first: 1) { totalCount nodes { id traceCount } } }',
  }),
})
const { totalCount, nodes } = (await answer.json()).data.sessions
const [largest] = nodes
if (!largest) throw new Error('There is no session to look at.')

/** The same browser as in the tests. The headless shell is preferred: it draws no window around the page. */
const CHROMIUM =
  browserPath ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((place) => existsSync(place))

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
try {
  await report(`list of ${totalCount} sessions`, '/', '.session-item', '.session-list')
  await report(`tree of ${largest.traceCount} traces`, `/?session=${largest.id}`, '.tree-row', '.tree')
} finally {
  await browser.close()
}

async function report(name, path, row, scroller) {
  const visits = []
  for (let visit = 0; visit < VISITS; visit++) visits.push(await measure(path, row, scroller))
  const medians = Object.fromEntries(Object.keys(visits[0]).map((key) => [key, median(visits.map((of) => of[key]))]))
  process.stdout.write(`${name}: ${JSON.stringify({ ...medians, load: Number(loadavg()[0].toFixed(1)) })}\n`)
}

/**
 * Evaluates code through CDP directly: the script that Playwright would inject takes tens of milliseconds in the page.
 */
async function measure(path, row, scroller) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const tools = await page.context().newCDPSession(page)
  const inPage = async (expression) => {
    const { result } = await tools.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    return result.value
  }
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' })
  await inPage(`(${windowAtRest})()`)
  await page.addInitScript(watch, row)
  await page.goto(`${url}${path}`)
  const shownMs = Math.round(await inPage('window.shown'))
  const { metrics } = await tools.send('Performance.getMetrics')
  const cpuMs = Math.round(1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN))
  const askedMs = await inPage(`(${firstRequestMs})()`)
  const longestMs = await inPage(LONGEST)
  for (let step = 0; step < SCREENS; step++) await inPage(`(${scroll})(${JSON.stringify(scroller)})`)
  const longestScrollingMs = await inPage(LONGEST)
  const heapMb = await inPage('Math.round(performance.memory.usedJSHeapSize / 1e6)')
  await page.close()
  return { askedMs, shownMs, cpuMs, longestMs, longestScrollingMs, heapMb }
}

/**
 * Runs in an empty page; resolves once animation frames are punctual. Drawing a newly opened window occupies two CPUs
 * for seconds.
 */
function windowAtRest() {
  return new Promise((done) => {
    let punctual = 0
    const look = (lastMs) => (nowMs) => {
      punctual = nowMs - lastMs < 25 ? punctual + 1 : 0
      if (punctual === 60) done()
      else requestAnimationFrame(look(nowMs))
    }
    requestAnimationFrame(look(performance.now()))
  })
}

/** Runs in the page, before its own code: records long tasks and when the first row is painted. */
function watch(row) {
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longTasks.push(Math.round(entry.duration))
  }).observe({ type: 'longtask', buffered: true })
  window.shown = new Promise((tell) => {
    const look = () => {
      if (document.querySelector(row) === null) requestAnimationFrame(look)
      else requestAnimationFrame(() => tell(performance.now()))
    }
    requestAnimationFrame(look)
  })
}

/** Runs in the page. */
function scroll(scroller) {
  document.querySelector(scroller).scrollBy(0, 900)
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
}

/** Runs in the page. */
function firstRequestMs() {
  const requests = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql'))
  return Math.round(Math.min(...requests.map(({ startTime }) => startTime)))
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
