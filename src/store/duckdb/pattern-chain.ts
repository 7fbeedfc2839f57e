/**
 * One chain of a pattern as common table expressions.
 *
 * In a root session of ordinary size two steps are joined by hash over their tree (or their caller), and the times are
 * compared within. In a *wide* one (thousands of calls) that would compare each with each, so there the nodes of two
 * neighbouring steps are sorted along one line, and each left node learns the range of right ones that are related to it
 * (see `pattern-sweep.ts`): the work grows with the nodes and the matches, not with their square.
 */
import type { Absence, ChainPlan, Way } from '../../pattern/plan.ts'
import { antiJoins, inScopeSql, type Join, joinConditionSql, joinsOf, keyedSql } from './pattern-joins.ts'
import { nodesSql, relatedSql, type StatusSql } from './pattern-nodes.ts'
import { countedOnceSql, type Define, wideChain } from './pattern-sweep.ts'
import type { Bind } from './statement.ts'

export interface ChainSql {
  /** Definitions for a WITH, in order. */
  ctes: string[]
  /** What has to stand before them: whether the chain looks at `wide`, and whether at `unplain`. */
  splits: boolean
  mayRepeat: boolean
  /**
   * A SELECT of `root` and `n`: together the number of matches in that root session, in rows of one or more. Where there
   * are more than a multiple of `limit`, just more than that.
   */
  counts(scope: string | null, limit: (() => string) | null): string
  /**
   * A SELECT of all matches, with x0, x1, … as the nodes bound.
   * @param columns of the bound nodes
   * @param scope a relation with columns `id` and `s`, joined as `z`: only root sessions in it
   * @param where on the bound nodes and z; null for all
   * @param firstOnly what follows a SELECT of first nodes (as x0) in wide sessions, where the matches of some are enough
   */
  matches(columns: string, scope: string, where: string | null, firstOnly: string): string
  /** A SELECT of the root sessions (`root`) that have a match. Call before `ctes` is read. */
  sessions(): string
}

/** Comes before the chains that look at it: root sessions with too many nodes to compare each with each. */
export const wideSql = (sessions: string, wideFrom: string): string =>
  `wide AS MATERIALIZED (SELECT id FROM ${sessions} WHERE size >= ${wideFrom})`

/**
 * Root sessions whose times may bring a chain back to a node that it has bound: something in them started before its
 * caller did, or with it and took no time. Everywhere else each relation leads to something later, or as late and lower.
 */
export const UNPLAIN_SQL = `unplain AS MATERIALIZED (
  SELECT DISTINCT c.root_session_id AS id FROM agent_traces c JOIN agent_traces p ON p.trace_id = c.parent_trace_id
  WHERE c.started_at < p.started_at OR (c.started_at = p.started_at AND c.ended_at = c.started_at))`

/** How many times more there may seem to be than there are, before they are spelled out to be counted. */
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
  // A parent is found by its id, however many children it has.
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
  /** Of each step the nodes from which the rest of the chain can be reached; the last step's are all. */
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
    // A page's sessions are few: every step is cut down to them.
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
    // Spelled out, unless there are too many anyway: the estimate is the count but for pairs that are both, and detours.
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

/** Whether both kinds of way, down the tree and on in time, are among these: only then can a chain come back to where it was. */
const hasBoth = (ways: readonly Way[]): boolean =>
  ways.some((way) => way === 'child' || way === 'below') && ways.some((way) => way === 'next' || way === 'later')

/** Neighbours are distinct by their relation. */
function distinctSql(last: number): string {
  const pairs: string[] = []
  for (let i = 0; i <= last; i++) for (let j = i + 2; j <= last; j++) pairs.push(`x${i}.id <> x${j}.id`)
  return pairs.join(' AND ')
}
