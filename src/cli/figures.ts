/** Formats numbers for people. */

/** `850 ms`, `12.3 s`, `4 min`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

/**
 * `12,345`, of a whole number. Not `toLocaleString`: its first call loads the locale data, which blocks the event loop
 * for 30 ms in the middle of a reading.
 */
export function group(count: number): string {
  return String(count).replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',')
}

/** `4.1 MB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** `1 session`, `2 sessions`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${group(count)} ${count === 1 ? one : many}`
}
