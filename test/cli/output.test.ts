import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duration, group, size } from '../../src/cli/figures.ts'
import { printable } from '../../src/cli/printable.ts'
import { createProgress } from '../../src/cli/progress.ts'

describe('text of others on a terminal', () => {
  it('acts on nothing', () => {
    expect(printable('a\u001b[2Jb\u009b31mc\u0007\u202ed\ne')).toBe('a\\u001b[2Jb\\u009b31mc\\u0007\\u202ed e')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
      }),
    )
  })

  it('stays as it is otherwise', () => {
    expect(printable('Réfactorer « le module » 🦊 日本')).toBe('Réfactorer « le module » 🦊 日本')
  })
})

describe('progress', () => {
  function output(isTTY: boolean, columns = 80, terminal = 'xterm') {
    let text = ''
    let clockMs = 0
    const write = (more: string) => {
      text += more
    }
    const at = (ms: number) => {
      clockMs = ms
    }
    const stream = { isTTY, columns, write }
    const progress = createProgress(stream, terminal, () => clockMs)
    return { progress, at, text: () => text }
  }

  it('is a bar with counts and time left on a terminal, and leaves nothing behind', () => {
    const { progress, at, text } = output(true)
    progress.update(0, 2000, 'Reading sessions')
    at(3000)
    progress.update(500, 2000, 'Reading sessions')
    expect(text().split('\r').at(-1)).toBe(
      '\u001b[2K██████░░░░░░░░░░░░░░░░░░ Reading sessions 500 of 2,000, 9.0 s left',
    )
    progress.end()
    expect(text().endsWith('\r\u001b[2K')).toBe(true)
  })

  it('fits into a narrow terminal and is not drawn too often', () => {
    const { progress, text } = output(true, 30)
    for (let i = 0; i < 1000; i++) progress.update(i, 1000, 'Reading sessions')
    expect(text().split('\r')).toHaveLength(2)
    expect(text().length).toBeLessThanOrEqual(30 + '\r\u001b[2K'.length)
  })

  it('keeps its figures where there is little room, and gives up the bar first', () => {
    const lastOf = (columns: number) => {
      const { progress, text } = output(true, columns)
      progress.update(500, 2000, 'Reading sessions')
      return text().split('\u001b[2K').at(-1)
    }
    expect(lastOf(46)).toBe('████░░░░░░░░░░░ Reading sessions 500 of 2,000')
    expect(lastOf(34)).toBe('Reading sessions 500 of 2,000')
    expect(lastOf(0)).toBe('██████░░░░░░░░░░░░░░░░░░ Reading sessions 500 of 2,000')
  })

  it('says nothing of figures that it does not know, nor of the time left before there is something to go by', () => {
    const { progress, at, text } = output(true)
    progress.update(0, 0, 'Looking at sessions')
    expect(text().endsWith('░ Looking at sessions')).toBe(true)
    at(3000)
    progress.update(5, 2000, 'Reading sessions')
    expect(text().endsWith('Reading sessions 5 of 2,000')).toBe(true)
  })

  it('draws nothing on a terminal that takes plain lines alone', () => {
    const { progress, at, text } = output(true, 80, 'dumb')
    for (const ms of [0, 3000, 6000]) {
      at(ms)
      progress.update(ms, 12_000, 'Reading')
    }
    progress.end()
    expect(text()).toBe('Reading 6,000 of 12,000, 6.0 s left\n')
  })

  it('is plain lines in a pipe, none for short work', () => {
    const { progress, at, text } = output(false)
    progress.update(1, 10, 'Reading')
    at(4000)
    progress.update(4, 10, 'Reading')
    expect(text()).toBe('')
    at(6000)
    progress.update(6, 10, 'Reading')
    at(7000)
    progress.update(7, 10, 'Reading')
    progress.end()
    expect(text()).toBe('Reading 6 of 10, 4.0 s left\n')
  })

  it('groups the digits of a count', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (count) => group(count) === count.toLocaleString('en-US')))
  })

  it('words amounts for people', () => {
    expect([850, 12_340, 240_000, 7_200_000].map(duration)).toEqual(['850 ms', '12.3 s', '4 min', '2 h'])
    expect([12, 4100, 2_031_000_000].map(size)).toEqual(['12 bytes', '4.1 KB', '2.0 GB'])
  })
})
