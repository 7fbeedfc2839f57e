import type { FlowView } from '../resolvers/flow.ts'
import { builder } from './builder.ts'
import { FlowEdge } from './flow-edge.ts'
import { FlowNode } from './flow-node.ts'

export const FlowGraph = builder.objectRef<FlowView>('FlowGraph')

FlowGraph.implement({
  description: 'Agents as nodes, and as edges what they called and what ran after what.',
  fields: (t) => ({
    nodes: t.field({ type: [FlowNode], description: 'The agents, by name.', resolve: (flow) => flow.nodes() }),
    edges: t.field({
      type: [FlowEdge],
      description: 'Both traces of a pair are among those asked for. Delegations first, then the most frequent first.',
      resolve: (flow) => flow.edges(),
    }),
  }),
})
