/** `delegraph ingest`: reads once and exits. */
import { type Config, environment } from '../config.ts'
import { DelegraphError } from '../errors.ts'
import { EXIT } from './exit.ts'
import { print } from './output.ts'
import { printable } from './printable.ts'
import { createProgress } from './progress.ts'
import { PHASES, summaryOf } from './summary.ts'
import { hasDatabase, inWords, notice, openWorkshop, placesOf, sourcesOf } from './workshop.ts'

export async function ingest(config: Config): Promise<number> {
  requireSources(config)
  const progress = createProgress(process.stderr, environment.TERM)
  const workshop = await openWorkshop(config, {
    onProgress: ({ phase, done, total }) =>
      phase === 'done' ? progress.end() : progress.update(done, total, PHASES[phase]),
  })
  try {
    await workshop.reading.readNow()
    progress.end()
    for (const source of workshop.result()?.unreadable ?? []) notice(inWords(source))
    const report = workshop.reading.report()
    for (const line of await summaryOf(report, workshop.result())) await print(`${printable(line)}\n`)
    return report.status === 'FAILED' ? EXIT.failed : EXIT.done
  } finally {
    progress.end()
    await workshop.close()
  }
}

/** Throws if there are no sources: to a user who wants to read their own, the bundled recordings are no answer. */
function requireSources(config: Config): void {
  if (sourcesOf(config)().isFound) return
  const places = placesOf(config).length > 0 ? ` in ${placesOf(config).join(' or ')}` : '; this user has no home'
  const kept = hasDatabase(config) ? ` ${config.db} keeps what it has.` : ''
  throw new DelegraphError(
    'SOURCE_UNREADABLE',
    `No OpenCode data was found${places}: nothing was read.${kept} If yours is elsewhere, point to it with --source.`,
  )
}
