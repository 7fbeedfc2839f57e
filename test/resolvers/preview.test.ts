import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { previewOf } from '../../src/resolvers/preview.ts'

describe('a preview', () => {
  it('is one line, and says when it was cut', () => {
    expect(previewOf('  Fix\n\n  the   bug. ', 120)).toBe('Fix the bug.')
    expect(previewOf('Fix the bug', 7)).toBe('Fix th…')
    expect(previewOf('Fix the', 7)).toBe('Fix the')
    expect(previewOf(`${' '.repeat(1_000_000)}late`, 10)).toBe('…')
    expect(previewOf('', 1)).toBe('')
  })

  it('counts characters and cuts none in two', () => {
    expect(previewOf('🦊🦊🦊', 2)).toBe('🦊…')
    // Only the beginning of a long text is read, wherever it is cut.
    for (const blanks of [1070, 1079, 1080])
      expect(previewOf(`${' '.repeat(blanks)}🦊🦊🦊🦊🦊🦊`, 10)).toMatch(/^🦊*…$/u)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const preview = previewOf(text, length)
        expect([...preview].length).toBeLessThanOrEqual(length)
        expect(preview).not.toMatch(/[\n\t]| {2}/)
        if (!preview.endsWith('…')) expect(preview).toBe(text.replace(/\s+/g, ' ').trim())
      }),
    )
  })

  it('has a length from 1 to 10,000', () => {
    expect(() => previewOf('x', 0)).toThrow(/from 1 to 10000/)
    expect(() => previewOf('x', 10_001)).toThrow(/from 1 to 10000/)
  })
})
