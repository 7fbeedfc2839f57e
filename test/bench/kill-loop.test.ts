/** A short kill loop: few processes, each examined at several moments. Needs `dist/`, which `npm test` builds first. */
import { describe, expect, it } from 'vitest'
import { killLoop } from '../../bench/kill-loop.ts'
import { cases } from '../cases.ts'

/** How many moments of each of the seven kinds are examined, in another process if one ends early. */
const moments = cases(7)
const rounds = 7 * moments

describe('delegraph, killed at any moment', () => {
  it('has after its next start what a first read gives', async () => {
    const tallies = await killLoop({ rounds, moments, seed: Date.now() })
    const wrong = tallies.flatMap((tally) => tally.wrong)
    expect(wrong, wrong.join('\n')).toEqual([])
    expect(tallies.filter(({ rounds }) => rounds === 0)).toEqual([])
    expect(tallies.reduce((sum, tally) => sum + tally.rounds, 0)).toBe(rounds)
  })
})
