/** What tests write to the temporary directory goes when all of them have ended, whoever wrote it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-tests-'))
  process.env.TMPDIR = directory
  return () => rmSync(directory, { recursive: true })
}
