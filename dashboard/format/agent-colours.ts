/** Every agent has one hue, which its name alone decides: the same in every view, browser and picture. */

/** Of all that were tried the one that keeps the names that agents mostly have the farthest apart. */
const SEED = 1_379_941

/** FNV-1a, whose last bits are mixed into the first. In degrees; the style sheet makes a colour of it that stands out in either theme. */
export function hueOf(agent: string): number {
  let hash = SEED
  for (const letter of agent) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b)
  return (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32) * 360
}
