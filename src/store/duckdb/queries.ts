/**
 * The six queries of the original plan, as they can be put to the DuckDB file with any client. `$1` … are the client's
 * parameters. delegraph itself asks the same through read.ts, with the columns that are wanted and for many keys at once.
 */

/** The traces that ran in a session. $1: a session's id. */
export const TRACES_BY_SESSION = `
SELECT * FROM agent_traces WHERE session_id = $1 ORDER BY started_at, trace_id`

/** A whole tree, depth first. $1: a root session's id. */
export const TRACE_TREE = `
SELECT * FROM agent_traces WHERE root_session_id = $1 ORDER BY lft`

/** $1, $2: from (included) and to (not included), UTC. */
export const TRACES_BY_DATE_RANGE = `
SELECT * FROM agent_traces WHERE started_at >= $1::TIMESTAMP AND started_at < $2::TIMESTAMP ORDER BY started_at, trace_id`

/** $1: an agent's name. */
export const TRACES_BY_AGENT = `
SELECT * FROM agent_traces WHERE subagent_type = $1 ORDER BY started_at, trace_id`

/** $1: a trace's id. */
export const TRACE_DETAILS = `
SELECT * FROM agent_traces WHERE trace_id = $1`

/** The latest sessions that have traces, with what they came to. $1: how many. */
export const SESSIONS_WITH_TRACES = `
SELECT session_id, title, started_at, last_activity_at, trace_count, error_count, agents, total_cost
FROM sessions WHERE trace_count > 0 ORDER BY started_at DESC, session_id LIMIT $1`
