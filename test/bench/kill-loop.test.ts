/** What `npm run kill-loop` does, but with fewer processes, each looked at in some moments. Needs `dist/`, which `npm test` builds first. */
import { describe, expect, it } from 'vitest'
import { killLoop } from '../../bench/kill-loop.ts'
import { cases } from '../cases.ts'

/** One process of each of the seven kinds, in so many of its moments; another where one ends before. */
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
