/**
 * Merges two trees into one list of rows: counterparts share a row, and a trace that only one tree has gets its own row
 * in its place. Counterparts are the n-th calls of the same agent by callers that are counterparts, as in the API's
 * `compareSessions`. No recursion, since trees may be deep.
 */
import type { TreeRowFragment } from 'delegraph/client'

export interface AlignedRow {
  key: number
  level: number
  agent: string
  a: TreeRowFragment | null
  b: TreeRowFragment | null
}

interface Node {
  key: number
  level: number
  agent: string
  a: TreeRowFragment | null
  b: TreeRowFragment | null
  first: Node | null
  next: Node | null
  /** The child after which the next new child of the tree being walked is inserted. */
  latest: Node | null
}

/** Both lists are flat and depth first. */
export function alignTrees(a: readonly TreeRowFragment[], b: readonly TreeRowFragment[]): AlignedRow[] {
  const root = emptyNode(-1, 0, '')
  const places = new Map<string, Node>()
  const walk = (traces: readonly TreeRowFragment[], side: 'a' | 'b') => {
    const known = new Map<string, Node>()
    const calls = new Map<string, number>()
    for (const trace of traces) {
      const parent = (trace.parentId === null ? undefined : known.get(trace.parentId)) ?? root
      const call = `${parent.key} ${trace.agent}`
      const n = calls.get(call) ?? 0
      calls.set(call, n + 1)
      const place = `${n} ${call}`
      let node = places.get(place)
      if (!node) {
        node = emptyNode(places.size, parent.level + 1, trace.agent)
        places.set(place, node)
        insert(parent, node)
      }
      node[side] = trace
      parent.latest = node
      known.set(trace.id, node)
    }
  }
  walk(a, 'a')
  root.latest = null
  for (const node of places.values()) node.latest = null
  walk(b, 'b')
  return flat(root)
}

const emptyNode = (key: number, level: number, agent: string): Node => ({
  key,
  level,
  agent,
  a: null,
  b: null,
  first: null,
  next: null,
  latest: null,
})

function insert(parent: Node, node: Node): void {
  if (parent.latest) {
    node.next = parent.latest.next
    parent.latest.next = node
  } else {
    node.next = parent.first
    parent.first = node
  }
}

function flat(root: Node): AlignedRow[] {
  const rows: AlignedRow[] = []
  const waiting: Node[] = root.first ? [root.first] : []
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { key, level, agent, a, b } = node
    rows.push({ key, level, agent, a, b })
    if (node.next) waiting.push(node.next)
    if (node.first) waiting.push(node.first)
  }
  return rows
}
