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
  /** A SELECT of `root` and `n`: together the number of matches in that root session, in rows of one or more. */
  counts(scope: string | null): string
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

  const joined = (first: string, within: (set: string) => string): string =>
    reduced.map((set, i) => (i === 0 ? first : joinSql(links[i - 1] ?? [], within(set), i))).join(' ')
  const narrowCounts = (scope: string | null): string => {
    const first =
      scope === null ? `${reduced[0]} x0` : `(SELECT y.* FROM ${reduced[0]} y SEMI JOIN ${scope} z ON z.id = y.root) x0`
    return `SELECT x0.root AS root, 1 AS n FROM ${joined(first, (set) => set)}${whereSql([distinct])}`
  }
  const narrowMatches = (columns: string, scope: string, where: string | null): string => {
    // A page's sessions are few: every step is cut down to them.
    const within = (set: string): string => `(SELECT y.* FROM ${set} y SEMI JOIN ${scope} z ON z.id = y.root)`
    return `SELECT ${columns} FROM ${joined(`${reduced[0]} x0`, within)} JOIN ${scope} z ON z.id = x0.root${whereSql([distinct, where])}`
  }

  // ---- wide ones

  const wide = splits ? wideChain(chain, nodes, { before, after }, define) : null
  const once = links.map((ways, i) => countedOnceSql(ways, i))

  return {
    ctes,
    splits,
    mayRepeat,
    counts(scope) {
      const ordinary = narrowCounts(scope)
      if (wide === null) return ordinary
      // The ranges of the last link say how many there are, unless some of them don't count.
      const byRange = last > 0 && !mayRepeat && (links[last - 1] ?? []).length < 2
      const bound = byRange ? last - 1 : last
      const from = [`(${wide.bound(bound, scope, '')}) m`, `JOIN ${wide.nodes[0]} x0 ON x0.num = m.m0`]
      if (byRange) {
        from.push(`JOIN ${wide.ranges[last - 1]} r ON r.num = m.m${last - 1}`)
        for (let i = 1; i < last; i++)
          if (once[i - 1] !== null) from.push(`JOIN ${wide.nodes[i]} x${i} ON x${i}.num = m.m${i}`)
        return `${ordinary} UNION ALL SELECT x0.root AS root, r.hi - r.lo AS n FROM ${from.join(' ')}${whereSql(once.slice(0, last - 1))}`
      }
      for (let i = 1; i <= last; i++) from.push(`JOIN ${wide.nodes[i]} x${i} ON x${i}.num = m.m${i}`)
      return `${ordinary} UNION ALL SELECT x0.root AS root, 1 AS n FROM ${from.join(' ')}${whereSql([...once, distinct])}`
    },
    matches(columns, scope, where, firstOnly) {
      const ordinary = narrowMatches(columns, scope, where)
      if (wide === null) return ordinary
      const from = [`(${wide.bound(last, scope, mayRepeat ? '' : firstOnly)}) m`]
      for (let i = 0; i <= last; i++) from.push(`JOIN ${wide.nodes[i]} x${i} ON x${i}.num = m.m${i}`)
      from.push(`JOIN ${scope} z ON z.id = x0.root`)
      return `${ordinary} UNION ALL SELECT ${columns} FROM ${from.join(' ')}${whereSql([...once, distinct, where])}`
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
        UNION SELECT DISTINCT root FROM (${this.counts('unplain')})`
    },
  }
}

function whereSql(conditions: readonly (string | null)[]): string {
  const wanted = conditions.filter((c) => c !== null)
  return wanted.length === 0 ? '' : ` WHERE ${wanted.join(' AND ')}`
}

/** Which kinds of way are among these: a chain of one kind alone can't come back to where it was. */
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

const relatedOrFalse = (way: Way, a: string, b: string): string => `coalesce(${relatedSql(way, a, b)}, false)`

/** Joins step i to the one before it. */
function joinSql(ways: readonly Way[], set: string, i: number): string {
  const [a, b] = [`x${i - 1}`, `x${i}`]
  const [first, second] = ways
  if (first === undefined) return `JOIN ${set} ${b} ON false`
  if (second === undefined) return `JOIN ${set} ${b} ON ${relatedSql(first, a, b)}`
  if (first === 'below') {
    return `JOIN ${set} ${b} ON ${b}.root = ${a}.root AND ((${relatedSql(first, a, b)}) OR (${relatedSql(second, a, b)}))`
  }
  // One join over two kinds of key: the right nodes stand in it twice, under their parent and under their caller.
  return `CROSS JOIN (VALUES (${WAY_NUMBERS.child}), (${WAY_NUMBERS.next})) m${i}(way)
    JOIN (SELECT ${WAY_NUMBERS.child} AS way, parent AS key, * FROM ${set} UNION ALL SELECT ${WAY_NUMBERS.next}, caller, * FROM ${set}) ${b}
      ON ${b}.way = m${i}.way AND ${b}.key = CASE m${i}.way WHEN ${WAY_NUMBERS.child} THEN ${a}.id ELSE ${a}.caller END
      AND (m${i}.way = ${WAY_NUMBERS.child} OR (${relatedSql('next', a, b)} AND ${b}.parent IS DISTINCT FROM ${a}.id))`
}

// ---------------------------------------------------------------- the sweep of wide sessions

const WAY_NUMBERS: Readonly<Record<Way, number>> = { child: 0, below: 1, next: 2, later: 3 }

/** So many neighbours are spelled out at once: a list of all would be made for each of 2,048 rows. */
const BLOCK = 512

/** After every time that there is. */
export const NEVER = '9223372036854775807'

interface WideChain {
  /** Of each step, with a number `num` for each node; only those from which the rest of the chain can be reached. */
  nodes: string[]
  /** Of each link: `num` of a left node, `lo`, `hi`. */
  ranges: string[]
  /** A SELECT of the numbers of the nodes bound by the steps up to this one, m0, m1, …, and the ways that led to them, l1, … */
  bound(upTo: number, scope: string | null, firstOnly: string): string
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
    const sweep = define(`e${i}`, sweepSql(links[i] ?? [], nodes[i] ?? '', nodes[i + 1] ?? ''), true)
    ranges[i] = define(`r${i}`, rangesSql(sweep), true)
    points[i] = define(`t${i}`, `SELECT num, way, n FROM ${sweep} WHERE o = 0`, true)
    nodes[i] = define(`v${i}`, `SELECT x.* FROM ${nodes[i]} x SEMI JOIN ${ranges[i]} r ON r.num = x.num`, true)
  }
  return {
    nodes,
    ranges,
    bound(upTo, scope, firstOnly) {
      const within = scope === null ? '' : ` JOIN ${scope} z ON z.id = x0.root`
      let found = `SELECT x0.num AS m0 FROM ${nodes[0]} x0${within} ${firstOnly}`
      for (let i = 0; i < upTo; i++) {
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
 * `n` numbers the points through, `open` counts the ranges that are open.
 *
 * In time a node is the point where it starts, and opens its range where it ends. Where several stand at one moment:
 * first end those that had begun before, then come, by id, those without length (each a point, then its range opens),
 * then start the others.
 */
export function sweepSql(ways: readonly Way[], left: string, right: string): string {
  const events = ways.flatMap((way) => {
    const number = WAY_NUMBERS[way]
    const event = (set: string, o: number, key: string, t: string, flag = '0', tie = `''`, where = ''): string =>
      `SELECT num, ${number} AS way, ${o} AS o, ${key} AS key, ${t} AS t, ${flag} AS flag, ${tie} AS tie FROM ${set}${where}`
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
  if (events.length === 0) return `SELECT 0 AS num, 0 AS way, 0 AS o, 0 AS n, 0 AS open WHERE false`
  return `SELECT num, way, o,
      count(*) FILTER (WHERE o = 0) OVER line AS n,
      coalesce(sum(CASE o WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END) OVER line, 0) AS open
    FROM (${events.join(' UNION ALL ')})
    WINDOW line AS (ORDER BY way, key, t, flag, tie, o ROWS UNBOUNDED PRECEDING)`
}

/** The related points of each left node, from `lo` + 1 to `hi`; left nodes without any have no row. */
export const rangesSql = (sweep: string): string =>
  `SELECT num, way, min(n) FILTER (WHERE o = 1) AS lo, max(n) FILTER (WHERE o = 2) AS hi FROM ${sweep} WHERE o > 0
    GROUP BY num, way HAVING hi > lo`

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
