/**
 * Finds chains in wide root sessions, which have too many calls to compare each with each. The nodes of two
 * neighbouring steps are sorted along one line, which gives each left node the range of right nodes that are related to
 * it.
 */
import type { ChainPlan, Way } from '../../pattern/plan.ts'
import { NEVER, relatedOrFalseSql, WAY_NUMBERS } from './pattern-nodes.ts'

/**
 * The cap of inexact counts: larger than every limit, and small enough that its sum over all traces fits into a BIGINT.
 */
const MANY = '1000000000000'

/** Neighbours are expanded in blocks of this size: DuckDB would build the full list for each of 2,048 rows at once. */
const BLOCK = 512

export interface WideChain {
  /**
   * For each step, the set of nodes from which the rest of the chain can be reached, each with a number `num`. Except
   * in the last step, `ways_on` is the number of ways to continue (capped at MANY). It counts a pair that is related by
   * both ways of a link twice, and includes chains that return to a node.
   */
  nodes: string[]
  /**
   * Returns a SELECT of the numbers of the bound nodes, m0, m1, …, and the ways that led to them, l1, ….
   * @param firstNodes the clauses after the first step's set x0, which select some of its nodes
   */
  bound(firstNodes: string): string
}

export type Define = (cte: string, body: string, materialized?: boolean) => string

export function wideChain(
  chain: ChainPlan,
  sets: readonly string[],
  absent: { before: string | null; after: string | null },
  define: Define,
): WideChain {
  const { links, notBefore, notAfter } = chain
  const last = sets.length - 1
  const inWide = (set: string): string =>
    `SELECT row_number() OVER () AS num, x.* FROM ${set} x SEMI JOIN wide ON wide.id = x.root`
  const nodes = sets.map((set, i) => define(`w${i}`, inWide(set), true))
  if (absent.before !== null && notBefore !== null) {
    const others = define('wb', inWide(absent.before), true)
    const sweep = define('eb', sweepSql(notBefore.ways, others, nodes[0] ?? ''), true)
    const preceded = `(SELECT num FROM ${sweep} WHERE o = 0 AND open > 0)`
    nodes[0] = define('ub', `SELECT x.* FROM ${nodes[0]} x ANTI JOIN ${preceded} c ON c.num = x.num`, true)
  }
  if (absent.after !== null && notAfter !== null) {
    const others = define('wa', inWide(absent.after), true)
    const followed = rangesSql(define('ea', sweepSql(notAfter.ways, nodes[last] ?? '', others), true))
    nodes[last] = define('ua', `SELECT x.* FROM ${nodes[last]} x ANTI JOIN (${followed}) r ON r.num = x.num`, true)
  }
  const ranges: string[] = []
  const points: string[] = []
  for (let i = last - 1; i >= 0; i--) {
    const weight = i === last - 1 ? '1' : 'ways_on'
    const sweep = define(`e${i}`, sweepSql(links[i] ?? [], nodes[i] ?? '', nodes[i + 1] ?? '', weight), true)
    ranges[i] = define(`r${i}`, rangesSql(sweep), true)
    points[i] = define(`t${i}`, `SELECT num, way, n FROM ${sweep} WHERE o = 0`, true)
    const onward = `(SELECT num, least(sum(weight), ${MANY})::BIGINT AS ways_on FROM ${ranges[i]} GROUP BY num)`
    nodes[i] = define(`v${i}`, `SELECT x.*, r.ways_on FROM ${nodes[i]} x JOIN ${onward} r ON r.num = x.num`, true)
  }
  return {
    nodes,
    bound(firstNodes) {
      let found = `SELECT x0.num AS m0 FROM ${nodes[0]} x0${firstNodes}`
      for (let i = 0; i < last; i++) {
        const before = Array.from({ length: i + 1 }, (_, j) => (j === 0 ? 'm0' : `m${j}, l${j}`)).join(', ')
        found = `SELECT ${before}, t.num AS m${i + 1}, t.way AS l${i + 1}
          FROM (SELECT ${before}, unnest(range(block + 1, least(block + ${BLOCK}, hi) + 1)) AS n
            FROM (SELECT ${before}, hi, unnest(range(lo, hi, ${BLOCK})) AS block FROM (${found}) JOIN ${ranges[i]} r ON r.num = m${i})) u
          JOIN ${points[i]} t ON t.n = u.n`
      }
      return found
    },
  }
}

/** The condition that drops the second of two finds, if both ways of a link hold for a pair: the delegation counts. */
export function countedOnceSql(ways: readonly Way[], i: number): string | null {
  const [delegated, followed] = ways
  if (delegated === undefined || followed === undefined) return null
  return `(m.l${i + 1} = ${WAY_NUMBERS[delegated]} OR NOT (${relatedOrFalseSql(delegated, `x${i}`, `x${i + 1}`)}))`
}

/**
 * Puts both sides of a relation on one line for each key (the tree, the caller or the parent). A right node is a point
 * (o = 0); a left node opens (o = 1) and closes (o = 2) a range that contains exactly the points related to it. `n` is
 * the running number of points, `open` the number of open ranges, and `weight` the running sum of the points' weights.
 *
 * Along time, a node is a point at its start and opens its range at its end. At equal times, first the nodes that
 * started earlier end; then come, by id, those of zero duration (each a point, whose range opens right after it); then
 * the others start.
 */
export function sweepSql(ways: readonly Way[], left: string, right: string, weight = '1'): string {
  const events = ways.flatMap((way) => {
    const number = WAY_NUMBERS[way]
    const event = (set: string, o: number, key: string, t: string, flag = '0', tie = `''`, where = ''): string =>
      `SELECT num, ${number} AS way, ${o} AS o, ${key} AS key, ${t} AS t, ${flag} AS flag, ${tie} AS tie, ${o === 0 ? weight : '0'} AS weight FROM ${set}${where}`
    const key = way === 'next' ? `root || ' ' || kind || ' ' || caller` : 'root'
    switch (way) {
      case 'child':
        return [
          event(right, 0, 'parent', '1', '0', `''`, ' WHERE parent IS NOT NULL'),
          event(left, 1, 'id', '0'),
          event(left, 2, 'id', '2'),
        ]
      case 'below':
        return [
          event(right, 0, key, 'lft::BIGINT'),
          event(left, 1, key, 'lft::BIGINT'),
          event(left, 2, key, 'rgt::BIGINT'),
        ]
      default: {
        const ended = ' WHERE e IS NOT NULL'
        const closes =
          way === 'later'
            ? event(left, 2, key, NEVER, '0', `''`, ended)
            : event(
                left,
                2,
                key,
                `coalesce(epoch_us(fb), ${NEVER})`,
                'CASE WHEN fb_id IS NULL THEN 0 ELSE 1 END',
                `coalesce(fb_id, '')`,
                ended,
              )
        return [
          event(
            right,
            0,
            key,
            'epoch_us(s)',
            'CASE WHEN e = s THEN 1 ELSE 2 END',
            `CASE WHEN e = s THEN id ELSE '' END`,
          ),
          event(
            left,
            1,
            key,
            'epoch_us(e)',
            'CASE WHEN e = s THEN 1 ELSE 0 END',
            `CASE WHEN e = s THEN id ELSE '' END`,
            ended,
          ),
          closes,
        ]
      }
    }
  })
  if (events.length === 0) return `SELECT 0 AS num, 0 AS way, 0 AS o, 0 AS n, 0 AS open, 0 AS weight WHERE false`
  // Sums over a CASE, because an aggregate with FILTER takes ten times as long in a window.
  return `SELECT num, way, o,
      (sum(CASE o WHEN 0 THEN 1 ELSE 0 END) OVER line)::BIGINT AS n,
      (sum(CASE o WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END) OVER line)::BIGINT AS open,
      (sum(weight) OVER line)::BIGINT AS weight
    FROM (${events.join(' UNION ALL ')})
    WINDOW line AS (ORDER BY way, key, t, flag, tie, o ROWS UNBOUNDED PRECEDING)`
}

/** The points related to each left node, from `lo` + 1 to `hi`, and their total weight; without empty ranges. */
export const rangesSql = (sweep: string): string =>
  `SELECT num, way, min(n) AS lo, max(n) AS hi, max(weight) - min(weight) AS weight FROM ${sweep} WHERE o > 0
    GROUP BY num, way HAVING max(n) > min(n)`
