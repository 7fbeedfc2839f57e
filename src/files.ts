/** Looks at the disk where anything or nothing may be: what cannot be read is no reason to stop. */
import { type BigIntStats, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'node:fs'

/** In the system's order, which stays the same until an entry comes or goes. Empty where the directory cannot be listed. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** False where it cannot be told (a link that leads to itself, a directory that may not be entered). */
export const isDirectory = (path: string): boolean => statOf(path)?.isDirectory() ?? false

/** Undefined where there is nothing; null where what is there cannot be examined: opening or listing it will say why. */
export function statOf(path: string): BigIntStats | undefined | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return null
  }
}

/** Flags for opening a file to read it: without O_NONBLOCK, opening a FIFO would wait for a writer. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** The first `length` bytes, or the whole file if it is shorter. Throws if it cannot be read. */
export function headOf(path: string, length: number): Buffer {
  const fd = openSync(path, READ)
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(fd, head, 0, length, 0))
  } finally {
    closeSync(fd)
  }
}
