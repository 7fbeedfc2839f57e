/**
 * The six queries of the original plan, for use with any DuckDB client on the file; `$1` … are the client's parameters.
 * delegraph itself runs their equivalents in read.ts, for the requested columns only and for many keys at once.
 */

/** The traces that ran in a session. $1: a session's id. */
export const TRACES_BY_SESSION = `
SELECT * FROM agent_traces WHERE session_id = $1 ORDER BY started_at, trace_id`

/** A whole tree, depth first. $1: a root session's id. */
export const TRACE_TREE = `
SELECT * FROM agent_traces WHERE root_session_id = $1 ORDER BY lft`

/** The traces that started within a range of time. $1, $2: its start (inclusive) and end (exclusive), UTC. */
export const TRACES_BY_DATE_RANGE = `
SELECT * FROM agent_traces WHERE started_at >= $1::TIMESTAMP AND started_at < $2::TIMESTAMP ORDER BY started_at, trace_id`

/** The traces of an agent. $1: the agent's name. */
export const TRACES_BY_AGENT = `
SELECT * FROM agent_traces WHERE subagent_type = $1 ORDER BY started_at, trace_id`

/** One trace. $1: its id. */
export const TRACE_DETAILS = `
SELECT * FROM agent_traces WHERE trace_id = $1`

/** The latest sessions that have traces, with their totals. $1: the number of sessions. */
export const SESSIONS_WITH_TRACES = `
SELECT session_id, title, started_at, last_activity_at, trace_count, error_count, agents, total_cost
FROM sessions WHERE trace_count > 0 ORDER BY started_at DESC, session_id LIMIT $1`
