/** What is on the disk, asked where anything may stand or nothing: no answer is no reason to stop. */
import { type BigIntStats, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'node:fs'

/** In the order in which the system gives them, the same until one comes or goes. What cannot be listed is empty. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Of what cannot be looked at (a link that leads to itself, a place that may not be entered) it is not known: no. */
export const isDirectory = (path: string): boolean => statOf(path)?.isDirectory() ?? false

/** Undefined where nothing is; null where what is there cannot be looked at: opening or listing it says why. */
export function statOf(path: string): BigIntStats | undefined | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return null
  }
}

/** To open what is to be read: without O_NONBLOCK, opening a FIFO waits for somebody to write into it. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** The first bytes, fewer where there are no more. */
export function headOf(path: string, length: number): Buffer {
  const fd = openSync(path, READ)
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(fd, head, 0, length, 0))
  } finally {
    closeSync(fd)
  }
}
