/** The part of a timeline that is looked at, as shares of the whole. */
export interface Viewport {
  from: number
  to: number
}

export const WHOLE: Viewport = { from: 0, to: 1 }
const SMALLEST = 1e-5

export const isWhole = ({ from, to }: Viewport): boolean => from === 0 && to === 1

/** Where a share lies in what is looked at: 0 is its left edge, 1 its right one. */
export const inView = ({ from, to }: Viewport, share: number): number => (share - from) / (to - from)

/** Closer or farther by a factor, around a place that stays where it is. */
export function zoom({ from, to }: Viewport, factor: number, around: number): Viewport {
  const width = Math.min(1, Math.max(SMALLEST, (to - from) / factor))
  const left = around - ((around - from) / (to - from)) * width
  return within(left, width)
}

/** Moved by a part of what is looked at. */
export const pan = ({ from, to }: Viewport, part: number): Viewport => within(from + part * (to - from), to - from)

function within(left: number, width: number): Viewport {
  const from = Math.min(1 - width, Math.max(0, left))
  return { from, to: from + width }
}
