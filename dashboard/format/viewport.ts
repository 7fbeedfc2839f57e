/** The visible part of a timeline, as fractions of the whole. */
export interface Viewport {
  from: number
  to: number
}

export const WHOLE: Viewport = { from: 0, to: 1 }
const SMALLEST = 1e-5

export const isWhole = ({ from, to }: Viewport): boolean => from === 0 && to === 1

/** Converts a fraction of the whole to one of the viewport: 0 is its left edge, 1 its right edge. */
export const inView = ({ from, to }: Viewport, share: number): number => (share - from) / (to - from)

/** Zooms by a factor; `around`, a fraction of the whole, keeps its position on screen. */
export function zoom({ from, to }: Viewport, factor: number, around: number): Viewport {
  const width = Math.min(1, Math.max(SMALLEST, (to - from) / factor))
  const left = around - ((around - from) / (to - from)) * width
  return within(left, width)
}

/** Moves the viewport by `part` of its own width. */
export const pan = ({ from, to }: Viewport, part: number): Viewport => within(from + part * (to - from), to - from)

function within(left: number, width: number): Viewport {
  const from = Math.min(1 - width, Math.max(0, left))
  return { from, to: from + width }
}
