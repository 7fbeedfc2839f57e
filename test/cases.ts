/**
 * How many random cases a property is tried with. `RANDOM_CASES` multiplies them: more for a long search by hand, fewer
 * where the same tests run a second time.
 */
const factor = Number(process.env.RANDOM_CASES ?? 1)

export const cases = (count: number): number => Math.max(1, Math.round(count * factor))
