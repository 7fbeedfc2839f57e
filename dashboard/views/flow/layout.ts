/** Lays out agents and edges with dagre, in layers from left to right. Pure; all lengths are in CSS pixels. */
import { Graph, layout } from '@dagrejs/dagre'
import { type Drawing, type DrawnEdge, type FlowEdge, type FlowNode, NODE, type Point } from './drawing.ts'

/** Width of a letter in a label, generously estimated. */
const LETTER_PX = 6.6
const LABEL_PX = 18
/** Width of the space on each side of a column of labels, in which lines bend. */
const BEND_PX = 50

/** An edge from an agent to itself: half its width, its depth, and its distance from the box's middle. */
const LOOP = { half: 18, depth: 46, apart: 44 }

/** Delegation determines the layers more than succession does. */
const WEIGHT = { DELEGATED: 4, FOLLOWED: 1 } as const

/**
 * dagre keys plain objects by node name, so names need a prefix: `constructor` always exists, and dagre's own begin
 * with `_`.
 */
const nameOf = (agent: string): string => `agent ${agent}`

export function draw(
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  labelOf: (edge: FlowEdge) => string,
): Drawing {
  const graph = new Graph({ multigraph: true })
  const labelWidthOf = (edge: FlowEdge) => labelOf(edge).length * LETTER_PX + 10
  graph.setGraph({ rankdir: 'LR', nodesep: 26, edgesep: 14, ranksep: 2 * BEND_PX, marginx: 24, marginy: 24 })
  for (const { agent } of nodes) graph.setNode(nameOf(agent), { ...NODE })
  for (const edge of edges) {
    graph.setEdge(
      nameOf(edge.from),
      nameOf(edge.to),
      {
        weight: WEIGHT[edge.kind],
        minlen: 1,
        labelpos: 'c',
        width: labelWidthOf(edge),
        height: LABEL_PX,
      },
      edge.kind,
    )
  }
  layout(graph)
  const { width = 0, height = 0 } = graph.graph()
  return {
    width,
    height,
    nodes: nodes.map((node) => {
      const { x, y } = placeOf(graph.node(nameOf(node.agent)))
      return { node, left: x - NODE.width / 2, top: y - NODE.height / 2 }
    }),
    edges: lines(graph, nodes, edges, labelWidthOf),
  }
}

interface Line {
  edge: FlowEdge
  label: Point
  /** From the side of the first box to the side of the second. */
  points: Point[]
}

function lines(
  graph: Graph,
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  labelWidthOf: (edge: FlowEdge) => number,
): DrawnEdge[] {
  const drawn = edges
    .filter(({ from, to }) => from !== to)
    .map((edge): Line => {
      const line: { points?: Point[]; x?: number; y?: number } = graph.edge(
        nameOf(edge.from),
        nameOf(edge.to),
        edge.kind,
      )
      // dagre's end points, on the boxes' borders, are dropped: they would lead lines through boxes of the same layer.
      return { edge, label: placeOf(line), points: (line.points ?? []).slice(1, -1) }
    })
  // Half the width of each column of boxes or labels, by the x of its centre.
  const columns = new Map(nodes.map(({ agent }) => [placeOf(graph.node(nameOf(agent))).x, NODE.width / 2]))
  for (const { edge, label } of drawn) {
    columns.set(label.x, Math.max(columns.get(label.x) ?? 0, labelWidthOf(edge) / 2))
  }
  const ends = drawn.flatMap((line) => [
    { line, agent: line.edge.from, near: line.points[0], isStart: true },
    { line, agent: line.edge.to, near: line.points.at(-1), isStart: false },
  ])
  const sides = new Map<string, typeof ends>()
  for (const end of ends) {
    const { x } = placeOf(graph.node(nameOf(end.agent)))
    const side = `${(end.near?.x ?? x) < x ? 'left' : 'right'} ${end.agent}`
    sides.set(side, [...(sides.get(side) ?? []), end])
  }
  for (const [side, all] of sides) {
    const sign = side.startsWith('left') ? -1 : 1
    all.sort((a, b) => (a.near?.y ?? 0) - (b.near?.y ?? 0))
    all.forEach(({ line, agent, isStart }, index) => {
      const { x, y } = placeOf(graph.node(nameOf(agent)))
      const end = {
        x: x + (sign * NODE.width) / 2,
        y: y + NODE.height * ((index + 1) / (all.length + 1) - 0.5),
      }
      if (isStart) line.points.unshift(end)
      else line.points.push(end)
    })
  }
  const paths = new Map(drawn.map(({ edge, label, points }) => [edge, { path: curve(points, columns), label }]))
  return edges.map((edge) => ({
    edge,
    ...(paths.get(edge) ?? loop(placeOf(graph.node(nameOf(edge.from))), edge, labelWidthOf(edge))),
  }))
}

const placeOf = ({ x = 0, y = 0 }: { x?: number; y?: number }): Point => ({ x, y })

/**
 * The line of an agent that calls or follows itself: out of the box's lower edge and back into it. dagre reserves space
 * for it.
 */
function loop({ x, y }: Point, { kind }: FlowEdge, labelWidth: number): Pick<DrawnEdge, 'path' | 'label'> {
  const edge = y + NODE.height / 2
  const side = kind === 'DELEGATED' ? -1 : 1
  const middle = x + side * LOOP.apart
  const out = middle + LOOP.half
  const back = middle - LOOP.half
  return {
    path: `M${out} ${edge} C${out + LOOP.half} ${edge + LOOP.depth} ${back - LOOP.half} ${edge + LOOP.depth} ${back} ${edge}`,
    // The label must not cross the box's middle, where the label of the other kind's loop begins.
    label: { x: x + side * Math.max(LOOP.apart, labelWidth / 2), y: edge + LOOP.depth * 0.75 },
  }
}

/**
 * The path of a line: horizontal at each point and across columns of boxes and labels, so that it bends only between.
 */
function curve(points: readonly Point[], columns: ReadonlyMap<number, number>): string {
  const [first, ...rest] = points.flatMap((point, index) => {
    const isEnd = index === 0 || index === points.length - 1
    const halfWidth = columns.get(point.x)
    if (isEnd || halfWidth === undefined) return [point]
    const half = ((points[index + 1]?.x ?? point.x) > point.x ? 1 : -1) * halfWidth
    return [
      { x: point.x - half, y: point.y },
      { x: point.x + half, y: point.y },
    ]
  })
  if (!first) return ''
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`
  let before = first
  const bends = rest.map((point) => {
    const middle = (before.x + point.x) / 2
    const bend = `C${at(middle, before.y)} ${at(middle, point.y)} ${at(point.x, point.y)}`
    before = point
    return bend
  })
  return [`M${at(first.x, first.y)}`, ...bends].join(' ')
}
