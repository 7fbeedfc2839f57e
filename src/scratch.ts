/**
 * Temporary directories. A copy of a database holds whole prompts, so none may outlive its process: each directory's
 * name contains the id of the process that made it, and what a killed process left is removed at the next start.
 */
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namesIn } from './files.ts'

/** Makes a directory that only its owner may access. */
export function makeScratch(parent = tmpdir(), prefix = 'delegraph-'): string {
  return mkdtempSync(join(parent, `${prefix}${process.pid}-`))
}

/** Removes what killed processes left behind. Best effort: what can't be removed is left for the next start. */
export function removeLeftScratch(parent = tmpdir(), prefix = 'delegraph-'): void {
  for (const name of namesIn(parent)) {
    const [, pid, lot] = /^(\d+)-(\w{6})$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? []
    if (pid === undefined || lot === undefined) continue
    const path = join(parent, name)
    try {
      const { uid, mtimeMs } = lstatSync(path)
      // Where other users may write as well, it may be somebody else's.
      const isOurs = uid === (process.getuid?.() ?? 0)
      if (isOurs && !isAlive(Number(pid), mtimeMs)) rmSync(path, { recursive: true, force: true })
    } catch {}
  }
}

/** In a container this process may have the same id as the one before: then an older folder belonged to that one. */
function isAlive(pid: number, sinceMs: number): boolean {
  if (pid === process.pid) return sinceMs >= performance.timeOrigin
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It exists, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
