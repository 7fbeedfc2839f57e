/** Reproducible randomness: the same seed gives the same history. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number
  /** A whole number; from ≤ x ≤ to. */
  whole(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly [T, ...T[]]): T
  /** One of the keys, with the probability that its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T
  /** A whole number, at least 1: half of them below `median`, larger ones ever rarer. */
  skewed(median: number, sigma: number, max: number): number
}

/** sfc32, a small fast counting generator (Chris Doty-Humphrey, PractRand). */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1]
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 16; i++) next()

  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick: (list) => list[whole(0, list.length - 1)] ?? list[0],
    weighted(weights) {
      const keys = Object.keys(weights) as (keyof typeof weights)[]
      let left = next() * keys.reduce((sum, key) => sum + weights[key], 0)
      for (const key of keys) {
        left -= weights[key]
        if (left < 0) return key
      }
      throw new Error('weights must be positive')
    },
    skewed: (median, sigma, max) => Math.max(1, Math.min(max, Math.round(median * Math.exp(sigma * normal())))),
  }
}
