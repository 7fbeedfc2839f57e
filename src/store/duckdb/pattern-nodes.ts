/** SQL for the nodes that a step of a pattern admits, and for the relations between two nodes. */
import { literal } from '../../letters.ts'
import type { StepPlan, Way } from '../../pattern/plan.ts'
import type { Condition, Name } from '../../pattern/syntax.ts'
import { TOTAL_TOKENS } from './filters.ts'
import type { Bind } from './statement.ts'

/** The columns that the relations need; every set of nodes in a pattern's statement has them. */
const NODE_COLUMNS = `
  t.trace_id AS id, t.root_session_id AS root, t.kind AS kind, t.caller_session_id AS caller,
  t.parent_trace_id AS parent, t.lft AS lft, t.rgt AS rgt, t.depth AS depth,
  t.started_at AS s, t.ended_at AS e, t.follow_before AS fb, t.follow_before_id AS fb_id`

/** Returns SQL for the status of `agent_traces t` at query time. Each call binds its parameters anew. */
export type StatusSql = () => string

export function nodesSql(step: StepPlan, bind: Bind, statusSql: StatusSql): string {
  const conditions = [
    namesSql('t.subagent_type', step.names, bind),
    ...step.conditions.map((c) => conditionSql(c, bind, statusSql)),
  ]
  const where = conditions.filter((c) => c !== null)
  return `SELECT ${NODE_COLUMNS} FROM agent_traces t${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`
}

// ---------------------------------------------------------------- conditions

/** Returns null if every name matches. */
function namesSql(column: string, names: readonly Name[], bind: Bind): string | null {
  if (names.some(isAnything)) return null
  return `(${names.map((name) => nameSql(column, name, bind)).join(' OR ')})`
}

const isAnything = ({ text, glob }: Name): boolean => glob && /^\*+$/.test(text)

/** Ignores case in all scripts (see `letters.ts`), in time linear in the text. */
const inAnyCase = (pattern: string): string => `(?is)${pattern}`

const equalsSql = (column: string, text: string, bind: Bind): string =>
  `regexp_full_match(${column}, ${bind(inAnyCase(literal(text)))})`

const nameSql = (column: string, { text, glob }: Name, bind: Bind): string =>
  glob
    ? `regexp_full_match(${column}, ${bind(inAnyCase(text.split(/\*+/).map(literal).join('.*')))})`
    : equalsSql(column, text, bind)

const containsSql = (column: string, text: string, bind: Bind): string =>
  `regexp_matches(${column}, ${bind(inAnyCase(literal(text)))})`

const OWN_TOKENS = '(t.own_input + t.own_output + t.own_reasoning + t.own_cache_read + t.own_cache_write)'

const NUMBER_COLUMNS = {
  duration: 't.duration_ms',
  active: 't.active_ms',
  cost: 't.total_cost',
  tokens: TOTAL_TOKENS,
  'own.cost': 't.own_cost',
  'own.tokens': OWN_TOKENS,
  depth: 't.depth',
} as const

const TEXT_COLUMNS = { prompt: 't.prompt_input', output: 't.prompt_output', description: 't.description' } as const

/** A condition on an absent value is NULL, which counts as false in a WHERE clause. */
function conditionSql(condition: Condition, bind: Bind, statusSql: StatusSql): string {
  switch (condition.key) {
    case 'prompt':
    case 'output':
    case 'description': {
      const column = TEXT_COLUMNS[condition.key]
      if (condition.op === '~') return containsSql(column, condition.value, bind)
      return `${condition.op === '=' ? '' : 'NOT '}${equalsSql(column, condition.value, bind)}`
    }
    case 'tool':
      return listSql('t.tools_used', condition.op, condition.value, bind)
    case 'model':
      return listSql('t.models', condition.op, condition.value, bind)
    case 'agent':
      return singleSql('t.subagent_type', condition.op, condition.value, bind)
    case 'status':
      return singleSql(statusSql(), condition.op, condition.value, bind)
    case 'kind':
      return singleSql('t.kind', condition.op, condition.value, bind)
    default:
      return `${NUMBER_COLUMNS[condition.key]} ${condition.op} ${bind(condition.value)}`
  }
}

function singleSql(column: string, op: '=' | '!=' | '~', value: Name, bind: Bind): string {
  if (op === '~') return containsSql(column, value.text, bind)
  return op === '=' ? nameSql(column, value, bind) : `NOT ${nameSql(column, value, bind)}`
}

/** `=` and `~` hold when any item matches, `!=` when none does. */
function listSql(column: string, op: '=' | '!=' | '~', value: Name, bind: Bind): string {
  const item = op === '~' ? containsSql('x', value.text, bind) : nameSql('x', value, bind)
  return `len(list_filter(coalesce(${column}, []), lambda x: ${item})) ${op === '!=' ? '=' : '>'} 0`
}

// ---------------------------------------------------------------- relations

/** A ≺ B, in the order (start, end, id) with missing ends last. NULL, not false, if A has not ended. */
const precedesSql = (a: string, b: string): string =>
  `${a}.e <= ${b}.s AND (${a}.s < ${b}.s OR (${a}.s = ${b}.s AND (${b}.e IS NULL OR ${a}.e < ${b}.e OR (${a}.e = ${b}.e AND ${a}.id < ${b}.id))))`

/**
 * No trace lies between A and B: B starts before `fb`, the earliest end of any trace that follows A. A B of zero
 * duration may also start exactly at `fb`, if the trace that ends there has zero duration too and does not precede B.
 */
const nothingBetweenSql = (a: string, b: string): string =>
  `(${a}.fb IS NULL OR ${b}.s < ${a}.fb OR (${b}.s = ${a}.fb AND ${b}.e = ${b}.s AND ${b}.id <= ${a}.fb_id))`

/** The condition of a relation, with the equalities first, which a hash join needs. */
export function relatedSql(way: Way, a: string, b: string): string {
  switch (way) {
    case 'child':
      return `${b}.parent = ${a}.id`
    case 'below':
      return `${b}.root = ${a}.root AND ${b}.lft > ${a}.lft AND ${b}.lft < ${a}.rgt`
    case 'next':
      return `${b}.caller = ${a}.caller AND ${b}.root = ${a}.root AND ${b}.kind = ${a}.kind AND ${precedesSql(a, b)} AND ${nothingBetweenSql(a, b)}`
    case 'later':
      return `${b}.root = ${a}.root AND ${precedesSql(a, b)}`
  }
}

/** The condition of a relation, but false instead of NULL if a time is absent. */
export const relatedOrFalseSql = (way: Way, a: string, b: string): string => `coalesce(${relatedSql(way, a, b)}, false)`

/** The numbers that stand for the ways within a statement. */
export const WAY_NUMBERS: Readonly<Record<Way, number>> = { child: 0, below: 1, next: 2, later: 3 }

/** The largest BIGINT, later than any time. */
export const NEVER = '9223372036854775807'
