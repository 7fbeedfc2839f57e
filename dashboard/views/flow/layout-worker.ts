/** A web worker that lays out a diagram: a dense one takes so long that the page's main thread would freeze. */
import type { Drawing, FlowEdge, FlowNode } from './drawing.ts'
import { draw } from './layout.ts'

export interface LayoutRequest {
  nodes: readonly FlowNode[]
  edges: readonly FlowEdge[]
  /** The labels of the edges, in the same order. */
  labels: readonly string[]
}

self.addEventListener('message', ({ data: { nodes, edges, labels } }: MessageEvent<LayoutRequest>) => {
  const labelOf = new Map(edges.map((edge, index) => [edge, labels[index] ?? '']))
  const drawing: Drawing = draw(nodes, edges, (edge) => labelOf.get(edge) ?? '')
  self.postMessage(drawing)
})
