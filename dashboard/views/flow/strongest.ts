import type { FlowEdge } from './drawing.ts'

/** The `most` most frequent edges, plus, for each agent that these connect to no other, its most frequent edge. */
export function strongest(edges: readonly FlowEdge[], most: number): readonly FlowEdge[] {
  if (edges.length <= most) return edges
  const joined = new Set<string>()
  return edges
    .toSorted((a, b) => b.count - a.count)
    .filter(({ from, to }, index) => {
      const joins = from !== to && !(joined.has(from) && joined.has(to))
      if (index >= most && !joins) return false
      if (from !== to) joined.add(from).add(to)
      return true
    })
}
