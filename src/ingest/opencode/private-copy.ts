/**
 * SQLite has to write beside a database in WAL mode. If that directory is not writable, the database and its WAL are
 * copied into a directory that only this user may read.
 */
import { accessSync, chmodSync, constants, copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeScratch } from '../../scratch.ts'
import type { SourceSpec } from '../source.ts'
import { fingerprint } from './open.ts'
import { isUnwritable } from './sqlite-file.ts'

/**
 * @param error why the store could not be opened in place
 * @returns path of the copy, whose directory the caller has to remove; null if a copy does not help
 * @throws Error if the database may not be read
 */
export function privateCopy(spec: SourceSpec, error: unknown): string | null {
  const { kind, path } = spec.ref
  if (kind !== 'OPENCODE_SQLITE' || !isUnwritable(error) || !existsSync(path)) return null
  // Fails here with the database's own path. A failed copy would name its target, too, which differs each time.
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
      // If another process wrote in the meantime, the two files may not belong together.
      isWhole = before !== null && before === fingerprint(spec)
    }
  } finally {
    // Also when the disk is full: otherwise every reading would leave another partial copy behind.
    if (!isWhole) rmSync(directory, { recursive: true, force: true })
  }
  return isWhole ? copy : null
}

function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
}
