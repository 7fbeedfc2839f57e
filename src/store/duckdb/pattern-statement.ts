/**
 * The whole pattern as one statement: which root sessions it holds in, how many matches each has, and one page of them.
 *
 * Matches are counted to one more than the limit and no further; only the sessions of the page asked for have their
 * matches spelled out.
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
  /** From how many nodes on a root session is swept instead of joined by hash; null when none has so many. */
  wideFrom: number | null
}

/** A page of the matches, in their order or against it. */
export interface MatchPage {
  size: number
  direction: OrderDirection
  after: MatchKey | null
}

/** Where a page begins: after this match. */
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

/** One row for each match of the page, all with both totals; one row without a match where the page is empty. */
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
  // A session that holds without any match of a positive chain is one match itself, without bindings.
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
  // Each session has a match at least, so no more of them are needed than matches. Of what is refused none are spelled out.
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

/** The first matches of one chain in the sessions picked. They are ordered before anything is made of them. */
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
  // In a wide session each first node left has a match: as many of them as matches are wanted, and the cursor's own.
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
    // A chain alone is decided by its matches; all of them count unless some sessions are kept out.
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
  /** On `tally`. */
  rootBeyond: string
  sameRoot: string
  /** On a match of this chain, `z` and x0. */
  match(chain: number, order: readonly string[]): string
  /** On its first node: that it may have a match after the cursor. */
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

// ---------------------------------------------------------------- what a match says

const FIELDS = ['id', 'root', 'kind', 'caller', 'parent', 'lft', 'rgt', 'depth', 's', 'e', 'fb', 'fb_id']

/** A bound node as one value, of the same type in ordinary and in wide sessions. */
const packedSql = (x: string): string => `{${FIELDS.map((f) => `${f}: ${x}.${f}`).join(', ')}} AS ${x}`

const orderBySql = (keys: readonly string[], direction: OrderDirection): string =>
  `ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}`

/** What nodes are ordered by. What has not ended comes after everything that has. */
const orderSql = (x: string): string[] => [`epoch_ms(${x}.s)`, `coalesce(epoch_ms(${x}.e), ${NEVER})`, `${x}.id`]

/** The kind of link i (between x_i and x_i+1), how far it leads, and the time between. */
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
