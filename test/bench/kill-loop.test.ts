/** A few rounds of `npm run kill-loop`, one or two of each kind. Needs `dist/`, which `npm test` builds first. */
import { describe, expect, it } from 'vitest'
import { killLoop } from '../../bench/kill-loop.ts'

describe('delegraph, killed at any moment', () => {
  it('has after its next start what a first read gives', async () => {
    const tallies = await killLoop({ rounds: 7, seed: Date.now() })
    expect(tallies.flatMap(({ wrong }) => wrong)).toEqual([])
    expect(tallies.map(({ rounds }) => rounds)).toEqual([1, 1, 1, 1, 1, 1, 1])
  })
})
