import { scaled } from './root-scale.ts'

export interface AxisTick {
  key: number
  /** Position in the viewport, from 0 to 1. */
  at: number
  label: string
  className?: string
}

/** The space before a label's text, and the approximate width of one letter. */
const LABEL_START_PX = 6
const LETTER_PX = scaled(7.2)

/** Tick labels above a timeline: to the right of their lines, or to the left if the right edge leaves no room. */
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
