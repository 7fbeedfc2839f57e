import { describe, expect, it } from 'vitest'
import { hueOf } from '../../dashboard/format/agent-colours.ts'

/** The names of OpenCode's own agents, and common names of users' agents. */
const USUAL = [
  ...['build', 'plan', 'general', 'explore', 'tester', 'refactoring', 'reviewer', 'orchestrator', 'docs-writer'],
  ...['coordinateur', 'executeur', 'quality'],
]

/** In degrees of the colour wheel: closer hues look the same. */
const TOLD_APART = 15

describe('the colour of an agent', () => {
  it('comes of its name alone, so that it is the same in every browser, whatever was seen there before', () => {
    expect(['tester', 'build', 'général'].map((agent) => Math.round(hueOf(agent)))).toEqual([181, 349, 329])
  })

  it('is told apart from that of others as agents are mostly called', () => {
    const hues = USUAL.map(hueOf).sort((a, b) => a - b)
    const gaps = hues.map((hue, index) => (hues[index + 1] ?? (hues[0] ?? 0) + 360) - hue)
    expect(Math.min(...gaps)).toBeGreaterThan(TOLD_APART)
  })

  it('lies anywhere on the wheel, whatever else agents are called', () => {
    const hues = Array.from({ length: 720 }, (_, index) => hueOf(`agent${index}`))
    const sectors = new Set(hues.map((hue) => Math.floor(hue / 30)))
    expect(sectors.size).toBe(12)
    expect(hues.every((hue) => hue >= 0 && hue < 360)).toBe(true)
  })
})
