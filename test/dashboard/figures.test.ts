import { describe, expect, it } from 'vitest'
import { figuresFor } from '../../dashboard/format/figures.ts'

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
