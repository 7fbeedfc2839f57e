/** Example patterns for a user who has not written one yet, made with the agents of the user's own history. */
import { canonical } from '../pattern/print.ts'
import type { Condition, Relation, Step } from '../pattern/syntax.ts'
import type { TraceFilter, TraceOrder, TraceReader, TraceRow } from '../store/store.ts'

export interface SamplePatterns {
  /** The agents of the latest delegation: its caller `->` the agent called. */
  related: string
  /**
   * Failed runs that no later run of the same agent followed, for the agent that failed last (else the latest agent).
   */
  left: string
  /** Traces anywhere below the costliest delegation's calling agent that cost at least about half as much as it did. */
  costly: string
}

/** Patterns that name no agent and so suit any history, for one without delegations. */
export const ANY_PATTERNS: SamplePatterns = {
  related: pattern(step(null), '->', step(null)),
  left: pattern(step(null, failing()), ';;', { ...step(null), negated: true }),
  costly: pattern(step(null), '>>', step(null, costing(1))),
}

export async function samplePatterns(store: TraceReader, staleAfterMs: number): Promise<SamplePatterns> {
  const rule = { nowMs: Date.now(), staleAfterMs }
  const first = async (filter: TraceFilter, field: TraceOrder['field']): Promise<TraceRow | undefined> => {
    const order = { field, direction: 'DESC' } as const
    const columns = ['agent', 'parentAgent', 'total'] as const
    return (await store.pageTraces({ kind: 'DELEGATION', ...filter }, order, { first: 1 }, columns, rule)).items[0]
      ?.node
  }
  const [latest, failed, costliest] = await Promise.all([
    first({}, 'STARTED_AT'),
    first({ status: ['ERROR'] }, 'STARTED_AT'),
    first({}, 'COST'),
  ])
  if (latest === undefined || costliest === undefined) return ANY_PATTERNS
  const { agent = null } = failed ?? latest
  const half = Number(((costliest.total?.cost ?? 0) / 2).toPrecision(2))
  return {
    related: pattern(step(latest.parentAgent), '->', step(latest.agent)),
    left: pattern(step(agent, failing()), ';;', { ...step(agent), negated: true }),
    costly: pattern(step(costliest.parentAgent), '>>', step(null, costing(half))),
  }
}

function pattern(from: Step, relation: Relation, to: Step): string {
  return canonical({ kind: 'chain', steps: [from, to], relations: [relation] })
}

/** @param agent null or undefined for any agent */
function step(agent: string | null | undefined, ...conditions: Condition[]): Step {
  const name = agent == null ? { text: '*', glob: true } : { text: agent, glob: false }
  return { negated: false, alias: null, names: [name], conditions }
}

function failing(): Condition {
  return { key: 'status', op: '=', value: { text: 'error', glob: false } }
}

function costing(least: number): Condition {
  return { key: 'cost', op: '>=', value: least }
}
