/** What each day came to, drawn from the first to the last; the table beside it says the same. */
import { scaleBand, scaleLinear } from 'd3-scale'
import { useFigures, useWords } from '../../words/index.tsx'
import type { Measured } from './usage-bars.tsx'

/** Dates under the columns, and values beside them: at most about so many. */
const DATES = 8
const VALUES = 4

/** @param rows of days, `2026-11-24` in UTC, in order; those on which nothing ran are among them */
export function Days({ rows }: { rows: readonly Measured[] }) {
  const words = useWords()
  const figures = useFigures()
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || first === last) return null
  // Models that cost nothing are told apart by what they read and wrote.
  const measure = rows.some((row) => row.cost > 0) ? 'cost' : 'tokens'
  const show = measure === 'cost' ? figures.cost : figures.short
  const most = Math.max(...rows.map((row) => row[measure]))
  const x = scaleBand(
    rows.map((row) => row.key),
    [0, 100],
  ).paddingInner(0.2)
  const y = scaleLinear([0, most || 1], [100, 0]).nice(VALUES)
  const values = y.ticks(VALUES)
  const dates = rows.filter((_, i) => i % Math.ceil(rows.length / DATES) === 0)
  const nameOf = (day: string) => figures.day(`${day}T12:00:00`)
  return (
    <figure className="daily">
      <div className="daily-values" aria-hidden="true">
        {values.map((value) => (
          <span key={value} style={{ top: `${y(value)}%` }}>
            {show(value)}
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
      <div className="daily-dates" aria-hidden="true">
        {dates.map(({ key: day }) => (
          <span key={day} style={{ left: `${x(day)}%` }}>
            {figures.calendar.day(Date.parse(`${day}T12:00:00`))}
          </span>
        ))}
      </div>
    </figure>
  )
}
