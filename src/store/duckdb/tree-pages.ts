/**
 * Pages of parts of trees, depth first. For one scope this is one statement, which reads only the page; for several it
 * is two, of which the first finds the ids on each page.
 */
import { z } from 'zod'
import type { Page, PageArgs, StaleRule, TraceColumn, TraceFilter, TraceReader, TraceRow, TreeScope } from '../store.ts'
import type { Database } from './database.ts'
import { allOf, type FilterExtensions, ranThere, traceConditions, traceStatusSql } from './filters.ts'
import { cursorOf, type Line, pageOf, pageSql } from './pages.ts'
import { traceSelection } from './rows.ts'
import { type Bind, createParameters, rowsSql } from './statement.ts'
import { tuples } from './values.ts'

type TreePages = Pick<TraceReader, 'pageTrees' | 'countTrees' | 'treeCursorOf'>

export function createTreePages(
  database: Database,
  extensions: FilterExtensions,
  getTraceDetails: TraceReader['getTraceDetails'],
): TreePages {
  async function pageOfOne(
    scope: TreeScope,
    filter: TraceFilter,
    page: PageArgs,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<Page<TraceRow>> {
    const { bind, values } = createParameters()
    const { conditions, tail, order } = pageSql(page, TREE, treeLine(bind(scope.rootSessionId)), bind)
    const selection = traceSelection(columns, () => traceStatusSql(rule, bind))
    const inside = [...insideOne(scope, bind), ...traceConditions(filter, rule, bind, extensions), ...conditions]
    // The subquery reads only the columns for filters and order; the other columns are read for the page's rows alone.
    const sql = `SELECT ${selection.sql} FROM agent_traces t
      WHERE t.rowid IN (SELECT t.rowid FROM agent_traces t WHERE ${allOf(inside)} ${tail}) ${order}`
    return pageOf((await database.select({ sql, values }, selection.decode)).map(item), page)
  }

  async function pagesOfMany(
    scopes: readonly TreeScope[],
    filter: TraceFilter,
    page: PageArgs,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<Page<TraceRow>[]> {
    const found = await placesInMany(scopes, filter, page, rule)
    const ids = [...new Set(found.flat())]
    const rows = new Map<string, TraceRow>()
    // A trace that was removed between the two statements is left out.
    for (const row of await getTraceDetails(ids, columns, rule)) if (row !== null) rows.set(row.id, row)
    return found.map((ofScope) => pageOf(ofScope.flatMap((id) => rows.get(id) ?? []).map(item), page))
  }

  /** The ids on each page, plus one more if there are more traces. */
  async function placesInMany(
    scopes: readonly TreeScope[],
    filter: TraceFilter,
    page: PageArgs,
    rule: StaleRule,
  ): Promise<string[][]> {
    const { bind, values } = createParameters()
    const { conditions } = pageSql({ after: page.after, before: page.before }, TREE, treeLine('s.home'), bind)
    const sql = `SELECT place, unnest(found).id FROM (
      SELECT s.place, ${firstOfEach(page)} AS found FROM ${insideMany(scopes, bind)}
      WHERE ${allOf([...traceConditions(filter, rule, bind, extensions), ...conditions])} GROUP BY s.place)`
    const found: string[][] = scopes.map(() => [])
    for (const [place, id] of await database.select({ sql, values }, decodePlaces)) found[place]?.push(id)
    return found
  }

  return {
    async pageTrees(scopes, filter, page, columns, rule) {
      const [only] = scopes
      if (scopes.length === 1 && only) return [await pageOfOne(only, filter, page, columns, rule)]
      return pagesOfMany(scopes, filter, page, columns, rule)
    },

    async countTrees(scopes, filter, rule) {
      const { bind, values } = createParameters()
      const where = () => traceConditions(filter, rule, bind, extensions)
      const [only] = scopes
      const sql =
        scopes.length === 1 && only
          ? `SELECT 0, count(*) FROM agent_traces t WHERE ${allOf([...insideOne(only, bind), ...where()])}`
          : `SELECT s.place, count(*) FROM ${insideMany(scopes, bind)} WHERE ${allOf(where())} GROUP BY s.place`
      const counts = new Map(await database.select({ sql, values }, decodeCounts))
      return scopes.map((_, place) => counts.get(place) ?? 0)
    },

    treeCursorOf,
  }
}

const decodePlaces = tuples(z.tuple([z.number(), z.string()]), (row) => row)
const decodeCounts = tuples(z.tuple([z.number(), z.number()]), (row) => row)

// ---------------------------------------------------------------- order

const TREE = 'tree'

const treeCursorOf = ({ lft, id }: TraceRow): string => cursorOf(TREE, lft, id)
const item = (node: TraceRow) => ({ node, cursor: treeCursorOf(node) })

/** The sort key of traces of several scopes, which includes their ids. */
const KEY = '{elsewhere: t.root_session_id <> s.home, root: t.root_session_id, lft: t.lft, id: t.trace_id}'

/** The largest n that DuckDB's `min(…, n)` and `max(…, n)` accept. */
const MAX_KEPT = 999_999

/**
 * The aggregate that returns the keys of a group's page and of one more trace, in the page's order. Numbering all
 * traces of each scope with a window instead takes ten times as long if many scopes are nested.
 */
function firstOfEach({ first, last }: PageArgs): string {
  const size = first ?? last
  const isBackward = last != null
  if (size == null || size >= MAX_KEPT) return `list(${KEY} ORDER BY ${KEY}${isBackward ? ' DESC' : ''})`
  return `${isBackward ? 'max' : 'min'}(${KEY}, ${size + 1})`
}

/**
 * The order of a scope's traces: tree by tree, and by position in each. A child session that calls from other trees
 * resumed has traces in several trees; its own comes first. The positions change when a tree grows, so a cursor's
 * position is looked up by its trace id; the number in the cursor is used only if that trace is gone.
 *
 * @param home SQL for the scope's own root session
 */
function treeLine(home: string): Line {
  const columns = (root: string, lft: string): string[] => [`${root} <> ${home}`, root, lft]
  const row = columns('t.root_session_id', 't.lft')
  const placeOf = (bind: Bind, { value, id }: { value: number | null; id: string }): string[] => {
    const trace = bind(id)
    const found = (column: string, otherwise: string): string =>
      `coalesce((SELECT p.${column} FROM agent_traces p WHERE p.trace_id = ${trace}), ${otherwise})`
    return columns(found('root_session_id', home), found('lft', `${bind(value ?? 0)}::BIGINT`))
  }
  return {
    after: (bind, position) => `(${row.join(', ')}) > (${placeOf(bind, position).join(', ')})`,
    before: (bind, position) => `(${row.join(', ')}) < (${placeOf(bind, position).join(', ')})`,
    order: { forward: row.join(', '), backward: row.map((column) => `${column} DESC`).join(', ') },
  }
}

// ---------------------------------------------------------------- scopes

/** The conditions on `agent_traces t` for one scope. */
function insideOne(scope: TreeScope, bind: Bind): string[] {
  if (scope.kind === 'session') {
    const id = bind(scope.sessionId)
    // The tree of a root session is all rows with its root_session_id.
    if (isOfRoot(scope)) return [`t.root_session_id = ${id}`]
    // The traces that ran in the child session, with all below them, in other trees whose calls resumed it too.
    return [
      `EXISTS (
        SELECT 1 FROM agent_traces o
        WHERE o.session_id = ${id} AND ${ranThere('o')} AND o.root_session_id = t.root_session_id
          AND t.lft >= o.lft AND t.rgt <= o.rgt)`,
    ]
  }
  return [
    `t.root_session_id = ${bind(scope.rootSessionId)}`,
    `t.lft > ${bind(scope.lft)}::INTEGER`,
    `t.rgt < ${bind(scope.rgt)}::INTEGER`,
    ...(scope.toDepth === null ? [] : [`t.depth <= ${bind(depthLimit(scope))}::INTEGER`]),
  ]
}

/**
 * Joins `agent_traces t` with the spans `s` of all scopes: ranges of nested-set numbers, each with the index of its
 * scope (`place`) and the scope's own root session (`home`). A root session has one span, a child session one for each
 * trace that ran in it and is not below another such trace; so no trace is in two spans of one scope.
 */
function insideMany(scopes: readonly TreeScope[], bind: Bind): string {
  const placed = scopes.map((scope, place) => ({ scope, place }))
  const fixed = placed.flatMap(({ scope, place }) => {
    const span = { place, home: scope.rootSessionId }
    if (scope.kind === 'trace') {
      return { ...span, lft: scope.lft + 1, rgt: scope.rgt - 1, toDepth: depthLimit(scope) }
    }
    return isOfRoot(scope) ? { ...span, lft: 0, rgt: UNBOUNDED, toDepth: UNBOUNDED } : []
  })
  const children = placed.flatMap(({ scope, place }) =>
    scope.kind === 'session' && !isOfRoot(scope) ? { place, home: scope.rootSessionId, id: scope.sessionId } : [],
  )
  const ofFixed = rowsSql(bind, {
    place: ['INTEGER', fixed.map(({ place }) => place)],
    home: ['VARCHAR', fixed.map(({ home }) => home)],
    lft: ['INTEGER', fixed.map(({ lft }) => lft)],
    rgt: ['INTEGER', fixed.map(({ rgt }) => rgt)],
    to_depth: ['INTEGER', fixed.map(({ toDepth }) => toDepth)],
  })
  const ofChildren = rowsSql(bind, {
    place: ['INTEGER', children.map(({ place }) => place)],
    home: ['VARCHAR', children.map(({ home }) => home)],
    id: ['VARCHAR', children.map(({ id }) => id)],
  })
  return `agent_traces t JOIN (
      SELECT place, home, home AS root, lft, rgt, to_depth FROM (${ofFixed})
      UNION ALL
      SELECT c.place, c.home, o.root_session_id, o.lft, o.rgt, ${UNBOUNDED}
      FROM (${ofChildren}) c JOIN agent_traces o ON o.session_id = c.id AND ${ranThere('o')}
      WHERE NOT EXISTS (
        SELECT 1 FROM agent_traces p
        WHERE p.session_id = c.id AND ${ranThere('p')} AND p.root_session_id = o.root_session_id
          AND p.lft < o.lft AND p.rgt > o.rgt)
    ) s ON t.root_session_id = s.root AND t.lft >= s.lft AND t.rgt <= s.rgt AND t.depth <= s.to_depth`
}

/** The largest INTEGER, beyond all positions and depths. */
const UNBOUNDED = 2 ** 31 - 1

/** Capped, because the largest number of levels below a trace that is not a root would exceed an INTEGER. */
const depthLimit = ({ toDepth }: TreeScope & { kind: 'trace' }): number => Math.min(toDepth ?? UNBOUNDED, UNBOUNDED)

const isOfRoot = ({ sessionId, rootSessionId }: TreeScope & { kind: 'session' }): boolean => sessionId === rootSessionId
