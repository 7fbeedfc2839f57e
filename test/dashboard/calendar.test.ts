import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calendarTicks } from '../../dashboard/views/timeline/calendar.ts'

const zone = process.env.TZ
const ms = (iso: string): number => Date.parse(iso)
const shown = (from: string, to: string, room: number): string[] =>
  calendarTicks(ms(from), ms(to), room).map(({ ms, shows }) => `${shows} ${new Date(ms).toISOString()}`)

describe('the ticks of a calendar', () => {
  beforeAll(() => {
    process.env.TZ = 'Europe/Paris'
  })
  afterAll(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })

  it('stand at round times of the day, and midnight shows the day that begins', () => {
    expect(shown('2026-06-01T19:10:00+02:00', '2026-06-02T05:00:00+02:00', 5)).toEqual([
      'time 2026-06-01T19:00:00.000Z',
      'day 2026-06-01T22:00:00.000Z',
      'time 2026-06-02T01:00:00.000Z',
    ])
  })

  it('show their seconds where they are so near, and are never nearer than a second', () => {
    expect(shown('2026-06-01T19:10:55+02:00', '2026-06-01T19:11:06+02:00', 3)).toEqual([
      'second 2026-06-01T17:10:55.000Z',
      'time 2026-06-01T17:11:00.000Z',
      'second 2026-06-01T17:11:05.000Z',
    ])
    expect(shown('2026-06-01T19:10:55.900+02:00', '2026-06-01T19:10:56.100+02:00', 8)).toEqual([
      'second 2026-06-01T17:10:56.000Z',
    ])
  })

  it('stay at their hour when the clocks go back', () => {
    expect(shown('2026-10-24T12:00:00+02:00', '2026-10-26T12:00:00+01:00', 5)).toEqual([
      'time 2026-10-24T10:00:00.000Z',
      'day 2026-10-24T22:00:00.000Z',
      'time 2026-10-25T11:00:00.000Z',
      'day 2026-10-25T23:00:00.000Z',
      'time 2026-10-26T11:00:00.000Z',
    ])
  })

  it('show months where the span has many', () => {
    expect(shown('2026-01-10T00:00:00Z', '2026-06-10T00:00:00Z', 6)).toEqual(
      ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31'].map(
        (day) => `month ${day}T${day < '2026-03-29' ? '23' : '22'}:00:00.000Z`,
      ),
    )
  })

  it('are never more than there is room for, from seconds to decades', () => {
    const from = ms('2021-03-04T05:06:07.008Z')
    for (let spanMs = 1000; spanMs < 1e12; spanMs *= 1.7)
      for (const room of [1, 2, 3, 7, 12])
        expect(calendarTicks(from, from + spanMs, room).length).toBeLessThanOrEqual(room)
  })
})
