import { expect, it } from 'vitest'
import { foldCase } from '../src/letters.ts'

const LAST_CASED = 0x1e943

it('are equal in one case where Unicode says so', () => {
  const cased: string[] = []
  for (let code = 1; code <= LAST_CASED; code++) {
    const letter = String.fromCodePoint(code)
    if (/\p{Surrogate}/u.test(letter)) continue
    if (letter.toLowerCase() !== letter || letter.toUpperCase() !== letter) cased.push(letter)
  }
  const all = cased.join('')
  const groups = new Map<string, string[]>()
  for (const letter of cased) groups.set(foldCase(letter), [...(groups.get(foldCase(letter)) ?? []), letter])
  const differing = cased.filter((letter) => {
    const equal = [...all.matchAll(new RegExp(letter, 'giu'))].map(([found]) => found)
    return equal.join() !== groups.get(foldCase(letter))?.join()
  })
  // Each exists as two characters, and its capital is more than one letter.
  expect(differing.join(' ')).toBe('\u0390 \u03b0 \u1fd3 \u1fe3 \ufb05 \ufb06')
})

it('stay as many as they are', () => {
  expect(foldCase('Straße, ΟΔΌΣ: ẞ ŉ İı 𐐀')).toBe('straße, οδόσ: ß ŉ İı 𐐨')
})
