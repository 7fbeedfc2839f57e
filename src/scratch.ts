/**
 * Folders for what is needed for a while. A copy of a database holds whole prompts, so none may outlive its process: the
 * name says which one made it, and what a killed one left is removed at the next start.
 */
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namesIn } from './files.ts'

/** A folder that only its owner may look into. */
export function makeScratch(parent = tmpdir(), prefix = 'delegraph-'): string {
  return mkdtempSync(join(parent, `${prefix}${process.pid}-`))
}

/** Best effort: what can't be removed is left to the next start. */
export function removeLeftScratch(parent = tmpdir(), prefix = 'delegraph-'): void {
  for (const name of namesIn(parent)) {
    const [, pid, lot] = /^(\d+)-(\w{6})$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? []
    if (pid === undefined || lot === undefined) continue
    const path = join(parent, name)
    try {
      const { uid, mtimeMs } = lstatSync(path)
      // Where others may write, too, a folder may be somebody else's.
      const isOurs = uid === (process.getuid?.() ?? 0)
      if (isOurs && !isAlive(Number(pid), mtimeMs)) rmSync(path, { recursive: true, force: true })
    } catch {}
  }
}

/** In a container one process may have the number of the one before: then what is older than it was that one's. */
function isAlive(pid: number, sinceMs: number): boolean {
  if (pid === process.pid) return sinceMs >= performance.timeOrigin
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
