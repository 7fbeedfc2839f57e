/** Ticks at round dates and times in the user's time zone, which is the only thing that is not passed in. */
import { type CountableTimeInterval, timeDay, timeMinute, timeMonth, timeSecond, timeTicks } from 'd3-time'

export interface CalendarTick {
  ms: number
  /** What the label shows: the time of day with or without seconds, the day, or the month. */
  shows: 'second' | 'time' | 'day' | 'month'
}

/** The ticks between two times in UTC milliseconds, at most `room` of them. */
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

/** d3 returns only approximately the wanted number of ticks, but more than `room` labels would overlap. */
function ticksWithin(from: Date, to: Date, room: number): Date[] {
  for (let wanted = room; wanted > 0; wanted--) {
    const ticks = timeTicks(from, to, wanted).filter((tick) => isRound(tick, timeSecond))
    if (ticks.length <= room) return ticks
  }
  return []
}

const isRound = (moment: Date, unit: CountableTimeInterval): boolean =>
  unit.floor(moment).getTime() === moment.getTime()
