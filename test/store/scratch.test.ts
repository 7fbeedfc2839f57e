import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeScratch, removeLeftScratch } from '../../src/scratch.ts'

describe('folders for a while', () => {
  let parent = ''
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'scratch-test-'))
  })
  afterEach(() => rmSync(parent, { recursive: true, force: true }))

  it('are removed at the next start when their process was killed, and left alone while it lives', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'])
    await once(child.stdout, 'data')
    const left = join(parent, `delegraph-${child.pid}-aBcDeF`)
    mkdirSync(left)
    writeFileSync(join(left, 'copy.duckdb'), 'prompts')
    const own = makeScratch(parent)
    removeLeftScratch(parent)
    expect([existsSync(left), existsSync(own)]).toEqual([true, true])
    child.kill('SIGKILL')
    await once(child, 'exit')
    removeLeftScratch(parent)
    expect([existsSync(left), existsSync(own)]).toEqual([false, true])
  })

  it('are removed, too, when their process had the number of this one, as it may in a container', () => {
    const left = join(parent, `delegraph-${process.pid}-aBcDeF`)
    mkdirSync(left)
    utimesSync(left, 0, 0)
    removeLeftScratch(parent)
    expect(existsSync(left)).toBe(false)
  })

  it('are told from all else by their names, and a link is not followed', () => {
    const others = ['delegraph-test-aBcDeF', 'delegraph-999999999', 'other-999999999-aBcDeF', 'delegraph-999999999-ab']
    for (const name of others) mkdirSync(join(parent, name))
    const kept = join(parent, 'kept')
    mkdirSync(kept)
    symlinkSync(kept, join(parent, 'delegraph-999999999-aBcDeF'))
    removeLeftScratch(parent)
    for (const name of others) expect(existsSync(join(parent, name)), name).toBe(true)
    expect(existsSync(kept)).toBe(true)
    removeLeftScratch(join(parent, 'nowhere'))
  })
})
