/** Snippets and their highlights, for all kinds of texts. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fold } from '../../src/search/fold.ts'
import { readTextQuery } from '../../src/search/query.ts'
import { snippetOf } from '../../src/search/snippet.ts'

const pieces = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('👩‍👩‍👧', '👍🏽', 'é', 'e\u0301', '\u0301', 'œ', '𐐷', 'İ', ' ', '\n', 'vérifiée '),
)
const texts = fc.array(pieces, { maxLength: 40 }).map((all) => all.join(''))

it('marks only what was asked for, in order, and cuts no character', () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const { snippet, highlights } = snippetOf(`${before} Vérifiée${after}`, readTextQuery('verifiee').wanted)
      expect(highlights.length).toBeGreaterThan(0)
      let last = 0
      for (const { start, end } of highlights) {
        expect(start).toBeGreaterThanOrEqual(last)
        expect(end).toBeGreaterThan(start)
        expect(end).toBeLessThanOrEqual(snippet.length)
        expect(fold(snippet.slice(start, end))).toMatch(/^verifiee/)
        last = end
      }
      expect(isCut(snippet, highlights)).toBe(false)
    }),
  )
})

/** Whether the end of a highlight splits a surrogate pair. */
function isCut(snippet: string, highlights: readonly { start: number; end: number }[]): boolean {
  const isHigh = (at: number) => /^[\uD800-\uDBFF]$/.test(snippet.charAt(at))
  const isLow = (at: number) => /^[\uDC00-\uDFFF]$/.test(snippet.charAt(at))
  return highlights.some(({ start, end }) =>
    [start, end].some((at) => at > 0 && at < snippet.length && isLow(at) && isHigh(at - 1)),
  )
}

it('parts no pair of surrogates and no letter from its accents', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('👍🏽', 'e\u0301', '𐐷', 'x'), { minLength: 200, maxLength: 600 }),
      (letters) => {
        const text = `${letters.join('')} needle ${letters.join('')}`
        const { snippet } = snippetOf(text, readTextQuery('needle').wanted)
        expect(snippet).not.toMatch(/\p{Surrogate}/u)
        const inner = snippet.replace(/^…/, '').replace(/…$/, '')
        expect(inner).not.toMatch(/^[\u0301\u{1f3fd}]/u)
        const rest = text.slice(text.indexOf(inner) + inner.length)
        expect(rest).not.toMatch(/^[\u0301\u{1f3fd}]/u)
      },
    ),
  )
})

it('reads any query, or refuses it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      try {
        for (const { js } of readTextQuery(text).wanted) expect(() => new RegExp(js, 'gu')).not.toThrow()
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' })
      }
    }),
  )
})
