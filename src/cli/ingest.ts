/** Reads and exits. */
import type { Config } from '../config.ts'
import { EXIT } from './exit.ts'
import { printable } from './printable.ts'
import { createProgress } from './progress.ts'
import { PHASES, summaryOf } from './summary.ts'
import { openWorkshop } from './workshop.ts'

export async function ingest(config: Config): Promise<number> {
  const progress = createProgress(process.stderr)
  const workshop = await openWorkshop(config, {
    onProgress: ({ phase, done, total }) =>
      phase === 'done' ? progress.end() : progress.update(done, total, PHASES[phase]),
  })
  try {
    await workshop.reading.readNow()
    progress.end()
    const report = workshop.reading.report()
    for (const line of await summaryOf(report, workshop.result())) process.stdout.write(`${printable(line)}\n`)
    return report.status === 'FAILED' ? EXIT.failed : EXIT.done
  } finally {
    progress.end()
    await workshop.close()
  }
}
