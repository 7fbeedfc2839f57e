/** Where agents and edges lie: layers from left to right, by dagre. Pure, in CSS pixels. */
import { Graph, layout } from '@dagrejs/dagre'
import { type Drawing, type DrawnEdge, type FlowEdge, type FlowNode, NODE, type Point } from './drawing.ts'

/** Of a letter in a label, with room to spare. */
const LETTER_PX = 6.6
const LABEL_PX = 18
/** In which lines bend, on each side of a column of labels. */
const BEND_PX = 50

/** Of an edge from an agent to itself: half its width, its depth, and how far two of them lie from the middle. */
const LOOP = { half: 18, depth: 46, apart: 44 }

/** Who calls whom decides the layers more than who came after whom. */
const WEIGHT = { DELEGATED: 4, FOLLOWED: 1 } as const

/** dagre keeps nodes by name in plain objects, in which `constructor` is always there; its own begin with `_`. */
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
  /** From the first box's side to the second's. */
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
      // Its own ends, where it crosses the boxes' borders, would lead it through neighbours of the same layer.
      return { edge, label: placeOf(line), points: (line.points ?? []).slice(1, -1) }
    })
  // Half of how wide each column is, of boxes or of labels, by its middle.
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

/** An agent that calls itself, or runs again after itself: out of the box's lower edge and back. dagre keeps room for it. */
function loop({ x, y }: Point, { kind }: FlowEdge, labelWidth: number): Pick<DrawnEdge, 'path' | 'label'> {
  const edge = y + NODE.height / 2
  const side = kind === 'DELEGATED' ? -1 : 1
  const middle = x + side * LOOP.apart
  const out = middle + LOOP.half
  const back = middle - LOOP.half
  return {
    path: `M${out} ${edge} C${out + LOOP.half} ${edge + LOOP.depth} ${back - LOOP.half} ${edge + LOOP.depth} ${back} ${edge}`,
    // Not beyond the box's middle, where the other loop's begins.
    label: { x: x + side * Math.max(LOOP.apart, labelWidth / 2), y: edge + LOOP.depth * 0.75 },
  }
}

/** Level at each of its points, and straight across the columns of boxes and of labels: it bends only between them. */
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
