/** Round moments of a span, in the reader's time zone: pure but for the zone. */

export interface CalendarTick {
  ms: number
  /** What is written there: the time of day, the day, or the month. */
  shows: 'time' | 'day' | 'month'
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

type Unit = 'second' | 'minute' | 'hour' | 'day' | 'month'
const UNIT_MS: Readonly<Record<Unit, number>> = {
  second: 1000,
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  month: 30 * DAY_MS,
}

const STEPS: readonly (readonly [number, Unit])[] = [
  [1, 'second'],
  [5, 'second'],
  [15, 'second'],
  [1, 'minute'],
  [5, 'minute'],
  [10, 'minute'],
  [30, 'minute'],
  [1, 'hour'],
  [3, 'hour'],
  [6, 'hour'],
  [12, 'hour'],
  [1, 'day'],
  [2, 'day'],
  [7, 'day'],
  [1, 'month'],
  [3, 'month'],
  [12, 'month'],
]

/** About as many as wanted, none outside. */
export function calendarTicks(fromMs: number, toMs: number, wanted: number): CalendarTick[] {
  const leastMs = (toMs - fromMs) / Math.max(1, wanted)
  const [count, unit] = STEPS.find(([count, unit]) => count * UNIT_MS[unit] >= leastMs) ?? [12, 'month']
  const found: CalendarTick[] = []
  const begin = beginOf(new Date(fromMs), unit)
  for (let step = 0; ; step++) {
    const at = stepped(begin, unit, step * count)
    const ms = at.getTime()
    if (ms > toMs) return found
    if (ms >= fromMs) found.push({ ms, shows: showsOf(at, unit) })
  }
}

/** The round moment at or before one, from which steps are counted. */
function beginOf(date: Date, unit: Unit): Date {
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  if (unit === 'month') return new Date(year, 0, 1)
  if (unit === 'day') return new Date(year, month, 1)
  if (unit === 'hour') return new Date(year, month, day)
  return new Date(year, month, day, date.getHours(), unit === 'second' ? date.getMinutes() : 0)
}

function stepped(date: Date, unit: Unit, count: number): Date {
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  if (unit === 'month') return new Date(year, month + count, 1)
  if (unit === 'day') return new Date(year, month, day + count)
  // By the clock on the wall, so that a change of daylight saving time moves no tick off its hour.
  if (unit === 'hour') return new Date(year, month, day, count)
  return new Date(date.getTime() + count * UNIT_MS[unit])
}

function showsOf(date: Date, unit: Unit): CalendarTick['shows'] {
  if (unit === 'month') return 'month'
  return date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 ? 'day' : 'time'
}
