import { memo } from 'react'
import type { Viewport } from '../../../format/viewport.ts'
import { useFigures } from '../../../words/index.tsx'
import { type TimeScale, ticks } from './time-scale.ts'

interface Props {
  scale: TimeScale
  viewport: Viewport
  wanted: number
}

/** Of a label: what stands before its text, and about as much as each of its letters takes. */
const LABEL_START_PX = 6
const LETTER_PX = 7.2

/** Labels over the timeline, at round values: after their lines, or before them where the end leaves no room. */
export const TimeAxis = memo(function TimeAxis({ scale, viewport, wanted, widthPx }: Props & { widthPx: number }) {
  const figures = useFigures()
  const labelOf = (value: number) => {
    if (scale.kind === 'relative') return figures.percent(value)
    return value === 0 ? figures.exact(0) : figures.duration(value)
  }
  const shown = ticks(scale, viewport, wanted).map(({ at, value }, index, all) => {
    const label = labelOf(value)
    const labelPx = LABEL_START_PX + label.length * LETTER_PX
    const beforePx = (at - (all[index - 1]?.at ?? 0)) * widthPx
    const side = (1 - at) * widthPx >= labelPx ? 'after' : beforePx >= 2 * labelPx ? 'before' : null
    return { at, value, label, side }
  })
  return (
    <span className="axis" aria-hidden="true">
      {shown.map(({ at, value, label, side }) => (
        <span
          key={value}
          className={`axis-tick${side === 'before' ? ' axis-tick-before' : ''}`}
          style={{ left: `${at * 100}%` }}
        >
          {side === null ? null : label}
        </span>
      ))}
    </span>
  )
})

/** The same values as lines behind the bars. */
export const TimeLines = memo(function TimeLines({ scale, viewport, wanted }: Props) {
  return (
    <div className="tree-lines tree-columns" aria-hidden="true">
      <span>
        {ticks(scale, viewport, wanted).map(({ at, value }) => (
          <i key={value} style={{ left: `${at * 100}%` }} />
        ))}
      </span>
    </div>
  )
})
