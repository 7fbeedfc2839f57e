/**
 * Parts of trees, depth first and page by page: of one scope in one statement, which reads no more than the page; of many
 * in two, of which the first finds out what is on which page.
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
    // Which rows these are is found out from what is filtered and sorted by; only those are then read whole.
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
    // What has gone in between is on no page.
    for (const row of await getTraceDetails(ids, columns, rule)) if (row !== null) rows.set(row.id, row)
    return found.map((ofScope) => pageOf(ofScope.flatMap((id) => rows.get(id) ?? []).map(item), page))
  }

  /** The ids of each page, and of one trace more where there is more. */
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

/** What traces of many scopes are ordered by, and their ids. */
const KEY = '{elsewhere: t.root_session_id <> s.home, root: t.root_session_id, lft: t.lft, id: t.trace_id}'

/** DuckDB's `min(…, n)` and `max(…, n)` take no more. */
const MAX_KEPT = 999_999

/**
 * Of a group the keys of its page and of one trace more, in the page's order. Kept while they are counted: to number all
 * traces of each scope takes ten times as long where many lie within one another.
 */
function firstOfEach({ first, last }: PageArgs): string {
  const size = first ?? last
  const isBackward = last != null
  if (size == null || size >= MAX_KEPT) return `list(${KEY} ORDER BY ${KEY}${isBackward ? ' DESC' : ''})`
  return `${isBackward ? 'max' : 'min'}(${KEY}, ${size + 1})`
}

/**
 * By position, and tree by tree: a child session that a call from another tree resumed stands in several, its own first.
 * A tree that grows moves its numbers, so a cursor is found again by its trace; the number stands in for a trace that is
 * gone.
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

/** Conditions on `agent_traces t`. */
function insideOne(scope: TreeScope, bind: Bind): string[] {
  if (scope.kind === 'session') {
    const id = bind(scope.sessionId)
    // The tree of a root session is what is stored as its tree, and lies together.
    if (isOfRoot(scope)) return [`t.root_session_id = ${id}`]
    // What the session ran, with all below: a call from another tree may have resumed it.
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
 * `agent_traces t` joined with spans of trees, `s`: each is of the scope at a `place`, whose own root session is `home`. A
 * session has one for its tree or, where it is a child session, one for each trace that ran in it, unless that lies within
 * another: no trace is in two spans of one scope.
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

/** No position and no depth is larger. */
const UNBOUNDED = 2 ** 31 - 1

/** Whoever asks for as many levels as can be said, of a trace that is not a root, asks for more than an INTEGER holds. */
const depthLimit = ({ toDepth }: TreeScope & { kind: 'trace' }): number => Math.min(toDepth ?? UNBOUNDED, UNBOUNDED)

const isOfRoot = ({ sessionId, rootSessionId }: TreeScope & { kind: 'session' }): boolean => sessionId === rootSessionId
