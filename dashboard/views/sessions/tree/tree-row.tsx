import { memo } from 'react'
import type { Viewport } from '../../../format/viewport.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { Icon } from '../../../parts/icon.tsx'
import { StatusBadge } from '../../../parts/status-badge.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'
import { indented, LEVELS_SEEN } from './indent.ts'
import { hasChildren, type Row, type Span } from './rows.ts'
import type { TimeScale } from './time-scale.ts'
import { TimelineBar } from './timeline-bar.tsx'
import type { ToolCalls } from './use-tool-ticks.ts'

export const rowId = (id: string): string => `trace-${id}`

interface Props {
  row: Row
  /** The root trace, which percentages refer to. */
  root: Row
  /** From 1, counting the header row. */
  rowIndex: number
  top: number
  open: boolean
  chosen: boolean
  critical: boolean
  /** The end of the trace; now, while it runs. */
  endMs: number
  rootEndMs: number
  /** Null until they are known; there is no bar until then. */
  waits: readonly Span[] | null
  calls: ToolCalls | null
  scale: TimeScale
  viewport: Viewport
  onChoose: (row: Row) => void
  onToggle: (row: Row) => void
  onOpen: (row: Row) => void
}

export const TreeRow = memo(function TreeRow(props: Props) {
  const { row, root, open, scale, endMs } = props
  const words = useWords()
  const figures = useFigures()
  const { trace } = row
  const tokens = trace.total.tokens.total
  const ms = endMs - row.startMs
  const relative = scale.kind === 'relative'
  const share = (part: number, whole: number) => figures.percent(whole > 0 ? part / whole : 0)
  const rootMs = props.rootEndMs - root.startMs
  const title = `${trace.agent}: ${figures.duration(ms)}, ${words.tree.started(figures.duration(row.startMs - root.startMs))}`
  const { totalCount: calls, nodes: marked } = props.calls ?? { totalCount: 0, nodes: [] }
  const some = marked.length < calls ? ` (${words.tree.marked(figures.exact(marked.length))})` : ''
  return (
    <div
      id={rowId(trace.id)}
      role="row"
      aria-rowindex={props.rowIndex}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={hasChildren(row) ? open : undefined}
      aria-selected={props.chosen}
      className={`tree-row tree-columns${props.critical ? ' tree-row-critical' : ''}`}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onChoose(row)}
      onDoubleClick={() => props.onOpen(row)}
    >
      <span role="gridcell" className="tree-agent" style={indented(row.level)}>
        {hasChildren(row) ? (
          <span
            className={`twisty${open ? ' twisty-open' : ''}`}
            title={open ? words.tree.collapse : words.tree.expand}
            onClick={(event) => {
              event.stopPropagation()
              props.onToggle(row)
            }}
            onDoubleClick={(event) => event.stopPropagation()}
          >
            <Icon name="chevron" />
          </span>
        ) : (
          <span className="twisty" />
        )}
        {row.level > LEVELS_SEEN ? (
          <span className="tree-level" aria-hidden="true">
            {row.level}
          </span>
        ) : null}
        <AgentName agent={trace.agent} titled />
        <span className="tree-description ellipsis" title={trace.description ?? undefined}>
          {trace.description ?? (trace.kind === 'USER_TURN' ? words.tree.turn : '')}
        </span>
      </span>
      <span role="gridcell" className="number" title={figures.exactDuration(ms)}>
        {relative ? share(ms, rootMs) : figures.duration(ms)}
      </span>
      <span role="gridcell" className="number" title={figures.exact(tokens)}>
        {relative ? share(tokens, root.trace.total.tokens.total) : figures.short(tokens)}
      </span>
      <span role="gridcell" className="number tree-cost" title={figures.exactCost(trace.total.cost)}>
        {relative ? share(trace.total.cost, root.trace.total.cost) : figures.cost(trace.total.cost)}
      </span>
      <span role="gridcell" className="tree-status">
        <StatusBadge status={trace.status} />
      </span>
      <span role="gridcell" className="lane" aria-label={title}>
        {props.waits === null ? null : (
          <TimelineBar
            row={row}
            endMs={endMs}
            waits={props.waits}
            scale={scale}
            viewport={props.viewport}
            critical={props.critical}
            calls={props.calls}
            title={calls === 0 ? title : `${title}, ${words.tree.calls(calls, figures.exact(calls))}${some}`}
          />
        )}
      </span>
    </div>
  )
})
