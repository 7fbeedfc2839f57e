import type { FlowView } from '../resolvers/flow.ts'
import { builder } from './builder.ts'
import { FlowEdge } from './flow-edge.ts'
import { FlowNode } from './flow-node.ts'

export const FlowGraph = builder.objectRef<FlowView>('FlowGraph')

FlowGraph.implement({
  description:
    'A diagram whose nodes are agents, and whose edges say which agent called which, and which ran right after which.',
  fields: (t) => ({
    nodes: t.field({ type: [FlowNode], description: 'The agents, sorted by name.', resolve: (flow) => flow.nodes() }),
    edges: t.field({
      type: [FlowEdge],
      description:
        'Which agent called which, and which ran right after which. Only pairs of traces that both match count. Delegations come first, then the most frequent first.',
      resolve: (flow) => flow.edges(),
    }),
  }),
})
