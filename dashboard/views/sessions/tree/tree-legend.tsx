import { useWords } from '../../../words/index.tsx'

/** The legend of the timeline bars. */
export function TreeLegend() {
  const words = useWords()
  return (
    <ul className="tree-legend">
      <li>
        <span className="legend-bar" aria-hidden="true" />
        {words.tree.active}
      </li>
      <li>
        <span className="legend-bar legend-wait" aria-hidden="true" />
        {words.tree.waiting}
      </li>
      <li>
        <svg className="legend-ticks" viewBox="0 0 24 14" aria-hidden="true">
          <path className="tick" d="M6 7V14M16 7V14" />
        </svg>
        {words.tree.call}
      </li>
      <li>
        <svg className="legend-ticks" viewBox="0 0 24 14" aria-hidden="true">
          <path className="tick tick-failed" d="M12 0V14" />
        </svg>
        {words.tree.failedCall}
      </li>
    </ul>
  )
}
