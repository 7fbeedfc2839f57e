/** Agent colours: an agent's hue depends only on its name, so it is the same in every view, browser and screenshot. */

/** Of all seeds tried, the one that keeps the hues of common agent names farthest apart. */
const SEED = 1_379_941

/**
 * The hue in degrees: FNV-1a with a final mix of the bits. The style sheet turns it into a colour with enough contrast
 * in either theme.
 */
export function hueOf(agent: string): number {
  let hash = SEED
  for (const letter of agent) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b)
  return (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32) * 360
}
