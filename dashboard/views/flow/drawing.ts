/** A diagram of which it is known where everything lies, in CSS pixels. */
import type { FlowDiagramFragment } from 'delegraph/client'

export type FlowNode = FlowDiagramFragment['nodes'][number]
export type FlowEdge = FlowDiagramFragment['edges'][number]

export const NODE = { width: 220, height: 74 }

export interface Point {
  x: number
  y: number
}

export interface DrawnNode {
  node: FlowNode
  /** Its left upper corner. */
  left: number
  top: number
}

export interface DrawnEdge {
  edge: FlowEdge
  /** For the attribute `d` of a path. */
  path: string
  /** The middle of its label. */
  label: Point
}

export interface Drawing {
  width: number
  height: number
  nodes: DrawnNode[]
  edges: DrawnEdge[]
}
