/** The inotify limits of Linux, and how much of them is in use: editors take many. Null on other systems. */
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from '../files.ts'

export interface Inotify {
  maxWatches: number
  maxInstances: number
  /** In use by this user's processes, as far as `/proc` shows them. */
  watches: number
  instances: number
}

export function readInotify(proc = '/proc'): Inotify | null {
  const maxWatches = numberIn(join(proc, 'sys/fs/inotify/max_user_watches'))
  const maxInstances = numberIn(join(proc, 'sys/fs/inotify/max_user_instances'))
  if (maxWatches === null || maxInstances === null) return null
  let [watches, instances] = [0, 0]
  for (const pid of namesIn(proc).filter((name) => /^\d+$/.test(name))) {
    for (const fd of namesIn(join(proc, pid, 'fd'))) {
      if (!isInotify(join(proc, pid, 'fd', fd))) continue
      instances += 1
      watches += textOf(join(proc, pid, 'fdinfo', fd)).match(/^inotify /gm)?.length ?? 0
    }
  }
  return { maxWatches, maxInstances, watches, instances }
}

function isInotify(fd: string): boolean {
  try {
    return readlinkSync(fd) === 'anon_inode:inotify'
  } catch {
    return false
  }
}

function numberIn(path: string): number | null {
  const text = textOf(path).trim()
  return /^\d+$/.test(text) ? Number(text) : null
}

/** Empty if unreadable: processes end while they are examined, and those of other users are off limits. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
