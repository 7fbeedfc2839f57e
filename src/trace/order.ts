/**
 * OpenCode's ids begin with 12 hex digits: milliseconds × 4096 + a counter, of which the lowest 48 bits are kept. They
 * grow with time but wrap every 2^36 ms (795 days), so two of them are compared by the shorter way around.
 */
const STAMPED = /^[a-z]+_([0-9a-f]{12})/

const WRAP = 2 ** 48

/** Compares the ids of things made close to each other in time (the parts of one message), whether or not they wrapped. */
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

/** The order of things with a time: by time, and by id among equal times. */
export function byTime<T>(timeOf: (item: T) => number, idOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => timeOf(a) - timeOf(b) || compareIds(idOf(a), idOf(b))
}
