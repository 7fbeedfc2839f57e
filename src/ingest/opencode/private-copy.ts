/**
 * SQLite needs to write beside a database that was written with a log. Where that directory may not be written, the
 * database and its log are copied, into a directory of our own that nobody else may read.
 */
import { accessSync, chmodSync, constants, copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeScratch } from '../../scratch.ts'
import type { SourceSpec } from '../source.ts'
import { fingerprint } from './open.ts'
import { isUnwritable } from './sqlite-file.ts'

/**
 * @param error why the store could not be opened where it is
 * @returns what can be opened in its place, in a directory that its user has to remove; null where a copy does not help
 */
export function privateCopy(spec: SourceSpec, error: unknown): string | null {
  const { kind, path } = spec.ref
  if (kind !== 'OPENCODE_SQLITE' || !isUnwritable(error) || !existsSync(path)) return null
  // Otherwise that would be said of the copy, whose name is another one each time.
  accessSync(path, constants.R_OK)
  const directory = makeScratch()
  const copy = join(directory, 'opencode.db')
  let isWhole = false
  try {
    for (let attempt = 0; attempt < 3 && !isWhole; attempt++) {
      const before = fingerprint(spec)
      for (const suffix of ['', '-wal']) {
        rmSync(copy + suffix, { force: true })
        if (statSync(path + suffix, { throwIfNoEntry: false })?.isFile()) copyPrivately(path + suffix, copy + suffix)
      }
      // If somebody else wrote meanwhile, the two may not belong together.
      isWhole = before !== null && before === fingerprint(spec)
    }
  } finally {
    // Also where the disk is full: each reading would leave another half of a database there.
    if (!isWhole) rmSync(directory, { recursive: true, force: true })
  }
  return isWhole ? copy : null
}

function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
}
