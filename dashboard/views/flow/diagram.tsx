/** The flow diagram: agents as boxes and two kinds of edges as lines between them; it scrolls and zooms. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Figures } from '../../format/figures.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { Notice } from '../../parts/notice.tsx'
import { ROOT_SCALE } from '../../parts/root-scale.ts'
import { Spent } from '../../parts/spent.tsx'
import { useWidth } from '../../parts/use-width.ts'
import { ZoomButtons } from '../../parts/zoom-buttons.tsx'
import { useFigures, useWords } from '../../words/index.tsx'
import { type Drawing, type FlowEdge, type FlowNode, NODE } from './drawing.ts'

interface Props {
  /** Null if the layout failed. */
  drawing: Drawing | null
  labelOf: (edge: FlowEdge) => string
  /** The agent whose edges are highlighted. */
  chosen: string | null
  onChoose: (agent: string | null) => void
}

const ZOOM_STEP = 1.25
const SMALLEST = 0.2
const LARGEST = 3
/** A larger diagram is not shrunk further to fit: it stays readable, and scrolls. */
const LEAST_FITTING = 0.6
/** Line width grows with the logarithm of the edge's count. */
const widthOf = ({ count }: FlowEdge): number => 1.4 + Math.min(4, Math.log2(count) * 0.5)

/** The suffix of an edge's label for its errors; empty if there are none. */
export const errorsOf = ({ errors }: FlowEdge, figures: Figures): string =>
  errors > 0 ? ` ✕${figures.short(errors)}` : ''

export function Diagram({ drawing, labelOf, chosen, onChoose }: Props) {
  const words = useWords()
  const scroller = useRef<HTMLDivElement>(null)
  // Null: fitted to the available width.
  const [chosenZoom, setZoom] = useState<number | null>(null)
  const room = useWidth(scroller)
  const fitting =
    room === 0 || drawing === null
      ? ROOT_SCALE
      : Math.min(ROOT_SCALE, Math.max(LEAST_FITTING * ROOT_SCALE, room / drawing.width))
  const zoom = chosenZoom ?? fitting
  const by = (factor: number) => setZoom(Math.min(LARGEST, Math.max(SMALLEST, zoom * factor)))
  const latestBy = useRef(by)
  useEffect(() => {
    latestBy.current = by
  })

  // React's wheel listeners are passive and could not keep the browser from zooming the page as well.
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      latestBy.current(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP)
    }
    element.addEventListener('wheel', turn, { passive: false })
    return () => element.removeEventListener('wheel', turn)
  }, [])

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') by(ZOOM_STEP)
    else if (event.key === '-') by(1 / ZOOM_STEP)
    else if (event.key === '0') setZoom(null)
    else if (event.key === 'Escape' && chosen !== null) onChoose(null)
    else return
    event.preventDefault()
  }

  return (
    <div className="flow-frame">
      <span className="flow-zoom">
        <ZoomButtons
          onIn={() => by(ZOOM_STEP)}
          onOut={() => by(1 / ZOOM_STEP)}
          onWhole={() => setZoom(null)}
          wholeLabel={words.flow.whole}
          isWhole={chosenZoom === null}
        />
      </span>
      <div
        ref={scroller}
        className="scroller flow-scroller"
        role="group"
        tabIndex={0}
        aria-label={words.flow.diagram}
        onKeyDown={press}
      >
        {drawing === null ? (
          <Notice title={words.failed} />
        ) : (
          <Drawn drawing={drawing} zoom={zoom} labelOf={labelOf} chosen={chosen} onChoose={onChoose} />
        )}
      </div>
    </div>
  )
}

interface DrawnProps extends Pick<Props, 'labelOf' | 'chosen' | 'onChoose'> {
  drawing: Drawing
  zoom: number
}

/** Renders a finished layout. */
function Drawn({ drawing, zoom, labelOf, chosen, onChoose }: DrawnProps) {
  const words = useWords()
  const figures = useFigures()
  const isFaint = ({ from, to }: FlowEdge) => chosen !== null && from !== chosen && to !== chosen
  return (
    <div className="flow-space" style={{ width: drawing.width * zoom, height: drawing.height * zoom }}>
      <div
        className="flow-drawing"
        style={{ width: drawing.width, height: drawing.height, transform: `scale(${zoom})` }}
      >
        {/* Hidden from screen readers: the table below has the same information. */}
        <svg width={drawing.width} height={drawing.height} aria-hidden="true">
          <defs>
            <marker
              id="arrow-delegated"
              viewBox="0 0 10 10"
              refX="9"
              refY="5"
              markerWidth="10"
              markerHeight="10"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path className="flow-head-delegated" d="M0 0L10 5L0 10z" />
            </marker>
            <marker
              id="arrow-followed"
              viewBox="-1 -1 12 12"
              refX="9"
              refY="5"
              markerWidth="12"
              markerHeight="12"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path className="flow-head-followed" d="M0 0L9 5L0 10" />
            </marker>
          </defs>
          {drawing.edges.map(({ edge, path }) => (
            <path
              key={`${edge.from} ${edge.kind} ${edge.to}`}
              className={`flow-edge flow-edge-${edge.kind.toLowerCase()}${isFaint(edge) ? ' flow-faint' : ''}`}
              d={path}
              strokeWidth={widthOf(edge)}
              markerEnd={`url(#arrow-${edge.kind.toLowerCase()})`}
            />
          ))}
        </svg>
        {drawing.edges.map(({ edge, label }) => (
          <span
            key={`${edge.from} ${edge.kind} ${edge.to}`}
            className={`flow-label flow-label-${edge.kind.toLowerCase()}${isFaint(edge) ? ' flow-faint' : ''}`}
            style={{ left: label.x, top: label.y }}
            aria-hidden="true"
            title={`${edge.from} ${words.flow.kinds[edge.kind]} ${edge.to}: ${figures.exact(edge.count)}×`}
          >
            {labelOf(edge)}
            {edge.errors > 0 ? <span className="status-error">{errorsOf(edge, figures)}</span> : null}
          </span>
        ))}
        {drawing.nodes.map(({ node, left, top }) => (
          <button
            key={node.agent}
            type="button"
            className="flow-node"
            style={{ left, top, width: NODE.width, height: NODE.height }}
            aria-pressed={node.agent === chosen}
            onClick={() => onChoose(node.agent === chosen ? null : node.agent)}
          >
            <NodeFigures node={node} />
          </button>
        ))}
      </div>
    </div>
  )
}

function NodeFigures({ node }: { node: FlowNode }) {
  const words = useWords()
  const figures = useFigures()
  return (
    <>
      <span className="flow-node-head">
        <AgentName agent={node.agent} />
        <span className="muted" title={figures.exact(node.invocations)}>
          {words.flow.runs(node.invocations, figures.short(node.invocations))}
        </span>
      </span>
      <span className="flow-node-facts">
        <Spent ms={node.activeMs} tokens={node.own.tokens.total} cost={node.own.cost} />
      </span>
      {node.errors > 0 ? (
        <span className="status-error">{words.sessions.errors(node.errors, figures.short(node.errors))}</span>
      ) : null}
    </>
  )
}
