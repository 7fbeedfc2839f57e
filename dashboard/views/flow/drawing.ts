/** The types of a diagram after layout; all lengths are in CSS pixels. */
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
  /** The top left corner. */
  left: number
  top: number
}

export interface DrawnEdge {
  edge: FlowEdge
  /** The `d` attribute of an SVG path. */
  path: string
  /** The centre of its label. */
  label: Point
}

export interface Drawing {
  width: number
  height: number
  nodes: DrawnNode[]
  edges: DrawnEdge[]
}
