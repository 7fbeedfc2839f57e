import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog, type LogOptions } from '../../src/cli/log.ts'
import { loggedProgress } from '../../src/cli/progress.ts'

function logged(options: LogOptions) {
  let text = ''
  const log = createLog({ write: (more) => (text += more) }, options)
  return { log, text: () => text, lines: () => text.split('\n').filter((line) => line !== '') }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const ACTING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

describe('the log', () => {
  it('is a line of JSON for each event, with its time, its level and what belongs to it', () => {
    const { log, lines } = logged({ level: 'info', format: 'json' })
    log.info('listening', { url: 'http://127.0.0.1:4000', token: true })
    log.warn('Only', 'words')
    const [first, second] = lines().map((line) => JSON.parse(line))
    expect(first).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      message: 'listening',
      url: 'http://127.0.0.1:4000',
      token: true,
    })
    expect(second).toMatchObject({ level: 'warn', message: 'Only words' })
  })

  it('has the progress of a reading as an event among others', () => {
    const { log, lines } = logged({ level: 'info', format: 'json' })
    let clockMs = 0
    const progress = loggedProgress(log.info, () => clockMs)
    for (clockMs = 0; clockMs <= 6000; clockMs += 3000) progress.update(clockMs, 12_000, 'Reading sessions')
    progress.end()
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', message: 'Reading sessions 6,000 of 12,000, 6.0 s left' },
    ])
  })

  it('is a line for a person, too, with the stack of an error below it', () => {
    const { log, text } = logged({ level: 'info', format: 'pretty' })
    log.error('Unexpected error 7', new Error('no', { cause: new TypeError('why') }))
    expect(text()).toMatch(
      /^\S+Z error Unexpected error 7\n {2}Error: no\n {4}at .*log\.test.*\n(?: {4}at .*\n)* {2}TypeError: why\n/,
    )
  })

  it('says as much as it is asked to', () => {
    const said = (['silent', 'error', 'warn', 'info', 'debug'] as const).map((level) => {
      const { log, lines } = logged({ level, format: 'json' })
      for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name](name)
      return lines().length
    })
    expect(said).toEqual([0, 1, 2, 3, 4])
  })

  it('cuts what an error repeats of its values', () => {
    const { log, text } = logged({ level: 'info', format: 'json' })
    log.error(new Error(`could not convert ${'secret '.repeat(1000)}`))
    expect(text().length).toBeLessThan(6000)
  })

  it.each(['json', 'pretty'] as const)(
    'acts on no terminal (%s), whatever is in it, and stays one event a line',
    (format) => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, value) => {
          const { log, text, lines } = logged({ level: 'debug', format })
          log.debug(message, { value })
          expect(text()).not.toMatch(ACTING)
          expect(lines()).toHaveLength(1)
          if (format === 'json')
            expect(JSON.parse(text())).toMatchObject({ message: message.toWellFormed(), value: value.toWellFormed() })
        }),
      )
    },
  )
})
