/**
 * OpenCode's ids begin, after their prefix, with 12 hex digits: the lowest 48 bits of milliseconds × 4096 + a counter.
 * They grow with time but wrap around every 2^36 ms (795 days), so two ids are compared in the direction of the shorter
 * distance.
 */
const STAMPED = /^[a-z]+_([0-9a-f]{12})/

const WRAP = 2 ** 48

/** Compares ids that were created close to each other in time, such as the parts of one message, even across a wrap. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0
  const x = STAMPED.exec(a)?.[1]
  const y = STAMPED.exec(b)?.[1]
  if (x !== undefined && y !== undefined && x !== y) {
    const ahead = (Number.parseInt(x, 16) - Number.parseInt(y, 16) + WRAP) % WRAP
    return ahead < WRAP / 2 ? 1 : -1
  }
  return a < b ? -1 : 1
}

/** Returns a comparison by time, and by id among equal times. */
export function byTime<T>(timeOf: (item: T) => number, idOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => timeOf(a) - timeOf(b) || compareIds(idOf(a), idOf(b))
}
