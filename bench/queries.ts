/** The queries to time over HTTP, and the SQL that a person would write for the same. */

export const INGEST = 'mutation { ingestNow { status } }'
export const TITLE = 'query ($id: ID!) { session(id: $id) { title } }'
export const FIRST = '{ sessions(first: 20) { nodes { id title status agents total { cost } } } }'

const USAGE = '{ tokens { input output reasoning cacheRead cacheWrite total } tokensIn tokensOut cost llmCalls }'
const TEN = 'id agent description status depth startedAt endedAt durationMs toolsUsed parentId'
/** Every scalar field of a trace except the prompts. */
const EVERY = `${TEN} kind parentAgent childCount path lastActivityAt offsetMs waitMs activeMs own ${USAGE} total ${USAGE}
  models linkInferred orphan copied reverted error { name message }`

export const TREE_FLAT = `query ($id: ID!) { session(id: $id) { traces { nodes { ${TEN} } } } }`
export const TREE_FULL = `query ($id: ID!) { session(id: $id) { traces { nodes { ${EVERY} } } } }`
export const TREE_NESTED = `query ($id: ID!) { session(id: $id) { rootTraces { ${TEN} children { ${TEN} children { ${TEN} } } } } }`
/** All columns except the prompts and the tool calls, which the queries do not select either. */
const ROW = "COLUMNS(name -> name NOT LIKE 'prompt%' AND name <> 'tool_calls')"
export const TREE_SQL = `SELECT ${ROW} FROM agent_traces WHERE root_session_id = ? ORDER BY lft`

export const TRACE = `query ($id: ID!) { trace(id: $id) { ${TEN} total ${USAGE} } }`
export const TRACE_SQL = `SELECT ${ROW} FROM agent_traces WHERE trace_id = ?`

export const SESSIONS = `{ sessions(first: 50) { nodes {
  id title startedAt status agents total ${USAGE} rootTraces { id agent status durationMs } } } }`
export const SESSIONS_SQL = `SELECT * FROM sessions WHERE parent_session_id IS NULL ORDER BY started_at DESC, session_id DESC LIMIT 50`
export const SESSIONS_TURNS_SQL = `SELECT trace_id, subagent_type, status, duration_ms FROM agent_traces
  WHERE depth = 0 AND root_session_id IN
    (SELECT session_id FROM sessions WHERE parent_session_id IS NULL ORDER BY started_at DESC, session_id DESC LIMIT 50)
  ORDER BY root_session_id, lft`

export const TOKENS_BY_SESSION = `query ($after: String) { sessions(first: 500, after: $after, filter: { rootsOnly: false }) {
  pageInfo { hasNextPage endCursor } nodes { id own ${USAGE} } } }`
export interface TokensBySession {
  sessions: { pageInfo: { hasNextPage: boolean; endCursor: string | null }; nodes: { id: string }[] }
}

/** All data of a small history. */
export const EVERYTHING = `{
  sessions(first: 500, filter: { rootsOnly: false }) { nodes { id title status agents models total ${USAGE} } }
  traces(first: 500) { nodes { ${EVERY} promptInput promptOutput toolCalls(first: 50) { nodes { id tool status title } } } }
}`
