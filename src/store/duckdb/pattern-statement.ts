/**
 * Translates a whole pattern into one statement: the root sessions in which it holds, the number of matches in each,
 * and one page of matches.
 *
 * Counting stops at one more than the limit, and only the matches in the sessions of the requested page are enumerated.
 */
import type { ChainPlan, Plan, PlanCondition, Way } from '../../pattern/plan.ts'
import type { OrderDirection } from '../store.ts'
import { type ChainSql, chainSql, UNPLAIN_SQL, wideSql } from './pattern-chain.ts'
import { NEVER, relatedOrFalseSql, relatedSql, type StatusSql } from './pattern-nodes.ts'
import type { Bind } from './statement.ts'

export interface PatternScope {
  /** A condition on `sessions s`, which is a root session; null admits all. */
  admitted: string | null
  statusSql: StatusSql
  /**
   * The number of nodes from which on a root session is swept instead of joined by hash; null if none has that many.
   */
  wideFrom: number | null
}

/** The requested page of matches; `DESC` reverses their order. */
export interface MatchPage {
  size: number
  direction: OrderDirection
  after: MatchKey | null
}

/** Everything that a match is ordered by: a page starts after this match. */
export interface MatchKey {
  startedMs: number
  rootSessionId: string
  chain: number
  bound: [startedMs: number, endedMs: number | null, id: string][]
}

const ROOT_SESSIONS =
  'SELECT session_id AS id, epoch_ms(started_at) AS s, trace_count AS size FROM sessions s WHERE is_root'

const BOUND_TYPE = 'STRUCT(s BIGINT, e BIGINT, id VARCHAR)[]'
const LINKS_TYPE = 'STRUCT(kind VARCHAR, distance INTEGER, gap_ms BIGINT)[]'

/** Returns a row with both totals for each match of the page, or a single row without a match if the page is empty. */
export function matchesStatement(
  plan: Plan,
  scope: PatternScope,
  maxMatches: number,
  page: MatchPage | null,
  bind: Bind,
): string {
  const { ctes, chains, holding, isRestricted } = beginning(plan, scope, bind, plan.condition.kind !== 'chain')

  const wanted = [...new Set(plan.positive)]
  for (const place of wanted) {
    const one = chains[place]?.counts(isRestricted ? holding : null, () => `${bind(maxMatches)}::BIGINT`)
    ctes.push(`found${place} AS MATERIALIZED (
      SELECT root, sum(n)::BIGINT AS n FROM (SELECT root, n FROM (${one}) LIMIT ${bind(maxMatches + 1)}::BIGINT) GROUP BY root)`)
  }
  const found = plan.positive.map((place) => `SELECT root, n FROM found${place}`)
  const tally = found.length === 0 ? `SELECT '' AS root, 0 AS n WHERE false` : found.join(' UNION ALL ')
  // A session in which the pattern holds without a match of any positive chain counts as one match without bindings.
  const mayBeBare = plan.condition.kind !== 'chain'
  ctes.push(
    `tally AS MATERIALIZED (
      SELECT h.id, h.s, ${mayBeBare ? 'coalesce(t.n, 1)' : 't.n'} AS n, t.n IS NULL AS bare
      FROM ${holding} h ${mayBeBare ? 'LEFT ' : ''}JOIN (SELECT root, sum(n)::BIGINT AS n FROM (${tally}) GROUP BY root) t ON t.root = h.id)`,
    'totals AS (SELECT coalesce(sum(n), 0)::BIGINT AS total, count(*) AS sessions FROM tally)',
  )
  if (page === null) return `WITH ${ctes.join(',\n')} SELECT total, sessions FROM totals`

  const size = `${bind(page.size + 1)}::BIGINT`
  const after = page.after === null ? null : afterSql(page.after, page.direction, bind)
  const orderBy = (keys: readonly string[]): string => orderBySql(keys, page.direction)
  // Each session has at least one match, so a page needs no more sessions than matches. A refused pattern needs none.
  ctes.push(
    `picked AS MATERIALIZED (
      SELECT id, s, bare FROM (
        SELECT id, s, bare, sum(n) OVER (${orderBy(['s', 'id'])} ROWS UNBOUNDED PRECEDING) - n AS earlier
        FROM (SELECT * FROM tally${after === null ? '' : ` WHERE ${after.rootBeyond}`} ${orderBy(['s', 'id'])} LIMIT ${size}))
      WHERE earlier < ${size} AND (SELECT total FROM totals) <= ${bind(maxMatches)}::BIGINT
      ${after === null ? '' : `UNION ALL SELECT id, s, bare FROM tally WHERE ${after.sameRoot}`})`,
  )
  const rows = plan.positive.map((place, i) => chainPageSql(chains[place], plan.chains[place], i, size, after, orderBy))
  if (mayBeBare) {
    const later = after === null ? '' : ` AND NOT (${after.sameRoot})`
    rows.push(
      `SELECT s, id AS root, 0 AS chain, []::${BOUND_TYPE} AS bound, []::${LINKS_TYPE} AS links FROM picked WHERE bare${later}`,
    )
  }
  const order = orderBy(['s', 'root', 'chain', 'bound'])
  ctes.push(`page AS (FROM (${rows.join(' UNION ALL ')}) ${order} LIMIT ${size})`)
  return `WITH ${ctes.join(',\n')}
    SELECT total, sessions, s, root, chain, bound, links FROM totals LEFT JOIN page ON true ${order}`
}

/**
 * The first matches of one chain in the picked sessions. They are ordered and limited before their values are computed.
 */
function chainPageSql(
  sql: ChainSql | undefined,
  plan: ChainPlan | undefined,
  chain: number,
  size: string,
  after: After | null,
  orderBy: (keys: readonly string[]) => string,
): string {
  if (sql === undefined || plan === undefined) throw new Error('a positive chain that the plan does not have')
  const nodes = plan.steps.map((_, i) => `x${i}`)
  const order = ['z.s', 'x0.root', ...nodes.flatMap(orderSql)]
  const [firstNode = ''] = nodes
  // In a wide session each remaining first node has a match, so one per wanted match suffices, plus the cursor's.
  const firstOnly = `${after === null ? '' : `WHERE ${after.firstNode(chain, orderSql(firstNode))} `}${orderBy(['z.s', 'x0.root', ...orderSql(firstNode)])} LIMIT ${size} + 1`
  const where = after === null ? null : after.match(chain, nodes.flatMap(orderSql))
  const ordered = sql.matches(
    `z.s AS s, ${nodes.map(packedSql).join(', ')}, ${order.map((o, i) => `${o} AS o${i}`).join(', ')}`,
    'picked',
    where,
    firstOnly,
  )
  const bound = nodes.map((x) => {
    const [s, e, id] = orderSql(x)
    return `{s: ${s}, e: ${e}, id: ${id}}`
  })
  const links = plan.links.map((ways, i) => {
    const { kind, distance, gapMs } = linkSql(ways, i)
    return `{kind: ${kind}, distance: (${distance})::INTEGER, gap_ms: (${gapMs})::BIGINT}`
  })
  return `SELECT s, x0.root AS root, ${chain} AS chain, [${bound.join(', ')}]::${BOUND_TYPE} AS bound, [${links.join(', ')}]::${LINKS_TYPE} AS links
    FROM (FROM (${ordered}) ${orderBy(order.map((_, i) => `o${i}`))} LIMIT ${size})`
}

/** Returns a SELECT of the root sessions (`id`) in which the pattern holds. */
export function sessionsStatement(plan: Plan, scope: PatternScope, bind: Bind): string {
  const { ctes, holding } = beginning(plan, scope, bind, true)
  return `WITH ${ctes.join(',\n')} SELECT id FROM ${holding}`
}

/**
 * The start of the statement, up to the root sessions in which the pattern holds.
 *
 * @param decides whether these sessions are computed; if not, `holding` is all admitted root sessions
 */
function beginning(
  plan: Plan,
  scope: PatternScope,
  bind: Bind,
  decides: boolean,
): { ctes: string[]; chains: ChainSql[]; holding: string; isRestricted: boolean } {
  const chains = plan.chains.map((chain, place) =>
    chainSql(chain, `c${place}_`, bind, scope.statusSql, scope.wideFrom !== null),
  )
  const decisions = decides ? chains.map((chain, place) => `holds${place} AS MATERIALIZED (${chain.sessions()})`) : []
  const admitted = scope.admitted === null ? '' : ` AND (${scope.admitted})`
  const ctes = [`roots AS MATERIALIZED (${ROOT_SESSIONS}${admitted})`]
  if (scope.wideFrom !== null && chains.some((chain) => chain.splits))
    ctes.push(wideSql(`(${ROOT_SESSIONS})`, `${bind(scope.wideFrom)}::BIGINT`))
  if (decides && chains.some((chain) => chain.mayRepeat)) ctes.push(UNPLAIN_SQL)
  for (const chain of chains) ctes.push(...chain.ctes)
  ctes.push(...decisions)
  if (decides) ctes.push(`holding AS MATERIALIZED (SELECT id, s FROM roots WHERE ${conditionSql(plan.condition)})`)
  return {
    ctes,
    chains,
    holding: decides ? 'holding' : 'roots',
    // A single chain holds wherever it has a match, so only a filter on sessions restricts its matches.
    isRestricted: decides || scope.admitted !== null,
  }
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

interface After {
  /** Conditions on a root session in `tally`: it comes after the cursor's, or is the same. */
  rootBeyond: string
  sameRoot: string
  /** The condition that a match of a chain, with `z` and x0, comes after the cursor. */
  match(chain: number, order: readonly string[]): string
  /** The condition on the first node x0 of a chain that it may have a match after the cursor. */
  firstNode(chain: number, order: readonly string[]): string
}

function afterSql(key: MatchKey, direction: OrderDirection, bind: Bind): After {
  const beyond = direction === 'ASC' ? '>' : '<'
  const s = `${bind(key.startedMs)}::BIGINT`
  const root = `${bind(key.rootSessionId)}::VARCHAR`
  const bound = key.bound.map(([started, ended, id]) => [
    `${bind(started)}::BIGINT`,
    ended === null ? NEVER : `${bind(ended)}::BIGINT`,
    `${bind(id)}::VARCHAR`,
  ])
  const within = (here: string): string =>
    `(z.s ${beyond} ${s} OR (z.s = ${s} AND (x0.root ${beyond} ${root} OR (x0.root = ${root} AND ${here}))))`
  const compared = (chain: number, order: readonly string[], op: string, values: readonly string[]): string => {
    if (chain !== key.chain) return within(String(chain > key.chain === (direction === 'ASC')))
    return within(values.length === 0 ? 'false' : `(${order.join(', ')}) ${op} (${values.join(', ')})`)
  }
  return {
    rootBeyond: `(s ${beyond} ${s} OR (s = ${s} AND id ${beyond} ${root}))`,
    sameRoot: `s = ${s} AND id = ${root}`,
    match: (chain, order) => compared(chain, order, beyond, bound.flat()),
    firstNode: (chain, order) => compared(chain, order, `${beyond}=`, bound[0] ?? []),
  }
}

// ---------------------------------------------------------------- columns of a match

const FIELDS = ['id', 'root', 'kind', 'caller', 'parent', 'lft', 'rgt', 'depth', 's', 'e', 'fb', 'fb_id']

/** A bound node as one value, of the same type in ordinary and in wide sessions. */
const packedSql = (x: string): string => `{${FIELDS.map((f) => `${f}: ${x}.${f}`).join(', ')}} AS ${x}`

const orderBySql = (keys: readonly string[], direction: OrderDirection): string =>
  `ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}`

/** The expressions that nodes are ordered by. A missing end comes last. */
const orderSql = (x: string): string[] => [`epoch_ms(${x}.s)`, `coalesce(epoch_ms(${x}.e), ${NEVER})`, `${x}.id`]

/** The kind, distance and gap of link i, between x_i and x_i+1. */
function linkSql(ways: readonly Way[], i: number): { kind: string; distance: string; gapMs: string } {
  const [a, b] = [`x${i}`, `x${i + 1}`]
  const delegated = ways.find((way) => way === 'child' || way === 'below')
  const followed = ways.find((way) => way === 'next' || way === 'later')
  const isDelegated =
    delegated === undefined ? 'false' : followed === undefined ? 'true' : relatedOrFalseSql(delegated, a, b)
  const steps = followed === 'later' ? `CASE WHEN ${relatedSql('next', a, b)} THEN 1 ELSE 0 END` : '1'
  return {
    kind: `CASE WHEN ${isDelegated} THEN 'DELEGATED' ELSE 'FOLLOWED' END`,
    distance: `CASE WHEN ${isDelegated} THEN ${b}.depth - ${a}.depth ELSE ${steps} END`,
    gapMs: `CASE WHEN ${isDelegated} THEN NULL ELSE epoch_ms(${b}.s) - epoch_ms(${a}.e) END`,
  }
}
