/** Lays a diagram out beside the page's own thread: a dense one takes a while, in which the page would stand still. */
import type { Drawing, FlowEdge, FlowNode } from './drawing.ts'
import { draw } from './layout.ts'

export interface LayoutRequest {
  nodes: readonly FlowNode[]
  edges: readonly FlowEdge[]
  /** Of the edges, in their order. */
  labels: readonly string[]
}

self.addEventListener('message', ({ data: { nodes, edges, labels } }: MessageEvent<LayoutRequest>) => {
  const labelOf = new Map(edges.map((edge, index) => [edge, labels[index] ?? '']))
  const drawing: Drawing = draw(nodes, edges, (edge) => labelOf.get(edge) ?? '')
  self.postMessage(drawing)
})
