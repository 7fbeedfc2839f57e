/**
 * The number of random cases for a property test. `RANDOM_CASES` multiplies it: above 1 for a long search by hand,
 * below 1 where the same tests run a second time.
 */
const factor = Number(process.env.RANDOM_CASES ?? 1)

export const cases = (count: number): number => Math.max(1, Math.round(count * factor))
