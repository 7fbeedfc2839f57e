import { closestMatch } from 'leven'

/** Longer names are not compared: they are hardly typing errors, and comparing them takes time. */
const MAX_LENGTH = 64

/**
 * Suggests the candidate that was probably meant: the only one that starts with the text (of three letters or more), or
 * else the closest one, if at most two in five letters differ. Null if there is none.
 */
export function nearest(text: string, candidates: readonly string[]): string | null {
  if (text === '' || text.length > MAX_LENGTH) return null
  const byLowerCase = new Map(candidates.filter((c) => c.length <= MAX_LENGTH).map((c) => [c.toLowerCase(), c]))
  const begun = text.length < 3 ? [] : [...byLowerCase.keys()].filter((c) => c.startsWith(text.toLowerCase()))
  const [only] = begun
  if (begun.length === 1 && only !== undefined) return byLowerCase.get(only) ?? null
  const maxDistance = Math.max(1, Math.round(text.length * 0.4))
  const found = closestMatch(text.toLowerCase(), [...byLowerCase.keys()], { maxDistance })
  return (found === undefined ? undefined : byLowerCase.get(found)) ?? null
}
