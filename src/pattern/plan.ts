/**
 * Turns the syntax tree into a plan for the store: the distinct chains to search, how their steps are related, and how
 * the results of the chains decide whether the pattern holds in a session.
 */
import type { EdgeKind } from '../records.ts'
import { canonical } from './print.ts'
import type { Chain, Condition, Expression, Name, Relation, Step } from './syntax.ts'

/** A way in which node A can be related to B: A is B's parent, A is B's ancestor, B directly follows A, B follows A. */
export type Way = 'child' | 'below' | 'next' | 'later'

export interface Plan {
  /** The distinct chains, in the order in which they are written. */
  chains: ChainPlan[]
  /** Whether the pattern holds in a root session, depending on which chains have a match there. */
  condition: PlanCondition
  /** Indexes in `chains` of the chains that contribute matches, as written; one that is written twice occurs twice. */
  positive: number[]
}

export type PlanCondition =
  | { kind: 'or' | 'and'; items: PlanCondition[] }
  | { kind: 'not'; item: PlanCondition }
  | { kind: 'chain'; chain: number }

export interface ChainPlan {
  /** The steps that are not negated; at least one. */
  steps: StepPlan[]
  /** The ways that each two neighbouring `steps` may be related by. An empty list (from `via: []`) has no match. */
  links: Way[][]
  /** The negated step, if any, that no node related to the first or last of `steps` may match. */
  notBefore: Absence | null
  notAfter: Absence | null
}

export interface StepPlan {
  /** Index in the chain as written, counting negated steps, from 0. */
  step: number
  alias: string | null
  names: Name[]
  conditions: Condition[]
}

export interface Absence {
  step: StepPlan
  ways: Way[]
}

const WAYS: Readonly<Record<Relation, readonly Way[]>> = {
  '>': ['child'],
  '>>': ['below'],
  ';': ['next'],
  ';;': ['later'],
  '->': ['child', 'next'],
  '->>': ['below', 'later'],
}

const kindOfWay = (way: Way): EdgeKind => (way === 'child' || way === 'below' ? 'DELEGATED' : 'FOLLOWED')

/** @param via which kinds of edges `->` and `->>` may use; null for both. It does not affect the other relations. */
export function planPattern(pattern: Expression, via: readonly EdgeKind[] | null = null): Plan {
  const plan: Plan = { chains: [], condition: { kind: 'or', items: [] }, positive: [] }
  const places = new Map<string, number>()
  const waysOf = (relation: Relation): Way[] =>
    relation === '->' || relation === '->>'
      ? WAYS[relation].filter((way) => via === null || via.includes(kindOfWay(way)))
      : [...WAYS[relation]]

  const planChain = (chain: Chain, negated: boolean): PlanCondition => {
    // The key includes aliases: chains that differ only in an alias bind the same nodes under different names.
    const key = canonical(chain)
    const place = places.get(key) ?? plan.chains.push(chainPlan(chain, waysOf)) - 1
    places.set(key, place)
    if (!negated) plan.positive.push(place)
    return { kind: 'chain', chain: place }
  }
  /** Recursive, since the parser limits nesting. */
  const planExpression = (expression: Expression, negated: boolean): PlanCondition => {
    switch (expression.kind) {
      case 'chain':
        return planChain(expression, negated)
      case 'not':
        return { kind: 'not', item: planExpression(expression.item, true) }
      default:
        return { kind: expression.kind, items: distinct(expression.items.map((item) => planExpression(item, negated))) }
    }
  }
  plan.condition = planExpression(pattern, false)
  return plan
}

function distinct(items: PlanCondition[]): PlanCondition[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

function chainPlan(chain: Chain, waysOf: (relation: Relation) => Way[]): ChainPlan {
  const steps = chain.steps.map(stepPlan)
  const links = chain.relations.map(waysOf)
  const [first] = steps
  const last = steps[steps.length - 1]
  const plan: ChainPlan = { steps, links, notBefore: null, notAfter: null }
  if (chain.steps[0]?.negated === true && first !== undefined) {
    plan.notBefore = { step: first, ways: links[0] ?? [] }
    plan.steps = plan.steps.slice(1)
    plan.links = plan.links.slice(1)
  }
  if (chain.steps[chain.steps.length - 1]?.negated === true && last !== undefined) {
    plan.notAfter = { step: last, ways: links[links.length - 1] ?? [] }
    plan.steps = plan.steps.slice(0, -1)
    plan.links = plan.links.slice(0, -1)
  }
  return plan
}

const stepPlan = (step: Step, place: number): StepPlan => ({
  step: place,
  alias: step.alias,
  names: step.names,
  conditions: step.conditions,
})

const LOOSER: Readonly<Record<Relation, Relation>> = {
  '>': '>>',
  ';': ';;',
  '->': '->>',
  '>>': '>>',
  ';;': ';;',
  '->>': '->>',
}

/** The same pattern with relations of any distance; null if it has no direct relation. */
export function atAnyDistance(pattern: Expression): Expression | null {
  const looser = loosened(pattern)
  return canonical(looser) === canonical(pattern) ? null : looser
}

function loosened(pattern: Expression): Expression {
  switch (pattern.kind) {
    case 'chain':
      return { ...pattern, relations: pattern.relations.map((relation) => LOOSER[relation]) }
    case 'not':
      return { ...pattern, item: loosened(pattern.item) }
    default:
      return { ...pattern, items: pattern.items.map(loosened) }
  }
}

/** The distinct names and globs that a pattern compares with agent names. */
export function agentNames(pattern: Expression): Name[] {
  const found = new Map<string, Name>()
  const visit = (expression: Expression): void => {
    if (expression.kind === 'not') visit(expression.item)
    else if (expression.kind === 'chain') {
      for (const step of expression.steps) {
        const asked = step.conditions.flatMap((c) => (c.key === 'agent' && c.op !== '~' ? [c.value] : []))
        for (const name of [...step.names, ...asked]) found.set(`${name.glob}:${name.text}`, name)
      }
    } else expression.items.forEach(visit)
  }
  visit(pattern)
  return [...found.values()]
}
