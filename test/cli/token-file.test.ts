import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readTokenFile } from '../../src/cli/token-file.ts'

describe('a file with the token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'delegraph-token-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const fileOf = (text: string, mode = 0o600) => {
    const path = join(folder, `token-${Math.random()}`)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('is read without the end of its line, also through a link', () => {
    const path = fileOf('correct horse battery\n')
    expect(readTokenFile(path)).toBe('correct horse battery')
    symlinkSync(path, join(folder, 'link'))
    expect(readTokenFile(join(folder, 'link'))).toBe('correct horse battery')
    expect(readTokenFile(fileOf('correct horse\r\n', 0o400))).toBe('correct horse')
  })

  it.each([
    [0o644, '644'],
    [0o640, '640'],
    [0o620, '620'],
    [0o601, '601'],
  ])('that others may use is refused, and how to mend it is said', (mode, shown) => {
    const path = fileOf('correct horse battery', mode)
    expect(() => readTokenFile(path)).toThrow(`(mode ${shown}). Run: chmod 600 ${path}`)
  })

  it('that has no token in it is refused', () => {
    expect(() => readTokenFile(fileOf(''))).toThrow('it is empty')
    expect(() => readTokenFile(fileOf(' \n \n'))).toThrow('it is empty')
    expect(() => readTokenFile(fileOf('short'))).toThrow('at least 8 characters')
    expect(() => readTokenFile(fileOf('a'.repeat(5000)))).toThrow('at most 4096 characters')
    expect(() => readTokenFile(fileOf('first line\nsecond line'))).toThrow('one line of plain ASCII')
    expect(() => readTokenFile(fileOf('schön und gut'))).toThrow('one line of plain ASCII')
  })

  it('that is none is refused without waiting', () => {
    expect(() => readTokenFile(join(folder, 'nowhere'))).toThrow(/nowhere: there is no such file\. Create one: /)
    mkdirSync(join(folder, 'directory'), { mode: 0o700 })
    expect(() => readTokenFile(join(folder, 'directory'))).toThrow('it is not a regular file')
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    expect(() => readTokenFile(pipe)).toThrow('it is not a regular file')
  })

  it('stands in no message with what is in it', () => {
    const path = fileOf('correct horse\nbattery staple')
    const said = (() => {
      try {
        return readTokenFile(path)
      } catch (error) {
        return JSON.stringify([error, String(error)])
      }
    })()
    expect(said).toContain('BAD_USER_INPUT')
    expect(said).not.toMatch(/horse|staple/)
  })
})
