import type { CSSProperties } from 'react'

/** How many steps take half of the room for them all. */
const HALF_AFTER = 4

/** The indentation of what is deeper is hardly seen: its level stands there as a figure. */
export const LEVELS_SEEN = 8

/**
 * For style sheets: `--steps` from the left, and `--depth`, how much of the room for indentation they take where it does
 * not hold them: always more, and never all of it, however deep a tree is.
 */
export function indented(level: number): CSSProperties {
  const steps = level - 1
  return { ['--steps' as string]: steps, ['--depth' as string]: (steps / (steps + HALF_AFTER)).toFixed(4) }
}
