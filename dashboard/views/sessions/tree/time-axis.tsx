import { memo } from 'react'
import type { Viewport } from '../../../format/viewport.ts'
import { AxisTicks } from '../../../parts/axis-ticks.tsx'
import { useFigures } from '../../../words/index.tsx'
import { type TimeScale, ticks } from './time-scale.ts'

interface Props {
  scale: TimeScale
  viewport: Viewport
  wanted: number
}

/** Tick labels above the timeline, at round values. */
export const TimeAxis = memo(function TimeAxis({ scale, viewport, wanted, widthPx }: Props & { widthPx: number }) {
  const figures = useFigures()
  const labelOf = (value: number) => {
    if (scale.kind === 'relative') return figures.percent(value)
    return value === 0 ? figures.exact(0) : figures.duration(value)
  }
  const shown = ticks(scale, viewport, wanted).map(({ at, value }) => ({ key: value, at, label: labelOf(value) }))
  return <AxisTicks ticks={shown} widthPx={widthPx} />
})

/** Lines behind the bars at the same values. */
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
