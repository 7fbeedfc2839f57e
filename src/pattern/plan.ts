/**
 * From the syntax tree to what has to be found out: which chains, each once, what joins their steps, and how their
 * answers decide for a session.
 */
import type { EdgeKind } from '../records.ts'
import { canonical } from './print.ts'
import type { Chain, Condition, Expression, Name, Relation, Step } from './syntax.ts'

/** How two nodes can be related: A is B's parent, A is above B, B directly follows A, B comes after A. */
export type Way = 'child' | 'below' | 'next' | 'later'

export interface Plan {
  /** All different ones, in the order in which they are written. */
  chains: ChainPlan[]
  /** Decides for a root session, by the places in `chains` of those that have a match there. */
  condition: PlanCondition
  /** The chains that contribute matches, in the order in which they are written; by their place in `chains`. */
  positive: number[]
}

export type PlanCondition =
  | { kind: 'or' | 'and'; items: PlanCondition[] }
  | { kind: 'not'; item: PlanCondition }
  | { kind: 'chain'; chain: number }

export interface ChainPlan {
  /** The positive steps; at least one. */
  steps: StepPlan[]
  /** Between each two of `steps`. With no way at all (`via: []`) there is no match. */
  links: Way[][]
  /** What must not stand before the first, or after the last, of `steps`. */
  notBefore: Absence | null
  notAfter: Absence | null
}

export interface StepPlan {
  /** Its place in the chain as written, negated steps counted, from 0. */
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

/** @param via which halves of `->` and `->>` count; null for both. The other relations name their half themselves. */
export function planPattern(pattern: Expression, via: readonly EdgeKind[] | null = null): Plan {
  const plan: Plan = { chains: [], condition: { kind: 'or', items: [] }, positive: [] }
  const places = new Map<string, number>()
  const waysOf = (relation: Relation): Way[] =>
    relation === '->' || relation === '->>'
      ? WAYS[relation].filter((way) => via === null || via.includes(kindOfWay(way)))
      : [...WAYS[relation]]

  const planChain = (chain: Chain, negated: boolean): PlanCondition => {
    // Two chains that differ in an alias alone bind the same nodes under different names.
    const key = canonical(chain)
    const place = places.get(key) ?? plan.chains.push(chainPlan(chain, waysOf)) - 1
    places.set(key, place)
    if (!negated) plan.positive.push(place)
    return { kind: 'chain', chain: place }
  }
  /** Nesting is bounded by the parser. */
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

/** The same pattern at any distance; null where it has no direct relation. */
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

/** Every name that is compared with an agent's, each once. */
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
