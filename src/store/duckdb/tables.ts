/**
 * The tables of the database, by version. The first fifteen columns of `agent_traces`, their order and the four indexes
 * are those of the original plan; delegraph's own columns follow. All tables and columns have comments in the database,
 * because it can be opened with any DuckDB client.
 */

const CREATE_AGENT_TRACES = `
CREATE TABLE agent_traces (
  trace_id VARCHAR PRIMARY KEY,
  session_id VARCHAR NOT NULL,
  parent_trace_id VARCHAR,
  parent_agent VARCHAR,
  subagent_type VARCHAR NOT NULL,
  prompt_input TEXT NOT NULL,
  prompt_output TEXT,
  started_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  duration_ms BIGINT,
  tokens_in BIGINT,
  tokens_out BIGINT,
  status VARCHAR DEFAULT 'running',
  tools_used TEXT[],
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,

  root_session_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  caller_session_id VARCHAR NOT NULL,
  project VARCHAR,
  description VARCHAR,
  status_detail VARCHAR NOT NULL,
  error_name VARCHAR,
  error_message VARCHAR,
  last_activity_at TIMESTAMP NOT NULL,
  offset_ms BIGINT NOT NULL,
  wait_ms BIGINT,
  active_ms BIGINT,
  depth INTEGER NOT NULL,
  lft INTEGER NOT NULL,
  rgt INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  child_count INTEGER NOT NULL,
  follow_before TIMESTAMP,
  follow_before_id VARCHAR,
  models VARCHAR[] NOT NULL,
  own_input BIGINT NOT NULL,
  own_output BIGINT NOT NULL,
  own_reasoning BIGINT NOT NULL,
  own_cache_read BIGINT NOT NULL,
  own_cache_write BIGINT NOT NULL,
  own_cost DOUBLE NOT NULL,
  own_llm_calls BIGINT NOT NULL,
  total_input BIGINT NOT NULL,
  total_output BIGINT NOT NULL,
  total_reasoning BIGINT NOT NULL,
  total_cache_read BIGINT NOT NULL,
  total_cache_write BIGINT NOT NULL,
  total_cost DOUBLE NOT NULL,
  total_llm_calls BIGINT NOT NULL,
  tool_calls JSON NOT NULL,
  tool_stats STRUCT(tool VARCHAR, calls BIGINT, errors BIGINT, duration_ms BIGINT)[] NOT NULL,
  link_inferred BOOLEAN NOT NULL,
  orphan BOOLEAN NOT NULL,
  copied BOOLEAN NOT NULL,
  reverted BOOLEAN NOT NULL,
  background BOOLEAN NOT NULL,
  clock_skewed BOOLEAN NOT NULL,
  digest BIGINT NOT NULL
);
CREATE INDEX idx_traces_session ON agent_traces (session_id);
CREATE INDEX idx_traces_parent ON agent_traces (parent_trace_id);
CREATE INDEX idx_traces_subagent ON agent_traces (subagent_type);
CREATE INDEX idx_traces_date ON agent_traces (started_at);
`

const CREATE_SESSIONS = `
CREATE TABLE sessions (
  session_id VARCHAR PRIMARY KEY,
  root_session_id VARCHAR NOT NULL,
  parent_session_id VARCHAR,
  forked_from_id VARCHAR,
  source_id VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  directory VARCHAR,
  project VARCHAR,
  version VARCHAR,
  started_at TIMESTAMP NOT NULL,
  last_activity_at TIMESTAMP NOT NULL,
  archived_at TIMESTAMP,
  duration_ms BIGINT NOT NULL,
  active_ms BIGINT NOT NULL,
  running BOOLEAN NOT NULL,
  last_status VARCHAR NOT NULL,
  trace_count BIGINT NOT NULL,
  delegation_count BIGINT NOT NULL,
  error_count BIGINT NOT NULL,
  max_depth INTEGER NOT NULL,
  agents VARCHAR[] NOT NULL,
  models VARCHAR[] NOT NULL,
  own_input BIGINT NOT NULL,
  own_output BIGINT NOT NULL,
  own_reasoning BIGINT NOT NULL,
  own_cache_read BIGINT NOT NULL,
  own_cache_write BIGINT NOT NULL,
  own_cost DOUBLE NOT NULL,
  own_llm_calls BIGINT NOT NULL,
  total_input BIGINT NOT NULL,
  total_output BIGINT NOT NULL,
  total_reasoning BIGINT NOT NULL,
  total_cache_read BIGINT NOT NULL,
  total_cache_write BIGINT NOT NULL,
  total_cost DOUBLE NOT NULL,
  total_llm_calls BIGINT NOT NULL,
  digest BIGINT NOT NULL
);
`

/** Tables for incremental ingest. They can be rebuilt from the sources. */
const CREATE_INGEST_STATE = `
CREATE TABLE sources (
  source_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  path VARCHAR NOT NULL,
  fingerprint VARCHAR,
  sessions BIGINT NOT NULL,
  files BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  read_at TIMESTAMP NOT NULL
);
CREATE TABLE rejections (
  source_id VARCHAR NOT NULL,
  path VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  rejected_at TIMESTAMP NOT NULL
);
CREATE TABLE session_stamps (
  source_id VARCHAR NOT NULL,
  session_id VARCHAR NOT NULL,
  parent_session_id VARCHAR,
  stamp VARCHAR NOT NULL,
  unsettled BOOLEAN NOT NULL
);
CREATE TABLE session_links (
  from_session_id VARCHAR NOT NULL,
  to_session_id VARCHAR NOT NULL
);
`

/** Views for people who use SQL: the lists of a trace as rows. */
const CREATE_VIEWS = `
CREATE VIEW tool_calls AS
  SELECT
    trace_id, session_id, root_session_id, subagent_type,
    call ->> '$.id' AS tool_call_id,
    call ->> '$.tool' AS tool,
    call ->> '$.status' AS status,
    call ->> '$.title' AS title,
    call ->> '$.error' AS error,
    epoch_ms((call ->> '$.startedMs')::BIGINT) AS started_at,
    epoch_ms((call ->> '$.endedMs')::BIGINT) AS ended_at,
    (call ->> '$.delegation')::BOOLEAN AS delegation
  FROM (SELECT trace_id, session_id, root_session_id, subagent_type, unnest(tool_calls::JSON[]) AS call FROM agent_traces);
CREATE VIEW trace_tools AS
  SELECT
    trace_id, session_id, root_session_id, subagent_type,
    stat.tool AS tool, stat.calls AS calls, stat.errors AS errors, stat.duration_ms AS duration_ms
  FROM (SELECT trace_id, session_id, root_session_id, subagent_type, unnest(tool_stats) AS stat FROM agent_traces);
`

const DIGEST_COMMENT: [string, string] = [
  'digest',
  'Hash of all other columns except created_at, by which unchanged rows are recognised.',
]

const USAGE_COMMENTS = (whose: 'own' | 'total', what: string): [string, string][] => [
  [`${whose}_input`, `Input tokens of ${what}, excluding cache reads and writes.`],
  [`${whose}_output`, `Output tokens of ${what}, excluding reasoning.`],
  [`${whose}_reasoning`, `Reasoning tokens of ${what}.`],
  [`${whose}_cache_read`, `Input tokens of ${what} read from the cache.`],
  [`${whose}_cache_write`, `Input tokens of ${what} written to the cache.`],
  [`${whose}_cost`, `Cost of ${what} in USD, as OpenCode recorded it.`],
  [`${whose}_llm_calls`, `Answered calls to the language model of ${what}, including compactions.`],
]

const TABLE_COMMENTS: [kind: 'TABLE' | 'VIEW', name: string, comment: string, columns: [string, string][]][] = [
  [
    'TABLE',
    'agent_traces',
    'One row for each prompt that an agent answered: a turn of a user, or a delegation by another agent. Times are UTC.',
    [
      [
        'trace_id',
        "OpenCode's own id: of the user's message (msg_…) for a turn, of the task call (prt_…) for a delegation.",
      ],
      [
        'session_id',
        'The session that it ran in. Empty when there is none: the delegation has not started, was refused, or failed before its session was created.',
      ],
      ['parent_trace_id', 'The trace that delegated to it. NULL for a turn of a user.'],
      ['parent_agent', 'The agent of the parent.'],
      ['subagent_type', 'The agent that answered.'],
      ['prompt_input', 'The prompt that the agent received, complete.'],
      ['prompt_output', 'Its final answer, complete. NULL when there is none.'],
      ['started_at', 'When it started. UTC.'],
      ['ended_at', 'When it ended. UTC. NULL while it is running, or when it never ended.'],
      ['duration_ms', 'Wall-clock time from its start to its end, in milliseconds. NULL without an end.'],
      ['tokens_in', 'own_input + own_cache_read + own_cache_write.'],
      ['tokens_out', 'own_output + own_reasoning.'],
      [
        'status',
        "running, completed or error, according to the files; status_detail is more precise. A trace whose process died stays 'running'.",
      ],
      ['tools_used', 'The tools that it called, each once, in order of first use.'],
      ['created_at', 'When this row was first written. UTC.'],
      ['root_session_id', 'The root session of its tree.'],
      ['kind', 'USER_TURN or DELEGATION.'],
      [
        'caller_session_id',
        'The conversation that it was called from: for a delegation the session with the call, for a turn its own session.',
      ],
      ['project', 'The project of its session, or of the root session while it has none: a path, or global.'],
      ['description', 'The short description that its caller gave.'],
      [
        'status_detail',
        'RUNNING, COMPLETED, ERROR, ABORTED (by a person) or INTERRUPTED (its process died). RUNNING is according to the files: when nothing in the tree has been written for a long time, treat it as INTERRUPTED.',
      ],
      ['error_name', 'The name of its error, if it failed.'],
      ['error_message', 'The message of its error, if it failed.'],
      ['last_activity_at', 'When its own messages or its call were last written. UTC.'],
      ['offset_ms', 'From the start of its root trace to its own start, in milliseconds.'],
      [
        'wait_ms',
        'How long at least one of its children was running during its own interval, in milliseconds. NULL without an end.',
      ],
      ['active_ms', 'duration_ms - wait_ms. NULL without an end.'],
      ['depth', '0 for a trace without a parent, 1 for its children, and so on.'],
      [
        'lft',
        'Nested-set number within the root session, from 1: B is below A when A.lft < B.lft and B.rgt < A.rgt. Ordered by lft, a tree is in depth-first order.',
      ],
      ['rgt', 'Nested-set number within the root session: see lft.'],
      [
        'ord',
        'Its position among the children of its parent, or among the traces of its root session that have no parent, from 0.',
      ],
      ['child_count', 'The number of its direct delegations.'],
      [
        'follow_before',
        'The earliest end among the traces of the same caller that come after it: B directly follows A when A.ended_at <= B.started_at < A.follow_before. UTC. NULL when none of them has an end.',
      ],
      ['follow_before_id', 'The trace that ends at follow_before, if it started at the same moment. NULL otherwise.'],
      ['models', 'The models that answered, in order of first use.'],
      ...USAGE_COMMENTS('own', 'its own messages'),
      ...USAGE_COMMENTS('total', 'its own messages and everything below it'),
      [
        'tool_calls',
        'Its tool calls in order, a JSON array of {id, tool, status, title, error, startedMs, endedMs, delegation}; times are UTC milliseconds since 1970. The view tool_calls has them as rows.',
      ],
      [
        'tool_stats',
        'For each tool, the number of calls, the number of failed calls, and the total milliseconds of the calls that ended. The view trace_tools has them as rows.',
      ],
      ['link_inferred', 'Its position in the tree was inferred: OpenCode did not store what called it.'],
      ['orphan', 'Its parent no longer exists.'],
      ['copied', 'Copied by a fork: its usage counts in the original session, and is zero here.'],
      ['reverted', 'Undone by its user; its usage still counts.'],
      ['background', 'Called to run in the background: its caller did not wait for it.'],
      ['clock_skewed', 'According to OpenCode it ended before it started; its duration was set to 0.'],
      DIGEST_COMMENT,
    ],
  ],
  [
    'TABLE',
    'sessions',
    'One row for each session of OpenCode, with the figures of its whole tree. Times are UTC.',
    [
      ['session_id', "OpenCode's own id, ses_…."],
      ['root_session_id', 'The root session of its tree; its own id for a root session.'],
      ['parent_session_id', 'The session that it was opened from, which may no longer exist.'],
      ['forked_from_id', 'The session that it is a fork of.'],
      ['source_id', 'The source it was read from: see sources.'],
      ['title', 'Its title.'],
      ['directory', 'The directory that it ran in.'],
      ['project', 'The path of its worktree, or global outside a repository.'],
      ['version', 'The version of OpenCode that created it.'],
      ['started_at', 'When it was created. UTC.'],
      ['last_activity_at', 'When anything in its tree was last written. UTC.'],
      ['archived_at', 'When its user archived it. UTC.'],
      ['duration_ms', 'From started_at to last_activity_at, in milliseconds.'],
      ['active_ms', 'How long at least one of the traces in it was running, in milliseconds.'],
      ['running', 'Whether anything in its tree is RUNNING, according to the files.'],
      ['last_status', 'The status of the last trace that ran in it: see agent_traces.status_detail.'],
      ['trace_count', 'The number of traces in its tree.'],
      ['delegation_count', 'The number of delegations in its tree.'],
      ['error_count', 'The number of traces in its tree that failed.'],
      ['max_depth', 'The depth of the deepest trace in its tree.'],
      ['agents', 'The agents in its tree, each once.'],
      ['models', 'The models used in its tree, each once.'],
      ...USAGE_COMMENTS('own', 'its own messages'),
      ...USAGE_COMMENTS('total', 'its own messages and those of its child sessions, at any depth'),
      DIGEST_COMMENT,
    ],
  ],
  [
    'TABLE',
    'sources',
    'The OpenCode stores that histories were read from, one row each.',
    [
      ['source_id', 'Its kind and path.'],
      ['kind', 'OPENCODE_JSON, OPENCODE_SQLITE or OPENCODE_EXPORT.'],
      ['path', 'The absolute path.'],
      ['fingerprint', 'An opaque fingerprint of its state when it was last read.'],
      ['sessions', 'The number of its sessions.'],
      ['files', 'The number of its files.'],
      ['bytes', 'The total size of its files.'],
      ['read_at', 'When it was last read. UTC.'],
    ],
  ],
  [
    'TABLE',
    'rejections',
    'Files, rows and values that could not be read.',
    [
      ['source_id', 'The source: see sources.'],
      ['path', 'The file, or the row in it.'],
      ['reason', 'The reason.'],
      ['rejected_at', 'When it was rejected. UTC.'],
    ],
  ],
  [
    'TABLE',
    'session_stamps',
    'The state of each session when it was last read: a session in the same state is not read again.',
    [
      ['source_id', 'The source: see sources.'],
      ['session_id', 'The session.'],
      ['parent_session_id', 'The session that it was opened from.'],
      ['stamp', 'An opaque fingerprint of its state.'],
      ['unsettled', 'It was running, or had just been written: it is checked again.'],
    ],
  ],
  [
    'TABLE',
    'session_links',
    'Calls that name a session outside their own tree: the two trees are built together.',
    [
      ['from_session_id', 'The session whose message made the call.'],
      ['to_session_id', 'The session that it named.'],
    ],
  ],
  [
    'VIEW',
    'tool_calls',
    'The tool calls of all traces, one row each.',
    [
      ['trace_id', 'The trace that made the call.'],
      ['session_id', 'The session of that trace.'],
      ['root_session_id', 'The root session of its tree.'],
      ['subagent_type', 'The agent that made the call.'],
      [
        'tool_call_id',
        'The id of the part, prt_…. For a call that delegated, it is also the id of the trace that it opened.',
      ],
      ['tool', 'The tool.'],
      ['status', 'pending, running, completed or error.'],
      ['title', 'The title that the tool reported.'],
      ['error', 'Its error, if it failed.'],
      ['started_at', 'When it started. UTC.'],
      ['ended_at', 'When it ended. UTC.'],
      ['delegation', 'Whether it opened a trace.'],
    ],
  ],
  [
    'VIEW',
    'trace_tools',
    'For each trace and tool: calls, errors, time.',
    [
      ['trace_id', 'The trace that used the tool.'],
      ['session_id', 'The session of that trace.'],
      ['root_session_id', 'The root session of its tree.'],
      ['subagent_type', 'The agent that used the tool.'],
      ['tool', 'The tool.'],
      ['calls', 'The number of calls.'],
      ['errors', 'The number of calls that failed.'],
      ['duration_ms', 'The total milliseconds of the calls that ended.'],
    ],
  ],
]

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const COMMENTS = TABLE_COMMENTS.flatMap(([kind, name, comment, columns]) => [
  `COMMENT ON ${kind} ${name} IS ${literal(comment)};`,
  ...columns.map(([column, text]) => `COMMENT ON COLUMN ${name}.${column} IS ${literal(text)};`),
]).join('\n')

/** Without comments, for a database in memory, which no other program can open. */
export const VERSION_1_BARE = [CREATE_AGENT_TRACES, CREATE_SESSIONS, CREATE_INGEST_STATE, CREATE_VIEWS].join('\n')
export const VERSION_1 = [VERSION_1_BARE, COMMENTS].join('\n')

/** Adds `is_root`: comparing the two ids of every session was most of the cost of listing root sessions. */
export const VERSION_2_BARE = `
ALTER TABLE sessions ADD COLUMN is_root BOOLEAN;
UPDATE sessions SET is_root = (session_id = root_session_id);
`
export const VERSION_2 = `${VERSION_2_BARE}
COMMENT ON COLUMN sessions.is_root IS 'Whether it is a root session: root_session_id equals session_id.';
`

/** All tables with data, without `meta`. */
export const TABLES = ['agent_traces', 'sessions', 'sources', 'rejections', 'session_stamps', 'session_links'] as const

/**
 * Indexed columns without NULL, used to check that the indexes match their tables: primary keys and a secondary index.
 */
export const INDEXED = [
  ['agent_traces', 'trace_id'],
  ['agent_traces', 'session_id'],
  ['sessions', 'session_id'],
] as const
