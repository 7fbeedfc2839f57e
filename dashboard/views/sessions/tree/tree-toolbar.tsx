import { isWhole } from '../../../format/viewport.ts'
import { Icon } from '../../../parts/icon.tsx'
import { ZoomButtons } from '../../../parts/zoom-buttons.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'
import type { Timeline } from './use-timeline.ts'

interface Props {
  timeline: Timeline
  /** The number of rows still being loaded. */
  rest: number
  critical: boolean
  onCritical: (on: boolean) => void
  onExpandAll: () => void
  onCollapseAll: () => void
}

export function TreeToolbar({ timeline, rest, critical, onCritical, onExpandAll, onCollapseAll }: Props) {
  const words = useWords()
  const figures = useFigures()
  const { scale, axis } = timeline
  const whole = isWhole(timeline.viewport)
  const coming = words.tree.rest(figures.exact(rest))
  return (
    <div className="toolbar">
      <button type="button" className="button button-quiet" onClick={onExpandAll}>
        {words.tree.expandAll}
      </button>
      <button type="button" className="button button-quiet" onClick={onCollapseAll}>
        {words.tree.collapseAll}
      </button>
      {/* Takes only the free space: a second line that comes and goes would move the whole tree. */}
      <span className="toolbar-gap muted ellipsis" role="status" title={rest > 0 ? coming : undefined}>
        {rest > 0 ? coming : null}
      </span>
      <button
        type="button"
        className="button button-quiet"
        aria-pressed={critical}
        title={words.tree.criticalHint}
        onClick={() => onCritical(!critical)}
      >
        <Icon name="route" />
        {words.tree.critical}
      </button>
      <fieldset className="switch">
        <legend className="offscreen">{words.tree.scale}</legend>
        {(['absolute', 'relative'] as const).map((kind) => (
          <label key={kind}>
            <input type="radio" name="scale" checked={scale.kind === kind} onChange={() => timeline.setKind(kind)} />
            <span>{words.tree[kind]}</span>
          </label>
        ))}
      </fieldset>
      <ZoomButtons
        onIn={axis.zoomIn}
        onOut={axis.zoomOut}
        onWhole={axis.zoomWhole}
        wholeLabel={words.tree.zoomReset}
        isWhole={whole}
        isFarthest={whole}
      />
    </div>
  )
}
