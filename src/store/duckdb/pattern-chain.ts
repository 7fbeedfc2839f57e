/**
 * Translates one chain of a pattern into common table expressions.
 *
 * In a root session of ordinary size, two steps are joined by hash on their tree (or caller), and times are compared
 * within. In a *wide* one (thousands of calls) this would compare each node with each. There, the nodes of two
 * neighbouring steps are sorted along one line instead, which gives each left node the range of right nodes that are
 * related to it (see `pattern-sweep.ts`): the work grows with the nodes and matches, not with their square.
 */
import type { Absence, ChainPlan, Way } from '../../pattern/plan.ts'
import { antiJoins, inScopeSql, type Join, joinConditionSql, joinsOf, keyedSql } from './pattern-joins.ts'
import { nodesSql, relatedSql, type StatusSql } from './pattern-nodes.ts'
import { countedOnceSql, type Define, wideChain } from './pattern-sweep.ts'
import type { Bind } from './statement.ts'

export interface ChainSql {
  /** CTE definitions for a WITH clause, in order. */
  ctes: string[]
  /** Whether the chain treats wide sessions separately, and so needs the CTE `wide` before its own. */
  splits: boolean
  /** Whether the chain could bind a node twice. If so, `sessions` needs the CTE `unplain`. */
  mayRepeat: boolean
  /**
   * Returns a SELECT of `root` and `n`; the sum of `n` is the number of matches in a root session. If the total exceeds
   * a multiple of `limit`, `n` in wide sessions may be an overestimate.
   */
  counts(scope: string | null, limit: (() => string) | null): string
  /**
   * Returns a SELECT of all matches, with the bound nodes as x0, x1, ….
   * @param columns the columns to select, of the bound nodes and z
   * @param scope a relation with columns `id` and `s`, joined as `z`, which restricts the root sessions
   * @param where a condition on the bound nodes and z; null for all
   * @param firstOnly WHERE, ORDER BY and LIMIT that select enough first nodes (x0) in wide sessions
   */
  matches(columns: string, scope: string, where: string | null, firstOnly: string): string
  /** Returns a SELECT of the root sessions (`root`) with a match. It may add CTEs, so call it before reading `ctes`. */
  sessions(): string
}

/** The CTE of the wide root sessions, which have too many nodes to compare each with each. */
export const wideSql = (sessions: string, wideFrom: string): string =>
  `wide AS MATERIALIZED (SELECT id FROM ${sessions} WHERE size >= ${wideFrom})`

/**
 * The CTE of the root sessions in which a chain can return to a node that it has already bound: those with a trace that
 * started before its caller, or together with it and with no duration. In all others, each relation leads to a later
 * node, or to a deeper one of the same time.
 */
export const UNPLAIN_SQL = `unplain AS MATERIALIZED (
  SELECT DISTINCT c.root_session_id AS id FROM agent_traces c JOIN agent_traces p ON p.trace_id = c.parent_trace_id
  WHERE c.started_at < p.started_at OR (c.started_at = p.started_at AND c.ended_at = c.started_at))`

/**
 * Matches are enumerated to count them exactly only if their estimated number is at most this multiple of the limit.
 */
const DOUBT = 4

export function chainSql(chain: ChainPlan, name: string, bind: Bind, statusSql: StatusSql, hasWide: boolean): ChainSql {
  const { steps, links, notBefore, notAfter } = chain
  const last = steps.length - 1
  const ctes: string[] = []
  const define: Define = (cte, body, materialized = false) => {
    ctes.push(`${name}${cte} AS ${materialized ? '' : 'NOT '}MATERIALIZED (${body})`)
    return `${name}${cte}`
  }

  const nodes = steps.map((step, i) => define(`n${i}`, nodesSql(step, bind, statusSql)))
  const absent = (absence: Absence | null, cte: string): string | null =>
    absence === null ? null : define(cte, nodesSql(absence.step, bind, statusSql))
  const before = absent(notBefore, 'nb')
  const after = absent(notAfter, 'na')

  const ways = [...links, notBefore?.ways ?? [], notAfter?.ways ?? []].flat()
  // `child` alone needs no special treatment: a parent is found by its id, however many children it has.
  const splits = hasWide && ways.some((way) => way !== 'child')
  const isReduced = last >= 2
  const mayRepeat = last >= 2 && hasBoth(links.flat())
  const distinct = mayRepeat ? distinctSql(last) : null

  // ---- ordinary root sessions

  const narrow = nodes.map((set, i) => {
    const apart = splits ? ' ANTI JOIN wide ON wide.id = x.root' : ''
    const notPreceded = i === 0 && before !== null ? antiJoins(before, notBefore?.ways ?? [], 'o', 'x', 'o') : ''
    const notFollowed = i === last && after !== null ? antiJoins(after, notAfter?.ways ?? [], 'x', 'o', 'o') : ''
    return apart + notPreceded + notFollowed === ''
      ? set
      : define(`p${i}`, `SELECT x.* FROM ${set} x${apart}${notPreceded}${notFollowed}`)
  })
  /** For each step, the nodes from which the rest of the chain can be reached; for the last step, all nodes. */
  const reduceNarrow = (from: number): string[] => {
    const kept = [...narrow]
    for (let i = last - 1; i >= from; i--) {
      const left = narrow[i] ?? ''
      const right = kept[i + 1] ?? ''
      const ids = (links[i] ?? []).map(
        (way) => `SELECT a.id, a.root FROM ${left} a SEMI JOIN ${right} b ON ${relatedSql(way, 'a', 'b')}`,
      )
      const reachable = define(
        `k${i}`,
        ids.length === 0 ? `SELECT id, root FROM ${left} WHERE false` : ids.join(' UNION '),
        true,
      )
      kept[i] = define(`q${i}`, `SELECT a.* FROM ${left} a SEMI JOIN ${reachable} k ON k.id = a.id`)
    }
    return kept
  }
  const reduced = isReduced ? reduceNarrow(0) : narrow

  const narrowFrom = (joins: readonly Join[], within: (set: string, i: number) => string): string =>
    reduced
      .map((set, i) => {
        const node = `${keyedSql(within(set, i), joins[i - 1], joins[i])} x${i}`
        return i === 0 ? node : `JOIN ${node} ON ${joinConditionSql(joins[i - 1] ?? [], i)}`
      })
      .join(' ')
  const narrowCounts = (scope: string | null): string => {
    const within = (set: string, i: number): string => (i > 0 || scope === null ? set : inScopeSql(set, scope))
    return joinsOf(links)
      .map((joins) => `SELECT x0.root AS root, 1 AS n FROM ${narrowFrom(joins, within)}${whereSql([distinct])}`)
      .join(' UNION ALL ')
  }
  const narrowMatches = (columns: string, scope: string, where: string | null): string => {
    // The sessions of a page are few, so every step is restricted to them.
    const within = (set: string): string => inScopeSql(set, scope)
    return joinsOf(links)
      .map(
        (joins) =>
          `SELECT ${columns} FROM ${narrowFrom(joins, within)} JOIN ${scope} z ON z.id = x0.root${whereSql([distinct, where])}`,
      )
      .join(' UNION ALL ')
  }

  // ---- wide ones

  const wide = splits ? wideChain(chain, nodes, { before, after }, define) : null
  const once = links.map((ways, i) => countedOnceSql(ways, i))
  const isCountExact = !mayRepeat && once.every((condition) => condition === null)
  const boundNodes = (wide?.nodes ?? []).map((set, i) => `JOIN ${set} x${i} ON x${i}.num = m.m${i}`).join(' ')

  const counts: ChainSql['counts'] = (scope, limit) => {
    const ordinary = narrowCounts(scope)
    if (wide === null) return ordinary
    const within = scope === null ? '' : ` SEMI JOIN ${scope} z ON z.id = x0.root`
    const estimate = `SELECT x0.root AS root, x0.ways_on AS n FROM ${wide.nodes[0]} x0${within}`
    if (isCountExact)
      return `${ordinary} UNION ALL ${last === 0 ? `SELECT root, 1 AS n FROM ${wide.nodes[0]} x0${within}` : estimate}`
    // Enumerates the matches, unless there are too many anyway. The estimate differs from the exact count only by pairs
    // that are related in both ways, and by matches that bind a node twice.
    const spelled = (firstNodes: string): string =>
      `SELECT x0.root AS root, 1 AS n FROM (${wide.bound(firstNodes)}) m ${boundNodes}${whereSql([...once, distinct])}`
    if (limit === null) return `${ordinary} UNION ALL ${spelled(within)}`
    const isFew = `(SELECT coalesce(sum(n), 0) FROM (${estimate})) <= ${DOUBT} * ${limit()}`
    return `${ordinary} UNION ALL ${spelled(`${within} WHERE ${isFew}`)} UNION ALL SELECT root, n FROM (${estimate}) WHERE NOT ${isFew}`
  }

  return {
    ctes,
    splits,
    mayRepeat,
    counts,
    matches(columns, scope, where, firstOnly) {
      const ordinary = narrowMatches(columns, scope, where)
      if (wide === null) return ordinary
      const found = wide.bound(` JOIN ${scope} z ON z.id = x0.root ${mayRepeat ? '' : firstOnly}`)
      return `${ordinary} UNION ALL SELECT ${columns} FROM (${found}) m ${boundNodes} JOIN ${scope} z ON z.id = x0.root${whereSql([...once, distinct, where])}`
    },
    sessions() {
      const first = isReduced ? reduced : reduceNarrow(0)
      const reachable = [
        `SELECT root FROM ${first[0]}`,
        ...(wide === null ? [] : [`SELECT root FROM ${wide.nodes[0]}`]),
      ]
      const distinctRoots = `SELECT DISTINCT root FROM (${reachable.join(' UNION ALL ')})`
      if (!mayRepeat) return distinctRoots
      return `${distinctRoots} f ANTI JOIN unplain u ON u.id = f.root
        UNION SELECT DISTINCT root FROM (${counts('unplain', null)})`
    },
  }
}

function whereSql(conditions: readonly (string | null)[]): string {
  const wanted = conditions.filter((c) => c !== null)
  return wanted.length === 0 ? '' : ` WHERE ${wanted.join(' AND ')}`
}

/** Whether the ways lead both down the tree and forward in time: only then can a chain return to a node. */
const hasBoth = (ways: readonly Way[]): boolean =>
  ways.some((way) => way === 'child' || way === 'below') && ways.some((way) => way === 'next' || way === 'later')

/** The condition that all bound nodes are distinct. Neighbours always are, because of their relation. */
function distinctSql(last: number): string {
  const pairs: string[] = []
  for (let i = 0; i <= last; i++) for (let j = i + 2; j <= last; j++) pairs.push(`x${i}.id <> x${j}.id`)
  return pairs.join(' AND ')
}
