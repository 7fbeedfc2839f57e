/**
 * The diagram of which agents call and follow each other, in SQL. Delegations are found by the parent's id. Followers
 * are those of the pattern language's `;`: found by hash join in root sessions of ordinary size and by a sweep along
 * time in wide ones, so that the work grows with the traces and pairs, not with the square of a caller's calls.
 */
import { z } from 'zod'
import type { FlowEdge, FlowReader, FlowScope, StaleRule } from '../store.ts'
import { UsageCell, usageSql } from './analytics-rows.ts'
import type { Database } from './database.ts'
import { admitsAll, allOf, type FilterExtensions, inList, isNoRoot, ranThere, traceConditions } from './filters.ts'
import { relatedSql } from './pattern-nodes.ts'
import { rangesSql, sweepSql } from './pattern-sweep.ts'
import { type Bind, createParameters } from './statement.ts'
import { tuples } from './values.ts'

export function createFlowReader(
  database: Database,
  extensions: FilterExtensions,
  limits: { wideFrom: number },
): FlowReader {
  const setOf = (scope: FlowScope, rule: StaleRule, bind: Bind): string =>
    scope.kind === 'filter'
      ? `SELECT '' AS g, t.* FROM agent_traces t WHERE ${allOf(traceConditions(scope.filter, rule, bind, extensions))}`
      : sessionsSql(scope.sessionIds, bind)
  return {
    async flowNodes(scope, rule) {
      if (isEmpty(scope)) return []
      const { bind, values } = createParameters()
      const sql = nodesSql(setOf(scope, rule, bind))
      return byGroup(scope, await database.select({ sql, values }, decodeNodes, { heavy: true }))
    },
    async flowEdges(scope, rule) {
      if (isEmpty(scope)) return []
      const { bind, values } = createParameters()
      const sql = edgesSql(setOf(scope, rule, bind), `${bind(limits.wideFrom)}`, scopeOf(scope))
      return byGroup(scope, await database.select({ sql, values }, decodeEdges, { heavy: true }))
    },
  }
}

/** Properties of the scope that allow a simpler statement. */
interface EdgeScope {
  /** The scope has several groups to keep apart. */
  isGrouped: boolean
  /** The scope is the whole history, so the caller is always in it, and `parent_agent` saves the join. */
  isWhole: boolean
  /** Materialise the traces, since they are few or expensive to find; a million rows are cheaper to read again. */
  isKept: boolean
}

function scopeOf(scope: FlowScope): EdgeScope {
  if (scope.kind === 'sessions') return { isGrouped: true, isWhole: false, isKept: true }
  return { isGrouped: false, isWhole: admitsAll(scope.filter), isKept: scope.filter.text != null }
}

const isEmpty = (scope: FlowScope): boolean => scope.kind === 'sessions' && scope.sessionIds.length === 0

function byGroup<R>(scope: FlowScope, rows: readonly { g: string; row: R }[]): R[][] {
  const groups = new Map<string, R[]>((scope.kind === 'filter' ? [''] : scope.sessionIds).map((g) => [g, []]))
  for (const { g, row } of rows) groups.get(g)?.push(row)
  return scope.kind === 'filter' ? [...groups.values()] : scope.sessionIds.map((id) => groups.get(id) ?? [])
}

/** A trace may belong to several groups: to its root session and to each child session above it. */
function sessionsSql(ids: readonly string[], bind: Bind): string {
  const keys = [...new Set(ids)].filter((id) => id !== '')
  return `SELECT t.root_session_id AS g, t.* FROM agent_traces t WHERE ${inList('t.root_session_id', keys, bind)}
    UNION ALL
    SELECT o.g, t.* FROM (
      SELECT DISTINCT o.session_id AS g, t.trace_id AS id FROM agent_traces o JOIN agent_traces t
        ON t.root_session_id = o.root_session_id AND t.lft >= o.lft AND t.rgt <= o.rgt
      WHERE ${inList('o.session_id', keys, bind)} AND ${isNoRoot('o.session_id', keys, bind)} AND ${ranThere('o')}
    ) o JOIN agent_traces t ON t.trace_id = o.id`
}

// ---------------------------------------------------------------- nodes

const nodesSql = (set: string): string => `
SELECT t.g, t.subagent_type, count(*)::DOUBLE, count(*) FILTER (t.status_detail = 'ERROR')::DOUBLE,
  ${usageSql('own')}, coalesce(sum(t.active_ms), 0)::DOUBLE
FROM (${set}) t GROUP BY t.g, t.subagent_type ORDER BY t.g, t.subagent_type`

const decodeNodes = tuples(
  z.tuple([z.string(), z.string(), z.number(), z.number(), UsageCell, z.number()]),
  ([g, agent, invocations, errors, own, activeMs]) => ({ g, row: { agent, invocations, errors, own, activeMs } }),
)

// ---------------------------------------------------------------- edges

/** The number of followers to expand at once: see `BLOCK` in `pattern-sweep.ts`. */
const BLOCK = 512

/** Treats each group as a tree of its own: its id becomes part of `root`, so that relations never cross groups. */
const edgesSql = (set: string, wideFrom: string, { isGrouped, isWhole, isKept }: EdgeScope): string => `
WITH chosen AS ${isKept ? '' : 'NOT '}MATERIALIZED (
  SELECT t.g, t.trace_id AS id, ${isGrouped ? `t.g || ' ' || ` : ''}t.root_session_id AS root, t.parent_agent,
    t.root_session_id AS tree, t.kind, t.caller_session_id AS caller, t.parent_trace_id AS parent,
    t.subagent_type AS agent, t.status_detail = 'ERROR' AS failed,
    t.started_at AS s, t.ended_at AS e, t.follow_before AS fb, t.follow_before_id AS fb_id
  FROM (${set}) t),
wide AS MATERIALIZED (
  SELECT session_id AS id FROM sessions WHERE is_root AND trace_count >= ${wideFrom}),
ordinary AS ${isKept ? '' : 'NOT '}MATERIALIZED (SELECT c.* FROM chosen c ANTI JOIN wide ON wide.id = c.tree),
swept AS MATERIALIZED (SELECT row_number() OVER () AS num, c.* FROM chosen c SEMI JOIN wide ON wide.id = c.tree),
sweep AS MATERIALIZED (${sweepSql(['next'], 'swept', 'swept')}),
blocks AS (
  SELECT num, hi, unnest(range(lo, hi, ${BLOCK})) AS block FROM (${rangesSql('sweep')})),
followers AS (SELECT num, unnest(range(block + 1, least(block + ${BLOCK}, hi) + 1)) AS n FROM blocks),
pairs AS (
  SELECT b.g, ${isWhole ? 'b.parent_agent' : 'a.agent'} AS a, b.agent AS b, 'DELEGATED' AS kind, b.failed, NULL::BIGINT AS gap
    FROM chosen b ${isWhole ? 'WHERE b.parent IS NOT NULL' : 'JOIN chosen a ON a.id = b.parent AND a.g = b.g'}
  UNION ALL
  SELECT b.g, a.agent, b.agent, 'FOLLOWED', b.failed, epoch_ms(b.s) - epoch_ms(a.e)
    FROM ordinary a JOIN ordinary b ON ${relatedSql('next', 'a', 'b')}
  UNION ALL
  SELECT b.g, a.agent, b.agent, 'FOLLOWED', b.failed, epoch_ms(b.s) - epoch_ms(a.e)
    FROM followers f JOIN (SELECT num, n FROM sweep WHERE o = 0) p ON p.n = f.n
    JOIN swept a ON a.num = f.num JOIN swept b ON b.num = p.num)
SELECT g, a, b, kind, count(*)::DOUBLE AS n, count(*) FILTER (failed)::DOUBLE, median(gap)::DOUBLE
FROM pairs GROUP BY g, a, b, kind ORDER BY g, kind, n DESC, a, b`

const decodeEdges = tuples(
  z.tuple([
    z.string(),
    z.string(),
    z.string(),
    z.enum(['DELEGATED', 'FOLLOWED']),
    z.number(),
    z.number(),
    z.number().nullable(),
  ]),
  ([g, from, to, kind, count, errors, medianGapMs]): { g: string; row: FlowEdge } => ({
    g,
    row: { from, to, kind, count, errors, medianGapMs },
  }),
)
