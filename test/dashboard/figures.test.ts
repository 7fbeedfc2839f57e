import { describe, expect, it } from 'vitest'
import { figuresFor } from '../../dashboard/format/figures.ts'

describe('a duration', () => {
  it('is rounded before it is parted: what is all but an hour is one', () => {
    const { duration } = figuresFor('en-US')
    expect([69_685, 59_940, 3_599_700, 86_399_000].map(duration)).toEqual(['1m 10s', '1m', '1h', '1d'])
  })
})

describe('a moment', () => {
  it('is written with its year where that is another one than now', () => {
    const year = new Date().getFullYear()
    for (const locale of ['en-US', 'fr-FR']) {
      const { time } = figuresFor(locale)
      expect(time(new Date(year, 4, 6, 12).toISOString())).not.toContain(String(year))
      expect(time(new Date(year - 1, 4, 6, 12).toISOString())).toContain(String(year - 1))
    }
  })
})
