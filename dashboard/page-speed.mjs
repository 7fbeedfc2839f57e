/**
 * How fast the page is with what a delegraph serves: `npm run page-speed -- http://127.0.0.1:4000 [BROWSER]`. Of the list
 * of sessions and of the largest tree: milliseconds until the request for it was sent and until its first row is painted,
 * how many of these the page's thread had the processor (which says the same on a busy machine), the longest task until
 * then and while scrolling, the heap; the median of several visits, each in a window of its own that has come to rest.
 * BROWSER is the path of a Chromium; otherwise Debian's.
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

/** As for the tests: the shell draws no window around the page. */
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

/** Spoken to in the browser's own protocol: what Playwright would put into the page for it takes tens of milliseconds there. */
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

/** In an empty page. A browser that has just opened a window draws it, which takes both of two processors for seconds. */
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

/** In the page, before its own code: notes long tasks, and when the first row was painted. */
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

/** In the page. */
function scroll(scroller) {
  document.querySelector(scroller).scrollBy(0, 900)
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
}

/** In the page. */
function firstRequestMs() {
  const requests = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql'))
  return Math.round(Math.min(...requests.map(({ startTime }) => startTime)))
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
