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
  'Of all its other columns but created_at: equal rows are not written again.',
]

const USAGE_COMMENTS = (whose: 'own' | 'total', what: string): [string, string][] => [
  [`${whose}_input`, `Input tokens of ${what}, without those that the cache gave or took.`],
  [`${whose}_output`, `Output tokens of ${what}, without reasoning.`],
  [`${whose}_reasoning`, `Reasoning tokens of ${what}.`],
  [`${whose}_cache_read`, `Input tokens of ${what} that were read from the cache.`],
  [`${whose}_cache_write`, `Input tokens of ${what} that were written to the cache.`],
  [`${whose}_cost`, `Cost of ${what} in USD, as OpenCode recorded it.`],
  [`${whose}_llm_calls`, `Answered calls of the language model of ${what}, compactions included.`],
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
        'The session it ran in. Empty while none exists: the delegation has not begun, was refused, or failed before.',
      ],
      ['parent_trace_id', 'The trace that delegated to it. NULL for a turn of a user.'],
      ['parent_agent', 'The agent of the parent.'],
      ['subagent_type', 'The agent that answered.'],
      ['prompt_input', 'What the agent received, whole.'],
      ['prompt_output', 'Its final text, whole. NULL while there is none.'],
      ['started_at', 'When it began. UTC.'],
      ['ended_at', 'When it ended. UTC. NULL while it runs, or when it never ended.'],
      ['duration_ms', 'From its start to its end, in milliseconds of wall time. NULL without an end.'],
      ['tokens_in', 'own_input + own_cache_read + own_cache_write.'],
      ['tokens_out', 'own_output + own_reasoning.'],
      [
        'status',
        "running, completed or error, as the files say; status_detail says it finer. What runs in a process that died stays 'running'.",
      ],
      ['tools_used', 'The tools that it called, each once, in order of first use.'],
      ['created_at', 'When this row was first written. UTC.'],
      ['root_session_id', 'The session at the top of its tree.'],
      ['kind', 'USER_TURN or DELEGATION.'],
      [
        'caller_session_id',
        'The conversation that called: for a delegation the session whose message made the call, for a turn its own.',
      ],
      ['project', 'The project of the session it ran in, or of the root session while it has none: a path, or global.'],
      ['description', 'The few words that came with the delegation.'],
      [
        'status_detail',
        'RUNNING, COMPLETED, ERROR, ABORTED (by a person) or INTERRUPTED (its process died). RUNNING is what the files say: a tree that has been silent for long is as good as INTERRUPTED.',
      ],
      ['error_name', "The error's name, where it failed."],
      ['error_message', "The error's message, where it failed."],
      ['last_activity_at', 'When its own messages or its call were last written. UTC.'],
      ['offset_ms', 'From the start of its root trace to its own, in milliseconds.'],
      ['wait_ms', "The union of its children's intervals within its own, in milliseconds. NULL without an end."],
      ['active_ms', 'duration_ms - wait_ms. NULL without an end.'],
      ['depth', '0 for a trace without parent, 1 for its children, and so on.'],
      [
        'lft',
        'Nested-set number within the root session, from 1: B is below A when A.lft < B.lft and B.rgt < A.rgt. In order of lft a tree is depth first.',
      ],
      ['rgt', 'Nested-set number within the root session: see lft.'],
      [
        'ord',
        'Its place among the children of its parent, or among the traces of its root session without parent, from 0.',
      ],
      ['child_count', 'The delegations that it made itself.'],
      [
        'follow_before',
        'The earliest end among the traces of the same caller that come after it: B directly follows A when A.ended_at <= B.started_at < A.follow_before. UTC. NULL where none ends.',
      ],
      ['follow_before_id', 'The trace that ends at follow_before, when it has no length. NULL otherwise.'],
      ['models', 'The models that answered, in order of first use.'],
      ...USAGE_COMMENTS('own', 'its own messages'),
      ...USAGE_COMMENTS('total', 'its own messages and everything below it'),
      [
        'tool_calls',
        'Its tool calls in order, a JSON array of {id, tool, status, title, error, startedMs, endedMs, delegation}; times are UTC milliseconds since 1970. The view tool_calls has them as rows.',
      ],
      [
        'tool_stats',
        'For each tool the number of its calls, of those that failed, and the milliseconds of those that ended. The view trace_tools has them as rows.',
      ],
      ['link_inferred', 'Its place in the tree was inferred: OpenCode did not store what called it.'],
      ['orphan', 'Its parent does not exist any more.'],
      ['copied', "A fork's copy: its usage counts in the session it came from, and is zero here."],
      ['reverted', 'Undone by its user; what it spent still counts.'],
      ['background', 'Called to run in the background: its caller did not wait.'],
      ['clock_skewed', 'The times that OpenCode stored run backwards; durations were clamped to 0.'],
      DIGEST_COMMENT,
    ],
  ],
  [
    'TABLE',
    'sessions',
    'One row for each session of OpenCode, with the figures of its whole tree. Times are UTC.',
    [
      ['session_id', "OpenCode's own id, ses_…."],
      ['root_session_id', 'The session at the top of its tree; its own id for a root session.'],
      ['parent_session_id', 'The session that it was opened from. It may not exist any more.'],
      ['forked_from_id', 'The session that it is a fork of.'],
      ['source_id', 'Where it was read: see sources.'],
      ['title', 'Its title.'],
      ['directory', 'The directory it ran in.'],
      ['project', 'The path of its worktree, or global where there is no repository.'],
      ['version', 'The version of OpenCode that made it.'],
      ['started_at', 'When it was made. UTC.'],
      ['last_activity_at', 'When anything in its tree was last written. UTC.'],
      ['archived_at', 'When its user archived it. UTC.'],
      ['duration_ms', 'From started_at to last_activity_at, in milliseconds.'],
      ['active_ms', "The union of its turns' intervals, in milliseconds."],
      ['running', 'Something in its tree is RUNNING, by what the files say.'],
      ['last_status', 'The status of its last turn: see agent_traces.status_detail.'],
      ['trace_count', 'The traces of its tree.'],
      ['delegation_count', 'The delegations of its tree.'],
      ['error_count', 'The traces of its tree that failed.'],
      ['max_depth', 'The depth of its deepest trace.'],
      ['agents', 'The agents of its tree, each once.'],
      ['models', 'The models of its tree, each once.'],
      ...USAGE_COMMENTS('own', 'its own messages'),
      ...USAGE_COMMENTS('total', 'its own messages and those of its child sessions, at any depth'),
      DIGEST_COMMENT,
    ],
  ],
  [
    'TABLE',
    'sources',
    'Where histories were read from, one row for each store of OpenCode.',
    [
      ['source_id', 'Its kind and path.'],
      ['kind', 'OPENCODE_JSON, OPENCODE_SQLITE or OPENCODE_EXPORT.'],
      ['path', 'The absolute path.'],
      ['fingerprint', 'How it looked when it was last read; only the reader knows what it means.'],
      ['sessions', 'Its sessions.'],
      ['files', 'Its files.'],
      ['bytes', 'The size of its files.'],
      ['read_at', 'When it was last read. UTC.'],
    ],
  ],
  [
    'TABLE',
    'rejections',
    'Files, rows and values that could not be read.',
    [
      ['source_id', 'Where: see sources.'],
      ['path', 'The file, or the row in it.'],
      ['reason', 'Why.'],
      ['rejected_at', 'When. UTC.'],
    ],
  ],
  [
    'TABLE',
    'session_stamps',
    'How each session looked when it was last read: what looks the same is not read again.',
    [
      ['source_id', 'Where: see sources.'],
      ['session_id', 'The session.'],
      ['parent_session_id', 'The session that it was opened from.'],
      ['stamp', 'How it looked; only the reader knows what it means.'],
      ['unsettled', 'It was under way, or had just been touched: it is looked at again.'],
    ],
  ],
  [
    'TABLE',
    'session_links',
    'Calls that named a session outside of their own family: both are built together.',
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
      ['root_session_id', 'The session at the top of its tree.'],
      ['subagent_type', 'The agent that made the call.'],
      ['tool_call_id', "The part's id, prt_…. Of a call that delegated it is the id of the trace that it opened."],
      ['tool', 'The tool.'],
      ['status', 'pending, running, completed or error.'],
      ['title', 'What the tool said that it did.'],
      ['error', 'Its error, where it failed.'],
      ['started_at', 'When it began. UTC.'],
      ['ended_at', 'When it ended. UTC.'],
      ['delegation', 'It opened a trace.'],
    ],
  ],
  [
    'VIEW',
    'trace_tools',
    'For each trace and tool: calls, errors, time.',
    [
      ['trace_id', 'The trace that used the tool.'],
      ['session_id', 'The session of that trace.'],
      ['root_session_id', 'The session at the top of its tree.'],
      ['subagent_type', 'The agent that used the tool.'],
      ['tool', 'The tool.'],
      ['calls', 'How often.'],
      ['errors', 'How many of the calls failed.'],
      ['duration_ms', 'Milliseconds of the calls that ended, together.'],
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
COMMENT ON COLUMN sessions.is_root IS 'Its tree is its own: root_session_id is session_id.';
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
