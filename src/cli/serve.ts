/** Answers under an address until it is told to stop; reads first, and again whenever something changes. */
import type { Config } from '../config.ts'
import { DelegraphError } from '../errors.ts'
import { isLoopback } from '../server/own-pages.ts'
import { createApp, type Listening, listen } from '../server.ts'
import { openInBrowser } from './browser.ts'
import { EXIT } from './exit.ts'
import { createLog } from './log.ts'
import { printable } from './printable.ts'
import { createProgress } from './progress.ts'
import { PHASES, summaryOf } from './summary.ts'
import { notice, openWorkshop } from './workshop.ts'

/** Between the end of one reading and the next. */
const WATCH_EVERY_MS = 2000

export async function serve(config: Config): Promise<number> {
  if (config.token === null && !isLoopback(config.host)) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      `On ${config.host} anyone who reaches this machine could read every prompt: give --token (or DELEGRAPH_TOKEN), too.`,
    )
  }
  const log = createLog(process.stderr)
  const progress = createProgress(process.stderr)
  const say = (line: string) => {
    progress.end()
    process.stdout.write(`${printable(line)}\n`)
  }
  const workshop = await openWorkshop(config, {
    // Of the first reading only: what watching finds is seen in the API.
    onProgress: ({ phase, done, total }) => {
      if (phase === 'done') progress.end()
      else if (!workshop.reading.isReady()) progress.update(done, total, PHASES[phase])
    },
    onNotice: (line) => {
      progress.end()
      notice(line)
    },
  })
  const { reading, services } = workshop
  try {
    const app = createApp(services, { token: config.token, isReady: reading.isReady, log, host: config.host })
    const server = await listenOrSay(app, config)
    const stopped = signalled()
    const page = `${server.url}/graphql`
    say(`GraphiQL and the API: ${page}`)
    if (config.token !== null) say('Whoever asks must send the token, in GraphiQL under "Headers".')
    if (config.open) await openInBrowser(page)
    const first = reading.readNow().then(async () => {
      for (const line of summaryOf(await reading.report(), workshop.result())) say(line)
      if (config.watch && !config.readOnly) reading.watch(WATCH_EVERY_MS)
    })
    await Promise.race([stopped, first.then(() => stopped)])
    say('Stopping.')
    await server.close()
    return EXIT.done
  } finally {
    progress.end()
    await workshop.close()
  }
}

async function listenOrSay(app: ReturnType<typeof createApp>, { host, port }: Config): Promise<Listening> {
  try {
    return await listen(app, { host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new DelegraphError(
        'PORT_TAKEN',
        `Port ${port} is taken, maybe by another delegraph. Give another one: --port ${port + 1}, or --port 0 for any.`,
      )
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new DelegraphError(
        'PORT_TAKEN',
        `Can't listen on ${host}, port ${port} (${code}). Give others: --host, --port.`,
      )
    }
    throw error
  }
}

/** Resolves at the first signal to stop; the second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve()
        process.once(signal, () => process.exit(EXIT.failed))
      })
    }
  })
}
