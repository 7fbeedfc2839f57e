/**
 * One chain of a pattern as common table expressions.
 *
 * In a root session of ordinary size two steps are joined by hash over their tree (or their caller), and the times are
 * compared within. In a *wide* one (thousands of calls) that would compare each with each, so there the nodes of two
 * neighbouring steps are sorted along one line, and each left node learns the range of right ones that are related to it
 * (see `sweepSql`): the work grows with the nodes and the matches, not with their square.
 */
import type { Absence, ChainPlan, Way } from '../../pattern/plan.ts'
import { nodesSql, relatedSql, type StatusSql } from './pattern-nodes.ts'
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

export function chainSql(chain: ChainPlan, name: string, bind: Bind, statusSql: StatusSql, hasWide: boolean): ChainSql {
  const { steps, links, notBefore, notAfter } = chain
  const last = steps.length - 1
  const ctes: string[] = []
  const define = (cte: string, body: string, materialized = false): string => {
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

  return {
    ctes,
    splits,
    mayRepeat,
    counts(scope, limit) {
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
    },
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
        UNION SELECT DISTINCT root FROM (${this.counts('unplain', null)})`
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

// ---------------------------------------------------------------- joins of ordinary sessions

function antiJoins(set: string, ways: readonly Way[], left: string, right: string, other: string): string {
  return ways
    .map((way, i) => {
      const alias = `${other}${i}`
      const rename = (side: string): string => (side === other ? alias : side)
      return ` ANTI JOIN ${set} ${alias} ON ${relatedSql(way, rename(left), rename(right))}`
    })
    .join('')
}

/** How many times more there may seem to be than there are, before they are spelled out to be counted. */
const DOUBT = 4

const relatedOrFalse = (way: Way, a: string, b: string): string => `coalesce(${relatedSql(way, a, b)}, false)`

const inScopeSql = (set: string, scope: string): string =>
  `(SELECT y.* FROM ${set} y SEMI JOIN ${scope} z ON z.id = y.root)`

/** How two steps are joined: by the ways of their link, or by the one half of `->` that is not the other already. */
type Join = readonly Way[] | 'next only'

const isTwofold = (join: Join | undefined): boolean => join !== undefined && join[0] === 'child' && join.length === 2

/** Up to so many `->` in a chain are joined half by half, which is quicker; more would be too many combinations. */
const MAX_SPLIT = 2

/** Joins whose results together are the matches, each once. */
function joinsOf(links: readonly (readonly Way[])[]): Join[][] {
  if (links.filter(isTwofold).length > MAX_SPLIT) return [[...links]]
  let all: Join[][] = [[]]
  for (const link of links) {
    const halves: Join[] = isTwofold(link) ? [['child'], 'next only'] : [link]
    all = all.flatMap((joins) => halves.map((half) => [...joins, half]))
  }
  return all
}

/**
 * Both halves of `->` in one join over two kinds of key: its left nodes stand in it under their own id and under their
 * caller, its right ones under their parent and under their caller. As a union, since keys that were made in the join
 * itself would leave the planner nothing to hash by.
 */
function keyedSql(set: string, before: Join | undefined, after: Join | undefined): string {
  const twice = (of: string, name: string, child: string): string =>
    `(SELECT ${WAY_NUMBERS.child} AS ${name}_way, ${child} AS ${name}_key, * FROM ${of} UNION ALL SELECT ${WAY_NUMBERS.next}, caller, * FROM ${of})`
  const right = isTwofold(before) ? twice(set, 'in', 'parent') : set
  return isTwofold(after) ? twice(right, 'out', 'id') : right
}

/** Of step i with the one before it. */
function joinConditionSql(join: Join, i: number): string {
  const [a, b] = [`x${i - 1}`, `x${i}`]
  const nextOnly = `${relatedSql('next', a, b)} AND ${b}.parent IS DISTINCT FROM ${a}.id`
  if (join === 'next only') return nextOnly
  const [first, second] = join
  if (first === undefined) return 'false'
  if (second === undefined) return relatedSql(first, a, b)
  if (!isTwofold(join)) {
    return `${b}.root = ${a}.root AND ((${relatedSql(first, a, b)}) OR (${relatedSql(second, a, b)}))`
  }
  return `${b}.in_way = ${a}.out_way AND ${b}.in_key = ${a}.out_key
    AND (${a}.out_way = ${WAY_NUMBERS.child} OR (${nextOnly}))`
}

// ---------------------------------------------------------------- the sweep of wide sessions

const WAY_NUMBERS: Readonly<Record<Way, number>> = { child: 0, below: 1, next: 2, later: 3 }

/** A count that is no longer exact: beyond every limit, and a sum of as many as there are traces is still a BIGINT. */
const MANY = '1000000000000'

/** So many neighbours are spelled out at once: a list of all would be made for each of 2,048 rows. */
const BLOCK = 512

/** After every time that there is. */
export const NEVER = '9223372036854775807'

interface WideChain {
  /**
   * Of each step, with a number `num` for each node; only those from which the rest of the chain can be reached. All
   * but the last step's say in how many ways (`ways_on`, up to MANY), where both ways of a link and a node that comes
   * twice are counted, too.
   */
  nodes: string[]
  /**
   * A SELECT of the numbers of the nodes bound, m0, m1, …, and the ways that led to them, l1, …
   * @param firstNodes what follows the first step's set, x0: which of them
   */
  bound(firstNodes: string): string
}

type Define = (cte: string, body: string, materialized?: boolean) => string

function wideChain(
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

/** Where both ways of a link hold, the sweep finds both: the delegation counts. */
function countedOnceSql(ways: readonly Way[], i: number): string | null {
  const [delegated, followed] = ways
  if (delegated === undefined || followed === undefined) return null
  return `(m.l${i + 1} = ${WAY_NUMBERS[delegated]} OR NOT (${relatedOrFalse(delegated, `x${i}`, `x${i + 1}`)}))`
}

/**
 * Both sides of a relation along one line for each key (the tree, the caller, the parent). A right node is a point
 * (o = 0), a left one opens (o = 1) and closes (o = 2) a range; the points within are exactly those related to it.
 * `n` numbers the points through, `open` counts the ranges that are open, `weight` sums up what the points weigh.
 *
 * In time a node is the point where it starts, and opens its range where it ends. Where several stand at one moment:
 * first end those that had begun before, then come, by id, those without length (each a point, then its range opens),
 * then start the others.
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
  // Sums over a CASE: an aggregate with a FILTER takes ten times as long in a window.
  return `SELECT num, way, o,
      (sum(CASE o WHEN 0 THEN 1 ELSE 0 END) OVER line)::BIGINT AS n,
      (sum(CASE o WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END) OVER line)::BIGINT AS open,
      (sum(weight) OVER line)::BIGINT AS weight
    FROM (${events.join(' UNION ALL ')})
    WINDOW line AS (ORDER BY way, key, t, flag, tie, o ROWS UNBOUNDED PRECEDING)`
}

/** The related points of each left node, from `lo` + 1 to `hi`, and what they weigh; nodes without any have no row. */
export const rangesSql = (sweep: string): string =>
  `SELECT num, way, min(n) AS lo, max(n) AS hi, max(weight) - min(weight) AS weight FROM ${sweep} WHERE o > 0
    GROUP BY num, way HAVING max(n) > min(n)`

// ---------------------------------------------------------------- what a match says

const FIELDS = ['id', 'root', 'kind', 'caller', 'parent', 'lft', 'rgt', 'depth', 's', 'e', 'fb', 'fb_id']

/** A bound node as one value, of the same type in ordinary and in wide sessions. */
export const packedSql = (x: string): string => `{${FIELDS.map((f) => `${f}: ${x}.${f}`).join(', ')}} AS ${x}`

/** What nodes are ordered by. What has not ended comes after everything that has. */
export const orderSql = (x: string): string[] => [`epoch_ms(${x}.s)`, `coalesce(epoch_ms(${x}.e), ${NEVER})`, `${x}.id`]

/** The kind of link i (between x_i and x_i+1), how far it leads, and the time between. */
export function linkSql(ways: readonly Way[], i: number): { kind: string; distance: string; gapMs: string } {
  const [a, b] = [`x${i}`, `x${i + 1}`]
  const delegated = ways.find((way) => way === 'child' || way === 'below')
  const followed = ways.find((way) => way === 'next' || way === 'later')
  const isDelegated =
    delegated === undefined ? 'false' : followed === undefined ? 'true' : relatedOrFalse(delegated, a, b)
  const steps = followed === 'later' ? `CASE WHEN ${relatedSql('next', a, b)} THEN 1 ELSE 0 END` : '1'
  return {
    kind: `CASE WHEN ${isDelegated} THEN 'DELEGATED' ELSE 'FOLLOWED' END`,
    distance: `CASE WHEN ${isDelegated} THEN ${b}.depth - ${a}.depth ELSE ${steps} END`,
    gapMs: `CASE WHEN ${isDelegated} THEN NULL ELSE epoch_ms(${b}.s) - epoch_ms(${a}.e) END`,
  }
}
