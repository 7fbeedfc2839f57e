/**
 * Every agent keeps one hue, on the whole page and in this browser from visit to visit. Hues lie far apart: each new agent
 * turns the wheel by the golden angle.
 */
import { keep, kept } from '../data/kept.ts'

const GOLDEN_ANGLE = 137.508
const FIRST_HUE = 262

const KEY = 'delegraph.agents'
/** Agents beyond these get a hue, too, but it is not kept. */
const KEPT = 100

/** In the order in which they were first seen. */
const agents = new Map(agentsBefore().map((agent, index) => [agent, index]))

/** In degrees; the style sheet makes a colour of it that stands out in either theme. */
export function hueOf(agent: string): number {
  let index = agents.get(agent)
  if (index === undefined) {
    index = agents.size
    agents.set(agent, index)
    if (agents.size <= KEPT) keep(KEY, JSON.stringify([...agents.keys()]))
  }
  return (FIRST_HUE + index * GOLDEN_ANGLE) % 360
}

/** Whatever else stands there is as good as nothing. */
function agentsBefore(): string[] {
  try {
    const stored: unknown = JSON.parse(kept(KEY) ?? '[]')
    return Array.isArray(stored) ? [...new Set(stored.filter((agent) => typeof agent === 'string'))] : []
  } catch {
    return []
  }
}
