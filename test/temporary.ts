/** Removes everything that tests wrote to the temporary directory once all of them have ended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-tests-'))
  process.env.TMPDIR = directory
  return () => rmSync(directory, { recursive: true })
}
