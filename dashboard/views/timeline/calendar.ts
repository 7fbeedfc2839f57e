/** Round moments of a span, in the reader's time zone: pure but for the zone. */
import { type CountableTimeInterval, timeDay, timeMinute, timeMonth, timeSecond, timeTicks } from 'd3-time'

export interface CalendarTick {
  ms: number
  /** What is written there: the time of day, with its seconds or without, the day, or the month. */
  shows: 'second' | 'time' | 'day' | 'month'
}

/** At most as many as there is room for, none outside. */
export function calendarTicks(fromMs: number, toMs: number, room: number): CalendarTick[] {
  const ticks = ticksWithin(new Date(fromMs), new Date(toMs), room)
  const areMonths = ticks.length > 1 && ticks.every((tick) => isRound(tick, timeMonth))
  const showsOf = (tick: Date): CalendarTick['shows'] => {
    if (areMonths) return 'month'
    if (isRound(tick, timeDay)) return 'day'
    return isRound(tick, timeMinute) ? 'time' : 'second'
  }
  return ticks.map((tick) => ({ ms: tick.getTime(), shows: showsOf(tick) }))
}

/** The library gives about as many as are wanted; more than that would run into one another. */
function ticksWithin(from: Date, to: Date, room: number): Date[] {
  for (let wanted = room; wanted > 0; wanted--) {
    const ticks = timeTicks(from, to, wanted).filter((tick) => isRound(tick, timeSecond))
    if (ticks.length <= room) return ticks
  }
  return []
}

const isRound = (moment: Date, unit: CountableTimeInterval): boolean =>
  unit.floor(moment).getTime() === moment.getTime()
