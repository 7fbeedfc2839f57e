/** `delegraph serve`: reads, answers requests, and reads again on every change, until it is told to stop. */
import { type Config, environment } from '../config.ts'
import { codeOf, DelegraphError } from '../errors.ts'
import { pathInPackage, versionOfPackage } from '../package.ts'
import { readDashboard } from '../server/dashboard.ts'
import type { Standing } from '../server/metrics.ts'
import { isLoopback } from '../server/own-pages.ts'
import type { Listening } from '../server.ts'
import { openInBrowser } from './browser.ts'
import { EXIT, failureOf } from './exit.ts'
import { createLog, type Log } from './log.ts'
import { print } from './output.ts'
import { printable } from './printable.ts'
import { createProgress, loggedProgress } from './progress.ts'
import { PHASES, summaryOf } from './summary.ts'
import { readTokenFile } from './token-file.ts'
import { notice, openWorkshop, type Workshop } from './workshop.ts'

/** Printed when listening on more than loopback. */
const EXPOSED = [
  'This address can be reached from other machines. Anyone with the token can read every prompt, answer, title, path and',
  'cost that OpenCode keeps here, and trigger reads; without it, only the empty pages, /health and /ready are visible.',
  'Traffic is not encrypted: put a proxy with HTTPS in front that passes on the Host header, or listen on',
  '127.0.0.1 and connect through ssh -L.',
]

export async function serve(config: Config): Promise<number> {
  const token = config.tokenFile === null ? config.token : readTokenFile(config.tokenFile)
  const isExposed = !isLoopback(config.host)
  if (token === null && isExposed) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      `On ${config.host} anyone who can reach this machine could read every prompt: add --token-file (or --token).`,
    )
  }
  const isForPeople = config.logFormat === 'auto' ? process.stderr.isTTY === true : config.logFormat === 'pretty'
  const log = createLog(process.stderr, { level: config.logLevel, format: isForPeople ? 'pretty' : 'json' })
  try {
    return await serveWith(config, token, log, isForPeople)
  } catch (error) {
    if (config.logFormat !== 'json' || config.logLevel === 'silent') throw error
    const { code, text } = failureOf(error)
    log.error(text)
    return code
  }
}

async function serveWith(config: Config, token: string | null, log: Log, isForPeople: boolean): Promise<number> {
  const isExposed = !isLoopback(config.host)
  // A person sees the same on stdout.
  const record = isForPeople ? log.debug : log.info
  const progress = isForPeople ? createProgress(process.stderr, environment.TERM) : loggedProgress(log.info)
  const say = (line: string) => {
    progress.end()
    // Services and containers merge stdout and stderr: with JSON asked for, every line must be JSON.
    if (config.logFormat === 'json') log.info(line)
    else void print(`${printable(line)}\n`)
  }
  // The server's modules are imported while DuckDB opens the database in another thread.
  const opening = openWorkshop(config, {
    // Only the first reading shows progress here: the API reports what watching finds.
    onProgress: ({ phase, done, total }) => {
      if (phase === 'done') progress.end()
      else if (!workshop.reading.isReady()) progress.update(done, total, PHASES[phase])
    },
    onNotice: (line) => {
      progress.end()
      if (isForPeople) notice(line)
      else log.warn(line)
    },
    onReading: (result) => {
      if (result === null) return metrics.onReading(null)
      const { sessionsRead, sessionsRemoved, changed, rejectedCount, startedAtMs, finishedAtMs } = result
      const durationMs = Math.max(0, finishedAtMs - startedAtMs)
      metrics.onReading({ sessionsRead, sessionsRemoved, durationMs })
      const isFirst = !workshop.reading.isReady()
      const tell = isFirst ? record : log.debug
      if (isFirst || changed) tell('read', { sessionsRead, sessionsRemoved, rejected: rejectedCount, durationMs })
    },
    onSaved: ({ traceIds, removedTraceIds, sessionIds }) =>
      metrics.onPublished({ traces: traceIds.length + removedTraceIds.length, sessions: sessionIds.length }),
  })
  const [workshop, { createApp, listen }, { createMetrics }] = await Promise.all([
    opening,
    import('../server.ts'),
    import('../server/metrics.ts'),
  ])
  const { reading, services, store } = workshop
  const metrics = createMetrics(versionOfPackage(), () => standingOf(store, reading))
  try {
    const { host } = config
    const dashboard = readDashboard(pathInPackage('dist/dashboard'))
    const { limits } = config
    const app = createApp(services, { token, isReady: reading.isReady, log, host, dashboard, limits, metrics })
    const server = await sayingWhy(config, () => listen(app, config))
    const stopped = signalled()
    const graphiql = `${server.url}/graphql`
    record('listening', { url: server.url, token: token !== null, exposed: isExposed, readOnly: config.readOnly })
    try {
      if (dashboard) say(`The dashboard: ${server.url}/`)
      say(`GraphiQL and the API: ${graphiql}`)
      if (token !== null) say('Requests must send the token; in GraphiQL, enter it under "Headers".')
      if (isExposed) for (const line of EXPOSED) say(line)
      if (config.open) await openInBrowser(dashboard ? `${server.url}/` : graphiql)
      let isEnding = false
      const first = reading.readNow().then(async () => {
        // A reading that was cut short has nothing worth reporting.
        if (isEnding) return
        const [report, result] = [reading.report(), workshop.result()]
        // Before anything else: until the watch begins, the API would report that nothing newer is read.
        if (config.watch && !config.readOnly) reading.watch((read) => workshop.watch(read))
        for (const line of await summaryOf(report, result)) say(line)
      })
      await Promise.race([stopped, first.then(() => stopped)])
      isEnding = true
      say('Stopping.')
      record('stopping')
      return EXIT.done
    } finally {
      // Also after a failure: a server left open would go on without a database, and ignore signals.
      workshop.endSubscriptions()
      await Promise.all([workshop.stopReading(), server.close(store.stopReading)])
    }
  } finally {
    progress.end()
    await workshop.close()
  }
}

/** The state of the database and of the reading, queried whenever `/metrics` is requested. */
async function standingOf(store: Workshop['store'], reading: Workshop['reading']): Promise<Standing> {
  const order = { field: 'LAST_ACTIVITY_AT', direction: 'DESC' } as const
  const report = reading.report()
  const [counts, { rejected }, latest] = await Promise.all([
    store.countAll(),
    report.findings(),
    store.pageSessions({ rootsOnly: false }, order, { first: 1 }, { nowMs: 0, staleAfterMs: 0 }),
  ])
  const lastActivityMs = latest.items[0]?.node.lastActivityMs ?? null
  return { ...counts, rejected: rejected.length, lastReadMs: report.finishedAtMs, lastActivityMs }
}

async function sayingWhy({ host, port }: Config, listening: () => Promise<Listening>): Promise<Listening> {
  try {
    return await listening()
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EADDRINUSE') {
      throw new DelegraphError(
        'PORT_TAKEN',
        `Port ${port} is in use, perhaps by another delegraph. Choose another: --port ${port < 65_535 ? port + 1 : port - 1}, or --port 0 for any.`,
      )
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new DelegraphError(
        'PORT_TAKEN',
        `Cannot listen on ${host}, port ${port} (${code}). Choose others: --host, --port.`,
      )
    }
    throw error
  }
}

/** Resolves at the first signal to stop; a second one, of either kind, ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (isStopping) endBy(signal)
      isStopping = true
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  })
}

/** Ends the process by the signal's default action: exiting waits for threads, and crashes if one runs native code. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
