import { describe, expect, it } from 'vitest'
import { figuresFor } from '../../dashboard/format/figures.ts'

describe('a duration', () => {
  it('is rounded before it is parted: what is all but an hour is one', () => {
    const { duration } = figuresFor('en-US')
    expect([69_685, 59_940, 3_599_700, 86_399_000].map(duration)).toEqual(['1m 10s', '1m', '1h', '1d'])
  })
})

describe('a cost', () => {
  it('is never written as nothing unless it is, and never so long that its column does not hold it', () => {
    const costs = [0, 0.000_049, 0.000_05, 0.09, 99_999.4, 100_000, 123_456_789]
    expect(costs.map(figuresFor('en-US').cost)).toEqual([
      '$0',
      '<$0.0001',
      '$0.0001',
      '$0.09',
      '$99,999',
      '$100K',
      '$123M',
    ])
    const { cost, costMark, exactCost } = figuresFor('fr-FR')
    expect([0.000_01, 123_456].map((usd) => cost(usd).replaceAll(/\s/g, ' '))).toEqual(['< 0,0001 $', '123 k $'])
    expect(costMark(0.000_01)).toBe(exactCost(0.000_01))
  })
})

describe('a share', () => {
  it('is never written as nothing unless it is', () => {
    expect([0, 0.000_4, 0.000_6, 0.5].map(figuresFor('en-US').percent)).toEqual(['0%', '<0.1%', '0.1%', '50%'])
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
