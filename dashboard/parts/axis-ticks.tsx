import { scaled } from './root-scale.ts'

export interface AxisTick {
  key: number
  /** Where it stands in what is looked at, from 0 to 1. */
  at: number
  label: string
  className?: string
}

/** Of a label: what stands before its text, and about as much as each of its letters takes. */
const LABEL_START_PX = 6
const LETTER_PX = scaled(7.2)

/** Labels over a timeline: after their lines, or before them where the end leaves no room. */
export function AxisTicks({ ticks, widthPx }: { ticks: readonly AxisTick[]; widthPx: number }) {
  return (
    <span className="axis" aria-hidden="true">
      {ticks.map(({ key, at, label, className = '' }, index) => {
        const labelPx = LABEL_START_PX + label.length * LETTER_PX
        const beforePx = (at - (ticks[index - 1]?.at ?? 0)) * widthPx
        const side = (1 - at) * widthPx >= labelPx ? 'after' : beforePx >= 2 * labelPx ? 'before' : null
        return (
          <span
            key={key}
            className={`axis-tick ${className}${side === 'before' ? ' axis-tick-before' : ''}`}
            style={{ left: `${at * 100}%` }}
          >
            {side === null ? null : label}
          </span>
        )
      })}
    </span>
  )
}
