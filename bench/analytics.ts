/** Times analytical queries over a million traces through HTTP, each against equivalent SQL written by hand. */
import { strict as assert } from 'node:assert'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { median, now, runProcess, sideBySide, timed } from './measure.ts'
import { fill, WIDE_SESSION } from './million.ts'
import { root } from './root.ts'
import { COMMAND, cleanEnvironment, type Running, startServer } from './server.ts'

const TRACES = 1_000_000
const BY_HAND = 'hand-written SQL'

interface Table {
  home: string
  rounds: number
  wanted: (name: string) => boolean
  atMost: (what: string, bar: number, got: number, floor: number, floorName: string) => void
}

const MILLION = 'a million traces'

export async function measureMillion({ home, rounds, wanted, atMost }: Table): Promise<void> {
  const store = join(home, 'million.duckdb')
  // Any small history will do: it only makes delegraph create its tables.
  const source = join(root, 'fixtures/opencode/1.18.34/nested/data')
  const made = await runProcess(
    process.execPath,
    [COMMAND, 'ingest', '--source', source, '--db', store],
    cleanEnvironment(home),
  )
  assert.equal(made.code, 0, made.stderr)
  await fill(store, TRACES)
  const copy = join(home, 'million-copy.duckdb')
  cpSync(store, copy)

  // The same settings as delegraph: two threads, 512 MB.
  const duckdb = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })
  const connection = await duckdb.connect()
  await connection.run(`ATTACH '${copy}' AS copy (READ_ONLY); USE copy; SET TimeZone = 'UTC'`)
  const bare = (sql: string) => async () => (await connection.runAndReadAll(sql)).currentRowCount
  const server = await startServer(['--read-only', '--db', store], home)
  await server.ready()

  const compare = async (name: string, bar: number, query: string, ...sql: string[]) => {
    const what = `${name}, ${MILLION}`
    if (!wanted(what)) return
    assert.ok(!(await server.askRaw(query)).includes('"errors":['), name)
    const byHand = async () => {
      for (const statement of sql) await bare(statement)()
    }
    const took = await sideBySide({ byHand, asked: () => server.askRaw(query) }, { rounds, times: 1 })
    atMost(what, bar, took.asked, took.byHand, BY_HAND)
  }

  await compare('agents', 1.5, AGENTS, AGENTS_SQL)
  await compare('flow', 1.5, FLOW, FLOW_NODES_SQL, FLOW_EDGES_SQL)
  await compare('anomalies', 2, ANOMALIES, ANOMALIES_SQL)
  for (const [relation, sql] of RELATIONS) {
    const pairs = `FROM agent_traces a JOIN agent_traces b ON ${sql} JOIN sessions s ON s.session_id = a.root_session_id
      WHERE a.subagent_type = 'tester' AND b.subagent_type = 'refactoring'`
    await compare(
      `pattern tester ${relation} refactoring, 50 of them`,
      3,
      `{ searchPattern(pattern: "tester ${relation} refactoring", direction: DESC, first: 50) { totalCount nodes { bindings { trace { id } } } } }`,
      `SELECT count(*), count(DISTINCT a.root_session_id) ${pairs}`,
      `SELECT a.trace_id, b.trace_id ${pairs} ORDER BY s.started_at DESC, a.root_session_id, a.lft, b.lft LIMIT 50`,
    )
  }
  await compare('text search', 2, TEXT, TEXT_SQL)
  if (wanted(`lookup, ${MILLION}`)) await measureLookup(server, atMost)

  connection.closeSync()
  duckdb.closeSync()
  await server.stop()
}

/** The longest of a thousand lookups: on an idle server, and while heavy queries are sent without a pause. */
async function measureLookup(server: Running, atMost: Table['atMost']): Promise<void> {
  const lookup = () => timed(() => server.askRaw(LOOKUP, { id: WIDE_SESSION }))
  const thousand = async () => {
    const took: number[] = []
    for (let i = 0; i < 1000; i++) took.push(await lookup())
    return took
  }
  await thousand()
  const idle = await thousand()
  let isOver = false
  const heavy = async () => {
    while (!isOver) await server.askRaw(ANOMALIES)
  }
  const work = [heavy(), heavy()]
  const start = now()
  const busy = await thousand()
  // Long enough for a heavy query to be running at every moment.
  while (now() - start < 5000) busy.push(await lookup())
  isOver = true
  await Promise.all(work)
  const what = `lookup of a session while two ask for anomalies, ${MILLION}`
  atMost(`${what}: the median`, 5, median(busy), median(idle), 'the same with nothing else to do')
  atMost(`${what}: the longest`, 5, Math.max(...busy), Math.max(...idle), 'the same with nothing else to do')
}

// ---------------------------------------------------------------- the queries

const LOOKUP = 'query ($id: ID!) { session(id: $id) { id title status agents traceCount total { cost } } }'

const SPREAD = '{ count min p50 p90 p95 p99 max mean sum }'
const AGENTS = `{ agents { agent invocations sessions errors duration ${SPREAD} active ${SPREAD} cost ${SPREAD} tokens ${SPREAD}
  own { cost tokensIn tokensOut llmCalls } models firstSeenAt lastSeenAt } }`
const TOKENS = 'total_input + total_output + total_reasoning + total_cache_read + total_cache_write'
const spread = (of: string): string =>
  `count(${of}), min(${of}), quantile_cont(${of}, [0.5, 0.9, 0.95, 0.99]), max(${of}), avg(${of}), sum(${of})`
const AGENTS_SQL = `SELECT subagent_type, count(*), count(DISTINCT root_session_id), count(*) FILTER (status_detail = 'ERROR'),
  ${spread('duration_ms')}, ${spread('active_ms')}, ${spread('total_cost')}, ${spread(TOKENS)},
  sum(own_cost), sum(own_input), sum(own_output), sum(own_reasoning), sum(own_cache_read), sum(own_cache_write), sum(own_llm_calls),
  list_distinct(flatten(list(DISTINCT models))), min(started_at), max(started_at)
FROM agent_traces GROUP BY 1 ORDER BY 1`

const FLOW = `{ flow { nodes { agent invocations errors activeMs own { cost } } edges { from to kind count errors medianGapMs } } }`
const FLOW_NODES_SQL = `SELECT subagent_type, count(*), count(*) FILTER (status_detail = 'ERROR'), sum(active_ms), sum(own_cost)
FROM agent_traces GROUP BY 1`

const SAME_CALLER =
  'b.root_session_id = a.root_session_id AND b.caller_session_id = a.caller_session_id AND b.kind = a.kind'
const NEXT = `${SAME_CALLER} AND b.started_at >= a.ended_at AND b.started_at < coalesce(a.follow_before, 'infinity'::TIMESTAMP) AND b.trace_id <> a.trace_id`
const FLOW_EDGES_SQL = `SELECT a.subagent_type, b.subagent_type, 'DELEGATED', count(*), count(*) FILTER (b.status_detail = 'ERROR'), NULL
FROM agent_traces b JOIN agent_traces a ON a.trace_id = b.parent_trace_id GROUP BY ALL
UNION ALL
SELECT a.subagent_type, b.subagent_type, 'FOLLOWED', count(*), count(*) FILTER (b.status_detail = 'ERROR'),
  median(epoch_ms(b.started_at) - epoch_ms(a.ended_at))
FROM agent_traces a JOIN agent_traces b ON ${NEXT} GROUP BY ALL`

const ANOMALIES = `{ anomalies(kinds: [SLOW, COSTLY, TOKEN_HEAVY, FAILED], first: 50) {
  totalCount nodes { kind score value explanation subject { ... on Trace { id } ... on Session { id } } } } }`
/** The plain z-scores, from which nothing is deducted for anomalies below. */
const outliers = (table: string, group: string, values: readonly string[], id: string, where: string): string => {
  const each = (sql: (value: string, i: number) => string): string => values.map(sql).join(', ')
  const of = `(SELECT ${group} AS grp, ${id} AS id, ${each((value, i) => `ln(nullif(${value}, 0)) AS x${i}`)} FROM ${table} WHERE ${where})`
  return `SELECT t.id FROM ${of} t JOIN (
    SELECT v.grp, ${each((_, i) => `any_value(c.m${i}) AS m${i}, median(abs(v.x${i} - c.m${i})) AS d${i}`)} FROM ${of} v
    JOIN (SELECT grp, ${each((_, i) => `median(x${i}) AS m${i}`)} FROM ${of} GROUP BY grp) c ON c.grp = v.grp GROUP BY v.grp
  ) n ON n.grp = t.grp WHERE ${values.map((_, i) => `0.6745 * (t.x${i} - n.m${i}) / n.d${i} > 3.5`).join(' OR ')}`
}
const ANOMALIES_SQL = `SELECT count(*) FROM (
  ${outliers('agent_traces', 'subagent_type', ['duration_ms', 'total_cost', TOKENS], 'trace_id', 'NOT copied')}
  UNION ALL ${outliers('sessions', "''", ['active_ms', 'total_cost', TOKENS], 'session_id', 'is_root')}
  UNION ALL SELECT trace_id FROM agent_traces WHERE status_detail = 'ERROR')`

const BELOW = 'b.root_session_id = a.root_session_id AND b.lft > a.lft AND b.rgt < a.rgt'
const LATER = `${SAME_CALLER} AND b.started_at >= a.ended_at AND b.trace_id <> a.trace_id`
/** An OR of two relations is queried one after the other, since a join on either of two keys cannot use an index. */
const RELATIONS: readonly (readonly [relation: string, on: string])[] = [
  ['>', 'b.parent_trace_id = a.trace_id'],
  ['>>', BELOW],
  [';', NEXT],
  [';;', LATER],
  ['->', `b.root_session_id = a.root_session_id AND (b.parent_trace_id = a.trace_id OR (${NEXT}))`],
  ['->>', `b.root_session_id = a.root_session_id AND ((${BELOW}) OR (${LATER}))`],
]

const TEXT =
  '{ searchText(query: "database migration", first: 20) { totalCount nodes { field score snippet trace { id } } } }'
const BOTH = ['prompt_input', 'prompt_output', 'description']
  .map((column) => `(regexp_matches(${column}, '(?i)\\bdatabase') AND regexp_matches(${column}, '(?i)\\bmigration'))`)
  .join(' OR ')
const TEXT_SQL = `SELECT count(*) FROM agent_traces WHERE ${BOTH}`
