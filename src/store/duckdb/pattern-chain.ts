/**
 * One chain of a pattern as common table expressions.
 *
 * In a root session of ordinary size two steps are joined by hash over their tree (or their caller), and the times are
 * compared within. In a *wide* one (thousands of calls) that would compare each with each, so there the nodes of two
 * neighbouring steps are sorted along one line, and each left node learns the range of right ones that are related to it
 * (see `sweepSql`): the work grows with the nodes and the matches, not with their square.
 */
import type { Absence, ChainPlan, Way } from '../../pattern/plan.ts'
import { type Bind, nodesSql, relatedSql } from './pattern-nodes.ts'

export interface ChainSql {
  /** Definitions for a WITH, in order. */
  ctes: string[]
  /**
   * A SELECT of all matches, with x0, x1, … as the nodes bound.
   * @param columns of the bound nodes; the ways of the links are `linkSql`'s
   * @param scope a relation with a column `id`: only root sessions in it
   */
  matches(columns: string, scope: string | null): string
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

export function chainSql(chain: ChainPlan, name: string, bind: Bind, statusSql: string): ChainSql {
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
  const splits = ways.some((way) => way !== 'child')
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

  const narrowMatches = (columns: string, scope: string | null): string => {
    const within = (set: string): string =>
      scope === null ? set : `(SELECT y.* FROM ${set} y SEMI JOIN ${scope} z ON z.id = y.root)`
    const from = reduced.map((set, i) => (i === 0 ? `${within(set)} x0` : joinSql(links[i - 1] ?? [], within(set), i)))
    return `SELECT ${columns} FROM ${from.join(' ')}${distinct === null ? '' : ` WHERE ${distinct}`}`
  }

  // ---- wide ones

  let wideMatches: ((columns: string, scope: string | null) => string) | null = null
  let wideSessions: string | null = null
  if (splits) {
    const inWide = (set: string): string => `SELECT x.* FROM ${set} x SEMI JOIN wide ON wide.id = x.root`
    const wide = nodes.map((set, i) => define(`w${i}`, inWide(set), true))
    if (before !== null && notBefore !== null) {
      const others = define('wb', inWide(before), true)
      const sweep = define('eb', sweepSql(notBefore.ways, others, wide[0] ?? ''), true)
      wide[0] = define(
        'w0b',
        `SELECT x.* FROM ${wide[0]} x ANTI JOIN (SELECT id FROM ${sweep} WHERE o = 0 AND open > 0) c ON c.id = x.id`,
        true,
      )
    }
    if (after !== null && notAfter !== null) {
      const others = define('wa', inWide(after), true)
      const sweep = define('ea', sweepSql(notAfter.ways, wide[last] ?? '', others), true)
      const ranges = define('ra', rangesSql(sweep), true)
      wide[last] = define('w0a', `SELECT x.* FROM ${wide[last]} x ANTI JOIN ${ranges} r ON r.id = x.id`, true)
    }
    const ranges: string[] = []
    const points: string[] = []
    for (let i = last - 1; i >= 0; i--) {
      const sweep = define(`e${i}`, sweepSql(links[i] ?? [], wide[i] ?? '', wide[i + 1] ?? ''), true)
      ranges[i] = define(`r${i}`, rangesSql(sweep), true)
      points[i] = define(`t${i}`, `SELECT id, way, n FROM ${sweep} WHERE o = 0`, true)
      wide[i] = define(`v${i}`, `SELECT x.* FROM ${wide[i]} x SEMI JOIN ${ranges[i]} r ON r.id = x.id`, true)
    }
    wideMatches = (columns, scope) => {
      let found = `SELECT id AS i0 FROM ${wide[0]} x${scope === null ? '' : ` SEMI JOIN ${scope} z ON z.id = x.root`}`
      for (let i = 0; i < last; i++) {
        const bound = Array.from({ length: i + 1 }, (_, j) => (j === 0 ? 'i0' : `i${j}, l${j}`)).join(', ')
        // In blocks: a list of a whole range would be made for each of 2,048 rows at once.
        found = `SELECT ${bound}, t.id AS i${i + 1}, t.way AS l${i + 1}
          FROM (SELECT ${bound}, unnest(range(block + 1, least(block + ${BLOCK}, hi) + 1)) AS n
            FROM (SELECT ${bound}, hi, unnest(range(lo, hi, ${BLOCK})) AS block FROM (${found}) JOIN ${ranges[i]} r ON r.id = i${i})) u
          JOIN ${points[i]} t ON t.n = u.n`
      }
      const nodesBound = wide.map((set, i) => `JOIN ${set} x${i} ON x${i}.id = m.i${i}`)
      const once = links.flatMap((pair, i) => {
        const [delegated, ...others] = pair
        return delegated === undefined || others.length === 0
          ? []
          : [`(m.l${i + 1} = ${WAY_NUMBERS[delegated]} OR NOT (${relatedOrFalse(delegated, `x${i}`, `x${i + 1}`)}))`]
      })
      const where = [...once, ...(distinct === null ? [] : [distinct])]
      return `SELECT ${columns} FROM (${found}) m ${nodesBound.join(' ')}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`
    }
    wideSessions = `SELECT root FROM ${wide[0]}`
  }

  const matches = (columns: string, scope: string | null): string =>
    wideMatches === null
      ? narrowMatches(columns, scope)
      : `${narrowMatches(columns, scope)} UNION ALL ${wideMatches(columns, scope)}`

  return {
    ctes,
    matches,
    sessions() {
      const first = isReduced ? reduced : reduceNarrow(0)
      const reachable = [`SELECT root FROM ${first[0]}`, ...(wideSessions === null ? [] : [wideSessions])].join(
        ' UNION ALL ',
      )
      if (!mayRepeat) return `SELECT DISTINCT root FROM (${reachable})`
      return `SELECT DISTINCT root FROM (${reachable}) f ANTI JOIN unplain u ON u.id = f.root
        UNION SELECT DISTINCT root FROM (${matches('x0.root AS root', 'unplain')})`
    },
  }
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

const BLOCK = 512

/** After every time that there is, in microseconds. */
const NEVER = '9223372036854775807'

/**
 * Both sides of a relation along one line for each key (the tree, the caller, the parent). A right node is a point
 * (o = 0), a left one opens (o = 1) and closes (o = 2) a range; the points within are exactly those related to it.
 * `n` numbers the points through, `open` counts the ranges that are open.
 *
 * In time a node is the point where it starts, and opens its range where it ends. Where several stand at one moment:
 * first end those that had begun before, then come, by id, those without length (each a point, then its range opens),
 * then start the others.
 */
function sweepSql(ways: readonly Way[], left: string, right: string): string {
  const events = ways.flatMap((way) => {
    const number = WAY_NUMBERS[way]
    const event = (set: string, o: number, key: string, t: string, flag = '0', tie = `''`, where = ''): string =>
      `SELECT id, ${number} AS way, ${o} AS o, ${key} AS key, ${t} AS t, ${flag} AS flag, ${tie} AS tie FROM ${set}${where}`
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
  if (events.length === 0) return `SELECT '' AS id, 0 AS way, 0 AS o, 0 AS n, 0 AS open WHERE false`
  return `SELECT id, way, o,
      count(*) FILTER (WHERE o = 0) OVER line AS n,
      coalesce(sum(CASE o WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END) OVER line, 0) AS open
    FROM (${events.join(' UNION ALL ')})
    WINDOW line AS (ORDER BY way, key, t, flag, tie, o ROWS UNBOUNDED PRECEDING)`
}

/** The related points of each left node, from `lo` + 1 to `hi`; left nodes without any have no row. */
const rangesSql = (sweep: string): string =>
  `SELECT id, way, min(n) FILTER (WHERE o = 1) AS lo, max(n) FILTER (WHERE o = 2) AS hi FROM ${sweep} WHERE o > 0
    GROUP BY id, way HAVING hi > lo`

// ---------------------------------------------------------------- what a match says of its links

/** The kind of link i (between x_i and x_i+1) and how far it leads; the same for ordinary and wide sessions. */
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
