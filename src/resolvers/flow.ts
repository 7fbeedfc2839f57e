import type { FlowEdge, FlowNode, TraceFilter } from '../store/store.ts'
import type { Context } from './context.ts'
import type { Loaders } from './loaders.ts'

/** A flow graph whose nodes and edges are each read only when requested. */
export interface FlowView {
  nodes(): Promise<FlowNode[]>
  edges(): Promise<FlowEdge[]>
}

export function flowOfFilter({ store, rule }: Pick<Context, 'store' | 'rule'>, filter: TraceFilter): FlowView {
  const scope = { kind: 'filter', filter } as const
  return {
    nodes: async () => (await store.flowNodes(scope, rule))[0] ?? [],
    edges: async () => (await store.flowEdges(scope, rule))[0] ?? [],
  }
}

export function flowOfSession(loaders: Pick<Loaders, 'flowNodes' | 'flowEdges'>, sessionId: string): FlowView {
  return {
    nodes: () => loaders.flowNodes.load(sessionId),
    edges: () => loaders.flowEdges.load(sessionId),
  }
}
