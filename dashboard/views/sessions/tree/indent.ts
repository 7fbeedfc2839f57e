import type { CSSProperties } from 'react'

/** The number of steps that take half of the space for indentation. */
const HALF_AFTER = 4

/** Deeper rows show their level as a number, since their indentation hardly differs. */
export const LEVELS_SEEN = 8

/**
 * Sets two variables for the style sheet: `--steps`, the number of indentation steps, and `--depth`, the fraction of
 * the available space to use if the steps do not fit: it grows with the level but never reaches 1, however deep the
 * tree is.
 */
export function indented(level: number): CSSProperties {
  const steps = level - 1
  return { ['--steps' as string]: steps, ['--depth' as string]: (steps / (steps + HALF_AFTER)).toFixed(4) }
}
