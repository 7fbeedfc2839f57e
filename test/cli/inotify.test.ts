import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readInotify } from '../../src/cli/inotify.ts'

const proc = mkdtempSync(join(tmpdir(), 'delegraph-proc-'))
afterAll(() => rmSync(proc, { recursive: true }))

it('counts the watches of every process that may be looked into', () => {
  expect(readInotify(proc)).toBeNull()
  mkdirSync(join(proc, 'sys/fs/inotify'), { recursive: true })
  writeFileSync(join(proc, 'sys/fs/inotify/max_user_watches'), '65536\n')
  writeFileSync(join(proc, 'sys/fs/inotify/max_user_instances'), '128\n')
  for (const [pid, watches] of [
    ['7', 2],
    ['8', 0],
  ] as const) {
    mkdirSync(join(proc, pid, 'fd'), { recursive: true })
    mkdirSync(join(proc, pid, 'fdinfo'))
    symlinkSync('/dev/null', join(proc, pid, 'fd/1'))
    symlinkSync('anon_inode:inotify', join(proc, pid, 'fd/20'))
    writeFileSync(join(proc, pid, 'fdinfo/20'), `pos:\t0\n${'inotify wd:1 ino:2 sdev:3\n'.repeat(watches)}`)
  }
  // A process of another user, or one that has just ended.
  mkdirSync(join(proc, '9'))
  expect(readInotify(proc)).toEqual({ maxWatches: 65536, maxInstances: 128, watches: 2, instances: 2 })
})
