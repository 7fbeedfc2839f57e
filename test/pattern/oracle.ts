/**
 * A brute-force implementation of the pattern language, written from its definition (src/pattern/README.md) over plain
 * traces: it tries every node for every step. It shares only the syntax tree with the engine.
 */

import type { Chain, Condition, Expression, Name, Relation, Step } from '../../src/pattern/syntax.ts'
import type { Session, Trace } from '../../src/records.ts'

export interface OracleMatch {
  rootSessionId: string
  chain: number
  bindings: { step: number; alias: string | null; traceId: string }[]
  edges: { from: number; to: number; kind: 'DELEGATED' | 'FOLLOWED'; distance: number; gapMs: number | null }[]
}

export interface OracleAnswer {
  matches: OracleMatch[]
  sessionIds: string[]
}

export interface OracleHistory {
  sessions: readonly Session[]
  traces: readonly Trace[]
}

type Via = readonly ('DELEGATED' | 'FOLLOWED')[] | null

export function evaluate(
  pattern: Expression,
  history: OracleHistory,
  statusOf: (trace: Trace) => string,
  via: Via = null,
  admits: (root: Session) => boolean = () => true,
): OracleAnswer {
  const roots = history.sessions
    .filter((s) => s.rootId === s.id && admits(s))
    .sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
  const answer: OracleAnswer = { matches: [], sessionIds: [] }
  for (const root of roots) {
    const nodes = history.traces.filter((t) => t.rootSessionId === root.id).sort((a, b) => (comesBefore(a, b) ? -1 : 1))
    const tree = new Tree(nodes, statusOf, via)
    if (!holds(pattern, tree)) continue
    answer.sessionIds.push(root.id)
    const found = positiveChains(pattern).flatMap((chain, i) =>
      matchesOf(chain, tree).map((bound) => describe(root.id, i, chain, bound, tree)),
    )
    answer.matches.push(...(found.length > 0 ? found : [{ rootSessionId: root.id, chain: 0, bindings: [], edges: [] }]))
  }
  return answer
}

function holds(pattern: Expression, tree: Tree): boolean {
  switch (pattern.kind) {
    case 'or':
      return pattern.items.some((item) => holds(item, tree))
    case 'and':
      return pattern.items.every((item) => holds(item, tree))
    case 'not':
      return !holds(pattern.item, tree)
    case 'chain':
      return matchesOf(pattern, tree).length > 0
  }
}

function positiveChains(pattern: Expression): Chain[] {
  if (pattern.kind === 'chain') return [pattern]
  return pattern.kind === 'not' ? [] : pattern.items.flatMap(positiveChains)
}

/** Nodes are ordered by (start, end, id), with missing ends last. */
function comesBefore(a: Trace, b: Trace): boolean {
  if (a.startedMs !== b.startedMs) return a.startedMs < b.startedMs
  const [x, y] = [a.endedMs ?? Number.POSITIVE_INFINITY, b.endedMs ?? Number.POSITIVE_INFINITY]
  return x === y ? a.id < b.id : x < y
}

/** A ≺ B */
const precedes = (a: Trace, b: Trace): boolean => a.endedMs !== null && a.endedMs <= b.startedMs && comesBefore(a, b)

const ofOneCaller = (a: Trace, b: Trace): boolean => a.kind === b.kind && a.callerSessionId === b.callerSessionId

class Tree {
  readonly nodes: readonly Trace[]
  private readonly byId: Map<string, Trace>
  private readonly statusOf: (trace: Trace) => string
  private readonly via: Via

  constructor(nodes: readonly Trace[], statusOf: (trace: Trace) => string, via: Via) {
    this.nodes = nodes
    this.byId = new Map(nodes.map((n) => [n.id, n]))
    this.statusOf = statusOf
    this.via = via
  }

  /** The number of levels that B is below A; 0 if it is not below A. */
  levels(a: Trace, b: Trace): number {
    let levels = 1
    for (let up = b.parentId; up !== null; up = this.byId.get(up)?.parentId ?? null) {
      if (up === a.id) return levels
      levels++
    }
    return 0
  }

  directlyFollows(a: Trace, b: Trace): boolean {
    if (!ofOneCaller(a, b) || !precedes(a, b)) return false
    return !this.nodes.some((c) => ofOneCaller(a, c) && precedes(a, c) && precedes(c, b))
  }

  related(a: Trace, relation: Relation, b: Trace): { kind: 'DELEGATED' | 'FOLLOWED'; distance: number } | null {
    const levels = this.levels(a, b)
    const delegated =
      relation === '>' || relation === '->'
        ? levels === 1
        : relation === '>>' || relation === '->>'
          ? levels > 0
          : false
    const followed =
      relation === ';' || relation === '->'
        ? this.directlyFollows(a, b)
        : relation === ';;' || relation === '->>'
          ? precedes(a, b)
          : false
    const both = relation === '->' || relation === '->>'
    if (delegated && (!both || this.via === null || this.via.includes('DELEGATED')))
      return { kind: 'DELEGATED', distance: levels }
    if (followed && (!both || this.via === null || this.via.includes('FOLLOWED'))) {
      return { kind: 'FOLLOWED', distance: this.directlyFollows(a, b) ? 1 : 0 }
    }
    return null
  }

  satisfies(node: Trace, step: Step): boolean {
    return step.names.some((name) => nameMatches(name, node.agent)) && step.conditions.every((c) => this.meets(node, c))
  }

  private meets(node: Trace, condition: Condition): boolean {
    switch (condition.key) {
      case 'duration':
        return compare(node.durationMs, condition.op, condition.value)
      case 'active':
        return compare(node.activeMs, condition.op, condition.value)
      case 'cost':
        return compare(node.total.cost, condition.op, condition.value)
      case 'own.cost':
        return compare(node.own.cost, condition.op, condition.value)
      case 'tokens':
        return compare(allTokens(node.total), condition.op, condition.value)
      case 'own.tokens':
        return compare(allTokens(node.own), condition.op, condition.value)
      case 'depth':
        return compare(node.depth, condition.op, condition.value)
      case 'agent':
        return compareNames([node.agent], condition.op, condition.value)
      case 'status':
        return compareNames([this.statusOf(node)], condition.op, condition.value)
      case 'kind':
        return compareNames([node.kind], condition.op, condition.value)
      case 'tool':
        return compareNames(node.toolsUsed, condition.op, condition.value)
      case 'model':
        return compareNames(node.models, condition.op, condition.value)
      case 'prompt':
        return compareText(node.promptInput, condition.op, condition.value)
      case 'output':
        return compareText(node.promptOutput, condition.op, condition.value)
      case 'description':
        return compareText(node.description, condition.op, condition.value)
    }
  }
}

const allTokens = (u: Trace['own']): number => u.input + u.output + u.reasoning + u.cacheRead + u.cacheWrite

function compare(actual: number | null, op: string, wanted: number): boolean {
  if (actual === null) return false
  switch (op) {
    case '=':
      return actual === wanted
    case '!=':
      return actual !== wanted
    case '>':
      return actual > wanted
    case '>=':
      return actual >= wanted
    case '<':
      return actual < wanted
    case '<=':
      return actual <= wanted
    default:
      throw new Error(`no comparison of numbers: ${op}`)
  }
}

function compareNames(actual: readonly string[], op: string, wanted: Name): boolean {
  if (op === '=') return actual.some((a) => nameMatches(wanted, a))
  if (op === '!=') return !actual.some((a) => nameMatches(wanted, a))
  return actual.some((a) => inAnyCase(literal(wanted.text)).test(a))
}

function compareText(actual: string | null, op: string, wanted: string): boolean {
  if (actual === null) return false
  const isEqual = inAnyCase(`^${literal(wanted)}$`).test(actual)
  return op === '=' ? isEqual : op === '!=' ? !isEqual : inAnyCase(literal(wanted)).test(actual)
}

const nameMatches = ({ text, glob }: Name, actual: string): boolean =>
  inAnyCase(`^${glob ? text.split('*').map(literal).join('.*') : literal(text)}$`).test(actual)

const inAnyCase = (source: string): RegExp => new RegExp(source, 'isu')
const literal = (text: string): string => text.replace(/[.\\+*?^${}()|[\]]/g, '\\$&')

/** All bindings of a chain, each with one node per positive step, in the order of the nodes. */
function matchesOf(chain: Chain, tree: Tree): Trace[][] {
  const { steps, relations } = chain
  const found: Trace[][] = []
  const firstPositive = steps[0]?.negated === true ? 1 : 0
  const lastPositive = steps[steps.length - 1]?.negated === true ? steps.length - 2 : steps.length - 1
  const at = <T>(list: readonly T[], i: number): T => {
    const item = list[i]
    if (item === undefined) throw new Error(`nothing at ${i}`)
    return item
  }
  const someRelated = (node: Trace, step: number, before: boolean): boolean =>
    tree.nodes.some(
      (other) =>
        tree.satisfies(other, at(steps, step)) &&
        (before
          ? tree.related(other, at(relations, step), node)
          : tree.related(node, at(relations, step - 1), other)) !== null,
    )
  const extend = (bound: Trace[]): void => {
    const step = firstPositive + bound.length
    const previous = bound[bound.length - 1]
    if (step > lastPositive) {
      if (firstPositive === 1 && someRelated(at(bound, 0), 0, true)) return
      if (lastPositive < steps.length - 1 && previous !== undefined && someRelated(previous, steps.length - 1, false))
        return
      found.push(bound)
      return
    }
    for (const node of tree.nodes) {
      if (bound.includes(node) || !tree.satisfies(node, at(steps, step))) continue
      if (previous !== undefined && tree.related(previous, at(relations, step - 1), node) === null) continue
      extend([...bound, node])
    }
  }
  extend([])
  return found
}

function describe(rootSessionId: string, index: number, chain: Chain, bound: Trace[], tree: Tree): OracleMatch {
  const firstPositive = chain.steps[0]?.negated === true ? 1 : 0
  const match: OracleMatch = { rootSessionId, chain: index, bindings: [], edges: [] }
  bound.forEach((node, i) => {
    const step = firstPositive + i
    match.bindings.push({ step, alias: chain.steps[step]?.alias ?? null, traceId: node.id })
    const previous = bound[i - 1]
    const relation = chain.relations[step - 1]
    if (previous === undefined || relation === undefined) return
    const held = tree.related(previous, relation, node)
    if (held === null) throw new Error('a match whose relation does not hold')
    match.edges.push({
      from: step - 1,
      to: step,
      ...held,
      gapMs: held.kind === 'FOLLOWED' ? node.startedMs - (previous.endedMs ?? Number.NaN) : null,
    })
  })
  return match
}
