/**
 * The whole pattern as one statement: which root sessions it holds in, how many matches each has, and one page of them.
 *
 * Matches are counted to one more than the limit and no further; only the sessions of the page asked for have their
 * matches spelled out.
 */
import type { ChainPlan, Plan, PlanCondition } from '../../pattern/plan.ts'
import { type ChainSql, chainSql, linkSql, UNPLAIN_SQL, wideSql } from './pattern-chain.ts'
import type { Bind } from './pattern-nodes.ts'

export interface PatternScope {
  /** A condition on `sessions s`, which is a root session; null admits all. */
  admitted: string | null
  statusSql: string
  /** From how many nodes on a root session is swept instead of joined by hash. */
  wideFrom: number
}

/** Where a page begins: after this match. */
export interface MatchKey {
  startedMs: number
  rootSessionId: string
  chain: number
  bound: [startedUs: number, endedUs: number | null, id: string][]
}

const ROOT_SESSIONS =
  'SELECT session_id AS id, epoch_ms(started_at) AS s, trace_count AS size FROM sessions s WHERE root_session_id = session_id'

/** What has not ended comes after everything that has. */
const boundSql = (x: string): string =>
  `{s: epoch_us(${x}.s), e: coalesce(epoch_us(${x}.e), 9223372036854775807), id: ${x}.id}`
const BOUND_TYPE = 'STRUCT(s BIGINT, e BIGINT, id VARCHAR)[]'
const LINKS_TYPE = 'STRUCT(kind VARCHAR, distance INTEGER, gap_ms BIGINT)[]'

/** One row for each match of the page, all with both totals; one row without a match where the page is empty. */
export function matchesStatement(
  plan: Plan,
  scope: PatternScope,
  maxMatches: number,
  page: { size: number; after: MatchKey | null } | null,
  bind: Bind,
): string {
  const { ctes, chains, holding, isRestricted } = beginning(plan, scope, bind)

  const wanted = [...new Set(plan.positive)]
  for (const place of wanted) {
    const one = chains[place]?.matches('x0.root AS root', isRestricted ? 'holding' : null)
    ctes.push(`found${place} AS MATERIALIZED (
      SELECT root, count(*) AS n FROM (SELECT root FROM (${one}) LIMIT ${bind(maxMatches + 1)}::BIGINT) GROUP BY root)`)
  }
  const found = plan.positive.map((place) => `SELECT root, n FROM found${place}`)
  const tally = found.length === 0 ? `SELECT '' AS root, 0 AS n WHERE false` : found.join(' UNION ALL ')
  // A session that holds without any match of a positive chain is one match itself, without bindings.
  const mayBeBare = plan.condition.kind !== 'chain'
  ctes.push(
    `tally AS MATERIALIZED (
      SELECT h.id, h.s, ${mayBeBare ? 'coalesce(t.n, 1)' : 't.n'} AS n, t.n IS NULL AS bare
      FROM ${holding} h ${mayBeBare ? 'LEFT ' : ''}JOIN (SELECT root, sum(n)::BIGINT AS n FROM (${tally}) GROUP BY root) t ON t.root = h.id)`,
    'totals AS (SELECT coalesce(sum(n), 0)::BIGINT AS total, count(*) AS sessions FROM tally)',
  )
  if (page === null) return `WITH ${ctes.join(',\n')} SELECT total, sessions FROM totals`

  const size = bind(page.size + 1)
  const after = page.after === null ? null : afterSql(page.after, bind)
  ctes.push(
    `picked AS MATERIALIZED (
      SELECT id, s, bare FROM (
        SELECT id, s, bare, sum(n) OVER (ORDER BY s, id ROWS UNBOUNDED PRECEDING) - n AS earlier
        FROM (SELECT * FROM tally${after === null ? '' : ` WHERE ${after.laterRoot}`} ORDER BY s, id LIMIT ${size}::BIGINT))
      WHERE earlier < ${size}::BIGINT
      ${after === null ? '' : `UNION ALL SELECT id, s, bare FROM tally WHERE ${after.sameRoot}`})`,
  )
  const rows = plan.positive.map(
    (place, i) =>
      `SELECT root, ${i} AS chain, bound, links FROM (${chains[place]?.matches(matchColumns(plan.chains[place]), 'picked')})`,
  )
  if (mayBeBare) rows.push(`SELECT id, 0, []::${BOUND_TYPE}, []::${LINKS_TYPE} FROM picked WHERE bare`)
  ctes.push(
    `page AS (
      SELECT k.s, m.root, m.chain, m.bound, m.links FROM (${rows.join(' UNION ALL ')}) m JOIN picked k ON k.id = m.root
      ${after === null ? '' : `WHERE ${after.match}`}
      ORDER BY k.s, m.root, m.chain, m.bound LIMIT ${size}::BIGINT)`,
  )
  return `WITH ${ctes.join(',\n')}
    SELECT total, sessions, s, root, chain, bound, links FROM totals LEFT JOIN page ON true ORDER BY s, root, chain, bound`
}

/** The root sessions in which the pattern holds, as `id`. */
export function sessionsStatement(plan: Plan, scope: PatternScope, bind: Bind): string {
  const { ctes, holding } = beginning(plan, scope, bind, true)
  return `WITH ${ctes.join(',\n')} SELECT id FROM ${holding}`
}

/** Everything up to the root sessions in which the pattern holds. */
function beginning(
  plan: Plan,
  scope: PatternScope,
  bind: Bind,
  decides = plan.condition.kind !== 'chain',
): { ctes: string[]; chains: ChainSql[]; holding: string; isRestricted: boolean } {
  const ctes = [
    wideSql(`(${ROOT_SESSIONS})`, `${bind(scope.wideFrom)}::BIGINT`),
    `roots AS MATERIALIZED (${ROOT_SESSIONS}${scope.admitted === null ? '' : ` AND (${scope.admitted})`})`,
    UNPLAIN_SQL,
  ]
  const chains = plan.chains.map((chain, place) => chainSql(chain, `c${place}_`, bind, scope.statusSql))
  const decisions = decides ? chains.map((chain, place) => `holds${place} AS MATERIALIZED (${chain.sessions()})`) : []
  for (const chain of chains) ctes.push(...chain.ctes)
  ctes.push(...decisions)
  if (decides) ctes.push(`holding AS MATERIALIZED (SELECT id, s FROM roots WHERE ${conditionSql(plan.condition)})`)
  else if (scope.admitted !== null) ctes.push('holding AS (SELECT id, s FROM roots)')
  const isRestricted = decides || scope.admitted !== null
  return { ctes, chains, holding: isRestricted ? 'holding' : 'roots', isRestricted }
}

function conditionSql(condition: PlanCondition): string {
  switch (condition.kind) {
    case 'chain':
      return `id IN (SELECT root FROM holds${condition.chain})`
    case 'not':
      return `NOT (${conditionSql(condition.item)})`
    default:
      return `(${condition.items.map(conditionSql).join(condition.kind === 'or' ? ' OR ' : ' AND ')})`
  }
}

function matchColumns(chain: ChainPlan | undefined): string {
  if (chain === undefined) throw new Error('a positive chain that the plan does not have')
  const bound = chain.steps.map((_, i) => boundSql(`x${i}`))
  const links = chain.links.map((ways, i) => {
    const { kind, distance, gapMs } = linkSql(ways, i)
    return `{kind: ${kind}, distance: (${distance})::INTEGER, gap_ms: (${gapMs})::BIGINT}`
  })
  return `x0.root AS root, [${bound.join(', ')}]::${BOUND_TYPE} AS bound, [${links.join(', ')}]::${LINKS_TYPE} AS links`
}

function afterSql(key: MatchKey, bind: Bind): { laterRoot: string; sameRoot: string; match: string } {
  const s = `${bind(key.startedMs)}::BIGINT`
  const root = `${bind(key.rootSessionId)}::VARCHAR`
  const bound = key.bound.map(([started, ended, id]) => {
    const end = ended === null ? '9223372036854775807' : `${bind(ended)}::BIGINT`
    return `{s: ${bind(started)}::BIGINT, e: ${end}, id: ${bind(id)}::VARCHAR}`
  })
  const chain = `${bind(key.chain)}::BIGINT`
  return {
    laterRoot: `(s > ${s} OR (s = ${s} AND id > ${root}))`,
    sameRoot: `s = ${s} AND id = ${root}`,
    match: `(k.s > ${s} OR (k.s = ${s} AND (m.root > ${root} OR (m.root = ${root} AND (m.chain > ${chain} OR (m.chain = ${chain} AND m.bound > [${bound.join(', ')}]::${BOUND_TYPE}))))))`,
  }
}
