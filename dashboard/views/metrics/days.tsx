/** A bar chart of cost or tokens by day, from the first day to the last; the table beside it has the same figures. */

import { scaleBand, scaleLinear } from 'd3-scale'
import { useRef } from 'react'
import { scaled } from '../../parts/root-scale.ts'
import { useWidth } from '../../parts/use-width.ts'
import { useFigures, useWords } from '../../words/index.tsx'
import type { Measured } from './usage-bars.tsx'

/** Width of a date label below the bars, and the gap between two labels. */
const DATE_PX = scaled(48)
const GAP_PX = 12
/** Approximate number of ticks on the value axis. */
const VALUES = 4

/** @param rows one per UTC day (key `2026-11-24`), two or more, in order and without gaps: idle days are included */
export function Days({ rows }: { rows: readonly Measured[] }) {
  const words = useWords()
  const figures = useFigures()
  const axis = useRef<HTMLDivElement>(null)
  const widthPx = useWidth(axis)
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return null
  // If nothing cost anything (free models), the chart shows tokens.
  const measure = rows.some((row) => row.cost > 0) ? 'cost' : 'tokens'
  const show = measure === 'cost' ? figures.cost : figures.short
  const mark = measure === 'cost' ? figures.costMark : figures.short
  const most = Math.max(...rows.map((row) => row[measure]))
  const x = scaleBand(
    rows.map((row) => row.key),
    [0, 100],
  ).paddingInner(0.2)
  const y = scaleLinear([0, most || 1], [100, 0]).nice(VALUES)
  const values = y.ticks(VALUES)
  const every = Math.ceil((rows.length * (DATE_PX + GAP_PX)) / widthPx)
  const leftOf = (day: string) => x(day) ?? 0
  // No label that would extend beyond the right edge.
  const dates = rows.filter(({ key }, i) => i % every === 0 && (leftOf(key) / 100) * widthPx + DATE_PX <= widthPx)
  const nameOf = (day: string) => figures.day(`${day}T12:00:00`)
  return (
    <figure className="daily">
      <div className="daily-values" aria-hidden="true">
        {values.map((value) => (
          <span key={value} style={{ top: `${y(value)}%` }}>
            {mark(value)}
          </span>
        ))}
      </div>
      <svg
        className="daily-plot"
        role="img"
        aria-label={words.metrics.days(words.tree[measure], nameOf(first.key), nameOf(last.key), show(most))}
      >
        {values.map((value) => (
          <line key={value} x1="0" x2="100%" y1={`${y(value)}%`} y2={`${y(value)}%`} />
        ))}
        {rows.map((row) => {
          const { key: day, cost, tokens } = row
          const top = y(row[measure])
          return (
            <g key={day} className="daily-day">
              <rect x={`${x(day)}%`} width={`${x.bandwidth()}%`} height="100%" className="daily-room" />
              <rect x={`${x(day)}%`} width={`${x.bandwidth()}%`} y={`${top}%`} height={`${100 - top}%`} />
              <title>{`${nameOf(day)}: ${figures.cost(cost)}, ${words.metrics.tokens(figures.short(tokens))}`}</title>
            </g>
          )
        })}
      </svg>
      <div ref={axis} className="daily-dates" aria-hidden="true">
        {dates.map(({ key: day }) => (
          <span key={day} style={{ left: `${leftOf(day)}%` }}>
            {figures.calendar.day(Date.parse(`${day}T12:00:00`))}
          </span>
        ))}
      </div>
    </figure>
  )
}
