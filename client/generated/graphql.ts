/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** In what way something stands out. What is measured (SLOW, COSTLY, TOKEN_HEAVY, DEEP, WIDE) is compared by a robust z-score of the logarithm, `0.6745 · (ln value − ln median) / MAD`: a trace with all traces of its agent, a session with all sessions that a person opened. It stands out above 3.5, unless delegraph was started with another `--anomaly-threshold`; never below the median, and never when there are fewer than 8 to compare with. Values of 0 have no logarithm and are not compared. A MAD below ln 1.05 (0.0488), even one of 0, counts as that: when most values are equal, one stands out from 1.29 times the median on. The samples are of what has ended, whenever it ran; what is still running is not in them, but stands out as soon as it has used too much. Copies made by a fork neither count nor stand out. */
export type AnomalyKind =
  /** It was unusually expensive, including everything below it. A trace does not stand out when it would not do so without a trace below it that stands out in the same way. */
  | 'COSTLY'
  /** A session whose tree is unusually deep, with at least 5 levels; compared with the sessions that delegate. */
  | 'DEEP'
  /** A trace with the status ERROR. */
  | 'FAILED'
  /** A trace that sent the same agent the same or nearly the same prompt three times or more: a loop. Prompts are compared by the words in their first 10,000 characters, ignoring case, order and punctuation: they are the same when they have the same words, and nearly the same when at least nine tenths of the words that are in either are in both. Each is compared with the one before it that went to the same agent. */
  | 'REPEATED'
  /** It took unusually long. A trace is measured by its wall-clock duration, a session by the time during which any of its turns was running. A trace does not stand out when it would not do so without a trace below it that stands out in the same way. The time of the traces below is then the union of their intervals. */
  | 'SLOW'
  /** A trace that has not ended according to the files, while nothing in its whole tree has been written for `--stale-after` (10 minutes unless set). */
  | 'STUCK'
  /** It used unusually many tokens of all kinds, including everything below it. A trace does not stand out when it would not do so without a trace below it that stands out in the same way. */
  | 'TOKEN_HEAVY'
  /** A trace that made unusually many delegations itself, at least 10; compared with the traces of its agent that made any. */
  | 'WIDE';

/** A range of time: `from` ≤ x < `to`. Either end may be omitted. */
export type DateRange = {
  /** The start of the range, included, such as `"2026-11-01T00:00:00Z"`. */
  from?: string | null | undefined;
  /** The end of the range, not included. */
  to?: string | null | undefined;
};

/** How one trace, or the agent that answered it, comes after another. */
export type EdgeKind =
  /** The first called the second. */
  | 'DELEGATED'
  /** The same caller called both, and the second started after the first had ended, with no other call lying wholly in between: what patterns write as `;`. Turns of one session follow each other, too. */
  | 'FOLLOWED';

/** A range of numbers: `min` ≤ x ≤ `max`. Either end may be omitted; a missing value is in no range. */
export type FloatRange = {
  /** The largest value that matches. */
  max?: number | null | undefined;
  /** The smallest value that matches. */
  min?: number | null | undefined;
};

/** What the reading of OpenCode's files is doing now. */
export type IngestStatus =
  /** The last reading failed as a whole; `message` says why. */
  | 'FAILED'
  /** Finished, and not watching for changes. */
  | 'IDLE'
  /** Reading. Queries are answered from what is stored already. */
  | 'RUNNING'
  /** Up to date, and watching for changes. */
  | 'WATCHING';

/** Whether the smallest or the largest comes first. */
export type OrderDirection =
  /** Smallest or earliest first. */
  | 'ASC'
  /** Largest or latest first. */
  | 'DESC';

/** Which sessions to select. All conditions must hold; one that is omitted does not restrict, and an empty list matches nothing. Names and paths must match exactly. */
export type SessionFilter = {
  /** At least one of these agents worked in its tree. */
  agents?: Array<string> | null | undefined;
  /** Cost of its whole tree, in US dollars. */
  cost?: FloatRange | null | undefined;
  /** It was started in this directory. */
  directory?: string | null | undefined;
  /** Milliseconds from its start to its last activity. */
  durationMs?: FloatRange | null | undefined;
  /** True: its agents called others. False: they did not. */
  hasDelegations?: boolean | null | undefined;
  /** Its id is one of these, `ses_…`. Sessions that delegations opened are found only with `rootsOnly: false`. */
  ids?: Array<string> | null | undefined;
  /** Its last activity is in this range. With `from` here and `startedAt.to`, it finds the sessions that were active during a period. */
  lastActivityAt?: DateRange | null | undefined;
  /** At least one of these models was used in its tree. */
  models?: Array<string> | null | undefined;
  /** Its tree matches this pattern, such as `tester -> refactoring`: see `searchPattern`. For a session that a delegation opened, the tree of its root session counts. */
  pattern?: string | null | undefined;
  /** It belongs to this project: the path of its worktree, or `global`. */
  project?: string | null | undefined;
  /** Only sessions that a person opened. False includes those that delegations opened. */
  rootsOnly?: boolean | null | undefined;
  /** It was created in this range. */
  startedAt?: DateRange | null | undefined;
  /** Its status is one of these. */
  status?: Array<TraceStatus> | null | undefined;
  /** A text or a title in its tree matches (for a child session, its own only). Written as for `searchText`. */
  text?: string | null | undefined;
  /** Tokens of all kinds in its whole tree. */
  tokens?: FloatRange | null | undefined;
};

/** How to order sessions, such as `{ field: COST }` for the most expensive first. */
export type SessionOrder = {
  /** Whether the smallest or the largest comes first; the largest or latest by default. */
  direction?: OrderDirection | null | undefined;
  /** What to order by. */
  field: SessionOrderField;
};

/** What sessions can be ordered by. Equal ones are ordered by id, ascending in either direction. */
export type SessionOrderField =
  /** The cost of its whole tree. */
  | 'COST'
  /** The time from its start to its last activity. */
  | 'DURATION'
  /** When anything in its tree was last written. */
  | 'LAST_ACTIVITY_AT'
  /** When the session was created. */
  | 'STARTED_AT'
  /** The tokens of all kinds in its whole tree. */
  | 'TOKENS'
  /** The number of traces in its tree. */
  | 'TRACES';

/** How a store of OpenCode keeps its sessions. */
export type SourceKind =
  /** A file written by `opencode export`. */
  | 'OPENCODE_EXPORT'
  /** A directory of JSON files: OpenCode 0.5 to 1.1. */
  | 'OPENCODE_JSON'
  /** A database, `opencode.db`: OpenCode 1.2 and later. */
  | 'OPENCODE_SQLITE';

/** Which text of a trace or of its session. */
export type TextField =
  /** The short description that its caller gave the task. */
  | 'DESCRIPTION'
  /** The prompt that an agent received. */
  | 'PROMPT_INPUT'
  /** The answer that the agent gave. */
  | 'PROMPT_OUTPUT'
  /** The title of a session. */
  | 'TITLE';

/** Which traces to select. All conditions must hold; one that is omitted does not restrict, and an empty list matches nothing. Names and paths must match exactly. */
export type TraceFilter = {
  /** It was answered by one of these agents. */
  agents?: Array<string> | null | undefined;
  /** Its cost including everything below it, in US dollars. */
  cost?: FloatRange | null | undefined;
  /** Its depth below its root; `{ min: 1 }` leaves out the roots. */
  depth?: FloatRange | null | undefined;
  /** Its wall-clock duration, in milliseconds. */
  durationMs?: FloatRange | null | undefined;
  /** Its id is one of these, `msg_…` or `prt_…`. */
  ids?: Array<string> | null | undefined;
  /** Only turns of a user, or only delegations. */
  kind?: TraceKind | null | undefined;
  /** It used at least one of these models. */
  models?: Array<string> | null | undefined;
  /** It was called by one of these agents. */
  parentAgents?: Array<string> | null | undefined;
  /** It belongs to this project: the path of its worktree, or `global`. */
  project?: string | null | undefined;
  /** It ran in one of these sessions, or anywhere in the tree of one that a person opened. */
  sessionIds?: Array<string> | null | undefined;
  /** It started in this range. */
  startedAt?: DateRange | null | undefined;
  /** Its status is one of these. */
  status?: Array<TraceStatus> | null | undefined;
  /** One of its texts matches, or the title of its session. Written as for `searchText`. */
  text?: string | null | undefined;
  /** Its tokens of all kinds, including everything below it. */
  tokens?: FloatRange | null | undefined;
  /** It used at least one of these tools. */
  tools?: Array<string> | null | undefined;
};

/** Who wrote the prompt. */
export type TraceKind =
  /** Another agent, through the `task` tool. */
  | 'DELEGATION'
  /** A person, who typed it into a session. */
  | 'USER_TURN';

/** How to order traces, such as `{ field: COST }` for the most expensive first. */
export type TraceOrder = {
  /** Whether the smallest or the largest comes first; the largest or latest by default. */
  direction?: OrderDirection | null | undefined;
  /** What to order by. */
  field: TraceOrderField;
};

/** What traces can be ordered by. Those without a value come last, and equal ones are ordered by id, ascending, in either direction. */
export type TraceOrderField =
  /** The time that it worked itself, without waiting for delegations. */
  | 'ACTIVE'
  /** Its cost including everything below it. */
  | 'COST'
  /** Its depth below its root. */
  | 'DEPTH'
  /** Its wall-clock duration. */
  | 'DURATION'
  /** When the trace started. */
  | 'STARTED_AT'
  /** Its tokens of all kinds, including everything below it. */
  | 'TOKENS'
  /** The time that it waited for the traces it called. */
  | 'WAIT';

/** Whether a trace is running, or how it ended. */
export type TraceStatus =
  /** Stopped by a person. */
  | 'ABORTED'
  /** Ended with an answer. */
  | 'COMPLETED'
  /** Failed; `error` says why. */
  | 'ERROR'
  /** Its process died: something later proves that it is over, or nothing in its whole tree has been written for a while (10 minutes unless set by `--stale-after`). */
  | 'INTERRUPTED'
  /** Still running. */
  | 'RUNNING';

/** What usage is grouped by. A trace belongs to exactly one group, so that the groups add up to the whole. Periods are in UTC, and a trace belongs to the one in which it started. */
export type UsageGrouping =
  /** By agent. */
  | 'AGENT'
  /** By day; the key is its date, `2026-11-24`. */
  | 'DAY'
  /** By hour; the key is its start, `2026-11-24T10:00:00.000Z`. */
  | 'HOUR'
  /** By the model that a trace used first; `none` when it used none. */
  | 'MODEL'
  /** By month; the key is the date of its first day. */
  | 'MONTH'
  /** By project; `none` when it is not known. */
  | 'PROJECT'
  /** By session that a person opened, including its child sessions; the key is its id. */
  | 'SESSION'
  /** By week; the key is the date of its Monday. */
  | 'WEEK';

export type TraceBaselineQueryVariables = Exact<{
  id: string;
}>;


export type TraceBaselineQuery = { trace: { id: string, durationMs: number | null, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, baseline: { agent: string, sampleSize: number, durationMs: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, cost: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, tokens: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number } } | null } | null };

export type AnomaliesQueryVariables = Exact<{
  filter?: TraceFilter | null | undefined;
  kinds?: Array<AnomalyKind> | AnomalyKind | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AnomaliesQuery = { anomalies: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ kind: AnomalyKind, score: number, value: number, explanation: string, subject:
        | { id: string, title: string, startedAt: string }
        | { id: string, agent: string, path: Array<string>, startedAt: string, rootSession: { id: string } }
      , baseline: { median: number, mad: number, sampleSize: number } | null }> } };

export type SessionAnomaliesQueryVariables = Exact<{
  id: string;
}>;


export type SessionAnomaliesQuery = { session: { id: string, anomalies: Array<{ kind: AnomalyKind, score: number, value: number, explanation: string, subject:
        | { id: string }
        | { id: string, agent: string }
      , baseline: { median: number, mad: number, sampleSize: number } | null }> } | null };

export type TraceAnomaliesQueryVariables = Exact<{
  id: string;
}>;


export type TraceAnomaliesQuery = { trace: { id: string, anomalies: Array<{ kind: AnomalyKind, score: number, value: number, explanation: string, baseline: { median: number, mad: number, sampleSize: number } | null }> } | null };

export type AnomalyFiguresFragment = { kind: AnomalyKind, score: number, value: number, explanation: string, baseline: { median: number, mad: number, sampleSize: number } | null };

export type ChangesSubscriptionVariables = Exact<{
  sessionId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type ChangesSubscription = { changes: { cursor: string, complete: boolean, at: string, sessionIds: Array<string>, removedSessionIds: Array<string>, traceIds: Array<string>, removedTraceIds: Array<string>, sessions: Array<{ id: string, title: string, project: string | null, directory: string | null, status: TraceStatus, startedAt: string, lastActivityAt: string, durationMs: number, activeMs: number, traceCount: number, delegationCount: number, errorCount: number, maxDepth: number, agents: Array<string>, models: Array<string>, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, traces: Array<{ id: string, parentId: string | null, depth: number, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, offsetMs: number, durationMs: number | null, waitMs: number | null, activeMs: number | null, childCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string }, session: { id: string } | null, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } };

export type IngestProgressSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type IngestProgressSubscription = { ingestProgress: { phase: string, done: number, total: number, elapsedMs: number } };

export type CompareSessionsQueryVariables = Exact<{
  a: string;
  b: string;
}>;


export type CompareSessionsQuery = { compareSessions: { a: { id: string, title: string, startedAt: string, activeMs: number, traceCount: number, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }, b: { id: string, title: string, startedAt: string, activeMs: number, traceCount: number, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }, agents: Array<{ agent: string, invocationsA: number, invocationsB: number, activeMsA: number, activeMsB: number, ownA: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, ownB: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, onlyInA: Array<{ id: string, agent: string, path: Array<string>, description: string | null, status: TraceStatus, durationMs: number | null, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, onlyInB: Array<{ id: string, agent: string, path: Array<string>, description: string | null, status: TraceStatus, durationMs: number | null, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } | null };

export type ComparedSessionFragment = { id: string, title: string, startedAt: string, activeMs: number, traceCount: number, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } };

export type UnmatchedTraceFragment = { id: string, agent: string, path: Array<string>, description: string | null, status: TraceStatus, durationMs: number | null, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } };

export type FlowQueryVariables = Exact<{
  filter?: TraceFilter | null | undefined;
}>;


export type FlowQuery = { flow: { nodes: Array<{ agent: string, invocations: number, errors: number, activeMs: number, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, edges: Array<{ from: string, to: string, kind: EdgeKind, count: number, errors: number, medianGapMs: number | null }> } };

export type SessionFlowQueryVariables = Exact<{
  id: string;
  filter?: TraceFilter | null | undefined;
}>;


export type SessionFlowQuery = { session: { id: string, title: string } | null, flow: { nodes: Array<{ agent: string, invocations: number, errors: number, activeMs: number, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, edges: Array<{ from: string, to: string, kind: EdgeKind, count: number, errors: number, medianGapMs: number | null }> } };

export type FlowDiagramFragment = { nodes: Array<{ agent: string, invocations: number, errors: number, activeMs: number, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }>, edges: Array<{ from: string, to: string, kind: EdgeKind, count: number, errors: number, medianGapMs: number | null }> };

export type TraceHandoffQueryVariables = Exact<{
  id: string;
}>;


export type TraceHandoffQuery = { trace: { id: string, agent: string, parentAgent: string | null, handoff: { similarity: number, addedLines: number, removedLines: number, diff: string } | null } | null };

export type IngestQueryVariables = Exact<{ [key: string]: never; }>;


export type IngestQuery = { ingest: { status: IngestStatus, message: string | null, demo: boolean, startedAt: string | null, finishedAt: string | null, durationMs: number | null, sessions: number, traces: number, rejectedCount: number, rejected: Array<{ path: string, reason: string, at: string }>, sources: Array<{ sessions: number, files: number, bytes: number, rejected: number, source: { id: string, kind: SourceKind, path: string } }> } };

export type ReadingQueryVariables = Exact<{ [key: string]: never; }>;


export type ReadingQuery = { ingest: { status: IngestStatus, message: string | null, demo: boolean, startedAt: string | null } };

export type IngestNowMutationVariables = Exact<{ [key: string]: never; }>;


export type IngestNowMutation = { ingestNow: { status: IngestStatus, message: string | null, demo: boolean, startedAt: string | null, finishedAt: string | null, durationMs: number | null, sessions: number, traces: number, rejectedCount: number, rejected: Array<{ path: string, reason: string, at: string }>, sources: Array<{ sessions: number, files: number, bytes: number, rejected: number, source: { id: string, kind: SourceKind, path: string } }> } };

export type IngestFiguresFragment = { status: IngestStatus, message: string | null, demo: boolean, startedAt: string | null, finishedAt: string | null, durationMs: number | null, sessions: number, traces: number, rejectedCount: number, rejected: Array<{ path: string, reason: string, at: string }>, sources: Array<{ sessions: number, files: number, bytes: number, rejected: number, source: { id: string, kind: SourceKind, path: string } }> };

export type OpenSessionMutationVariables = Exact<{
  id: string;
}>;


export type OpenSessionMutation = { openSession: { opened: boolean, command: string, message: string | null } };

export type SearchPatternQueryVariables = Exact<{
  pattern: string;
  via?: Array<EdgeKind> | EdgeKind | null | undefined;
  filter?: SessionFilter | null | undefined;
  direction?: OrderDirection | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SearchPatternQuery = { searchPattern: { totalCount: number, sessionCount: number, warnings: Array<string>, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ chain: number, startedAt: string, endedAt: string | null, durationMs: number, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, session: { id: string, title: string }, bindings: Array<{ step: number, alias: string | null, trace: { id: string, agent: string, description: string | null, status: TraceStatus, path: Array<string>, startedAt: string, endedAt: string | null, durationMs: number | null } }>, edges: Array<{ from: number, to: number, kind: EdgeKind, distance: number, gapMs: number | null }> }> } };

export type ValidatePatternQueryVariables = Exact<{
  pattern: string;
}>;


export type ValidatePatternQuery = { validatePattern: { valid: boolean, canonical: string | null, error: { message: string, position: number, expected: Array<string>, suggestion: string | null } | null } };

export type SearchTextQueryVariables = Exact<{
  query: string;
  in?: Array<TextField> | TextField | null | undefined;
  filter?: TraceFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SearchTextQuery = { searchText: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ field: TextField, score: number, snippet: string, highlights: Array<{ start: number, end: number }>, trace: { id: string, kind: TraceKind, agent: string, parentAgent: string | null, description: string | null, promptPreview: string, status: TraceStatus, startedAt: string, durationMs: number | null, activeMs: number | null, depth: number, descendantCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string, title: string }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } } }> } };

export type SessionTreeQueryVariables = Exact<{
  id: string;
}>;


export type SessionTreeQuery = { session: { resumeCommand: string, id: string, title: string, project: string | null, directory: string | null, status: TraceStatus, startedAt: string, lastActivityAt: string, durationMs: number, activeMs: number, traceCount: number, delegationCount: number, errorCount: number, maxDepth: number, agents: Array<string>, models: Array<string>, parent: { id: string, title: string } | null, traces: { totalCount: number, nodes: Array<{ id: string, parentId: string | null, depth: number, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, offsetMs: number, durationMs: number | null, waitMs: number | null, activeMs: number | null, childCount: number, models: Array<string>, toolsUsed: Array<string>, session: { id: string } | null, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } } | null };

export type TreeTraceFragment = { id: string, parentId: string | null, depth: number, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, offsetMs: number, durationMs: number | null, waitMs: number | null, activeMs: number | null, childCount: number, models: Array<string>, toolsUsed: Array<string>, session: { id: string } | null, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } };

export type SessionsQueryVariables = Exact<{
  filter?: SessionFilter | null | undefined;
  orderBy?: SessionOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SessionsQuery = { sessions: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, title: string, project: string | null, directory: string | null, status: TraceStatus, startedAt: string, lastActivityAt: string, durationMs: number, activeMs: number, traceCount: number, delegationCount: number, errorCount: number, maxDepth: number, agents: Array<string>, models: Array<string>, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } };

export type SessionSummaryFragment = { id: string, title: string, project: string | null, directory: string | null, status: TraceStatus, startedAt: string, lastActivityAt: string, durationMs: number, activeMs: number, traceCount: number, delegationCount: number, errorCount: number, maxDepth: number, agents: Array<string>, models: Array<string>, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } };

export type UsageFiguresFragment = { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } };

export type HistorySpanQueryVariables = Exact<{
  filter?: SessionFilter | null | undefined;
}>;


export type HistorySpanQuery = { earliest: { totalCount: number, nodes: Array<{ id: string, startedAt: string }> }, latest: { nodes: Array<{ id: string, lastActivityAt: string }> } };

export type AgentStatisticsQueryVariables = Exact<{
  filter?: TraceFilter | null | undefined;
}>;


export type AgentStatisticsQuery = { agents: Array<{ agent: string, invocations: number, sessions: number, errors: number, errorRate: number, models: Array<string>, firstSeenAt: string, lastSeenAt: string, duration: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, active: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, cost: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, tokens: { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number }, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, tools: Array<{ tool: string, calls: number, errors: number, durationMs: number }>, calledBy: Array<{ agent: string, count: number }>, delegatesTo: Array<{ agent: string, count: number }> }> };

export type SpreadFragment = { count: number, min: number, p50: number, p90: number, p95: number, p99: number, max: number, mean: number, sum: number };

export type UsageByQueryVariables = Exact<{
  by: UsageGrouping;
  filter?: TraceFilter | null | undefined;
}>;


export type UsageByQuery = { usage: Array<{ key: string, invocations: number, errors: number, activeMs: number, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> };

export type FilterFacetsQueryVariables = Exact<{ [key: string]: never; }>;


export type FilterFacetsQuery = { facets: { models: Array<string>, tools: Array<string>, projects: Array<string>, firstAt: string | null, lastAt: string | null, agents: Array<{ agent: string, count: number }> } };

export type ToolTicksQueryVariables = Exact<{
  ids: Array<string> | string;
  calls?: number | null | undefined;
}>;


export type ToolTicksQuery = { traces: { nodes: Array<{ id: string, toolCalls: { totalCount: number, nodes: Array<{ id: string, tool: string, status: string, startedAt: string | null }> } }> } };

export type TraceDetailQueryVariables = Exact<{
  id: string;
  toolCalls?: number | null | undefined;
}>;


export type TraceDetailQuery = { trace: { path: Array<string>, parentAgent: string | null, lastActivityAt: string, promptInput: string, promptOutput: string | null, linkInferred: boolean, orphan: boolean, copied: boolean, reverted: boolean, id: string, parentId: string | null, depth: number, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, offsetMs: number, durationMs: number | null, waitMs: number | null, activeMs: number | null, childCount: number, models: Array<string>, toolsUsed: Array<string>, error: { name: string, message: string } | null, rootSession: { id: string, title: string }, ancestors: Array<{ id: string, agent: string, description: string | null }>, tools: Array<{ tool: string, calls: number, errors: number, durationMs: number }>, toolCalls: { totalCount: number, nodes: Array<{ id: string, tool: string, status: string, title: string | null, error: string | null, startedAt: string | null, endedAt: string | null, durationMs: number | null, delegation: { id: string, agent: string } | null }> }, session: { id: string } | null, own: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } } | null };

export type SessionOfTraceQueryVariables = Exact<{
  id: string;
}>;


export type SessionOfTraceQuery = { trace: { id: string, session: { id: string } | null, rootSession: { id: string, title: string } } | null };

export type TracesQueryVariables = Exact<{
  filter?: TraceFilter | null | undefined;
  orderBy?: TraceOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type TracesQuery = { traces: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, kind: TraceKind, agent: string, parentAgent: string | null, description: string | null, promptPreview: string, status: TraceStatus, startedAt: string, durationMs: number | null, activeMs: number | null, depth: number, descendantCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string, title: string }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } };

export type CostliestDelegationsQueryVariables = Exact<{
  from?: string | null | undefined;
  to?: string | null | undefined;
  first?: number | null | undefined;
}>;


export type CostliestDelegationsQuery = { traces: { totalCount: number, nodes: Array<{ id: string, kind: TraceKind, agent: string, parentAgent: string | null, description: string | null, promptPreview: string, status: TraceStatus, startedAt: string, durationMs: number | null, activeMs: number | null, depth: number, descendantCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string, title: string }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } };

export type AgentRunsQueryVariables = Exact<{
  agent: string;
  from?: string | null | undefined;
  to?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AgentRunsQuery = { traces: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, kind: TraceKind, agent: string, parentAgent: string | null, description: string | null, promptPreview: string, status: TraceStatus, startedAt: string, durationMs: number | null, activeMs: number | null, depth: number, descendantCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string, title: string }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } }> } };

export type ListedTraceFragment = { id: string, kind: TraceKind, agent: string, parentAgent: string | null, description: string | null, promptPreview: string, status: TraceStatus, startedAt: string, durationMs: number | null, activeMs: number | null, depth: number, descendantCount: number, models: Array<string>, toolsUsed: Array<string>, rootSession: { id: string, title: string }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } };

export type TreeRowsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
}>;


export type TreeRowsQuery = { session: { resumeCommand: string, id: string, title: string, project: string | null, directory: string | null, status: TraceStatus, startedAt: string, lastActivityAt: string, durationMs: number, activeMs: number, traceCount: number, delegationCount: number, errorCount: number, maxDepth: number, agents: Array<string>, models: Array<string>, traces: { totalCount: number, pageInfo: { hasNextPage: boolean }, nodes: Array<{ id: string, parentId: string | null, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, lastActivityAt: string, total: { cost: number, tokens: { total: number } } }> }, total: { cost: number, llmCalls: number, tokensIn: number, tokensOut: number, tokens: { input: number, output: number, reasoning: number, cacheRead: number, cacheWrite: number, total: number } } } | null };

export type TreeRowFragment = { id: string, parentId: string | null, kind: TraceKind, agent: string, description: string | null, status: TraceStatus, startedAt: string, endedAt: string | null, lastActivityAt: string, total: { cost: number, tokens: { total: number } } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AnomalyFiguresFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment AnomalyFigures on Anomaly {
  kind
  score
  value
  explanation
  baseline {
    median
    mad
    sampleSize
  }
}
    `, {"fragmentName":"AnomalyFigures"}) as unknown as TypedDocumentString<AnomalyFiguresFragment, unknown>;
export const UsageFiguresFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
    `, {"fragmentName":"UsageFigures"}) as unknown as TypedDocumentString<UsageFiguresFragment, unknown>;
export const ComparedSessionFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment ComparedSession on Session {
  id
  title
  startedAt
  activeMs
  traceCount
  total {
    ...UsageFigures
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"ComparedSession"}) as unknown as TypedDocumentString<ComparedSessionFragment, unknown>;
export const UnmatchedTraceFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment UnmatchedTrace on Trace {
  id
  agent
  path
  description
  status
  durationMs
  total {
    ...UsageFigures
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"UnmatchedTrace"}) as unknown as TypedDocumentString<UnmatchedTraceFragment, unknown>;
export const FlowDiagramFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment FlowDiagram on FlowGraph {
  nodes {
    agent
    invocations
    errors
    own {
      ...UsageFigures
    }
    activeMs
  }
  edges {
    from
    to
    kind
    count
    errors
    medianGapMs
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"FlowDiagram"}) as unknown as TypedDocumentString<FlowDiagramFragment, unknown>;
export const IngestFiguresFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment IngestFigures on IngestReport {
  status
  message
  demo
  startedAt
  finishedAt
  durationMs
  sessions
  traces
  rejectedCount
  rejected {
    path
    reason
    at
  }
  sources {
    sessions
    files
    bytes
    rejected
    source {
      id
      kind
      path
    }
  }
}
    `, {"fragmentName":"IngestFigures"}) as unknown as TypedDocumentString<IngestFiguresFragment, unknown>;
export const TreeTraceFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment TreeTrace on Trace {
  id
  parentId
  depth
  kind
  agent
  description
  status
  startedAt
  endedAt
  offsetMs
  durationMs
  waitMs
  activeMs
  childCount
  models
  toolsUsed
  session {
    id
  }
  own {
    ...UsageFigures
  }
  total {
    ...UsageFigures
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"TreeTrace"}) as unknown as TypedDocumentString<TreeTraceFragment, unknown>;
export const SessionSummaryFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment SessionSummary on Session {
  id
  title
  project
  directory
  status
  startedAt
  lastActivityAt
  durationMs
  activeMs
  traceCount
  delegationCount
  errorCount
  maxDepth
  agents
  models
  total {
    ...UsageFigures
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"SessionSummary"}) as unknown as TypedDocumentString<SessionSummaryFragment, unknown>;
export const SpreadFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment Spread on Distribution {
  count
  min
  p50
  p90
  p95
  p99
  max
  mean
  sum
}
    `, {"fragmentName":"Spread"}) as unknown as TypedDocumentString<SpreadFragment, unknown>;
export const ListedTraceFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment ListedTrace on Trace {
  id
  kind
  agent
  parentAgent
  description
  promptPreview
  status
  startedAt
  durationMs
  activeMs
  depth
  descendantCount
  models
  toolsUsed
  rootSession {
    id
    title
  }
  total {
    ...UsageFigures
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`, {"fragmentName":"ListedTrace"}) as unknown as TypedDocumentString<ListedTraceFragment, unknown>;
export const TreeRowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment TreeRow on Trace {
  id
  parentId
  kind
  agent
  description
  status
  startedAt
  endedAt
  lastActivityAt
  total {
    cost
    tokens {
      total
    }
  }
}
    `, {"fragmentName":"TreeRow"}) as unknown as TypedDocumentString<TreeRowFragment, unknown>;
export const TraceBaselineDocument = /*#__PURE__*/ new TypedDocumentString(`
    query TraceBaseline($id: ID!) {
  trace(id: $id) {
    id
    durationMs
    total {
      ...UsageFigures
    }
    baseline {
      agent
      sampleSize
      durationMs {
        ...Spread
      }
      cost {
        ...Spread
      }
      tokens {
        ...Spread
      }
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment Spread on Distribution {
  count
  min
  p50
  p90
  p95
  p99
  max
  mean
  sum
}`) as unknown as TypedDocumentString<TraceBaselineQuery, TraceBaselineQueryVariables>;
export const AnomaliesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Anomalies($filter: TraceFilter, $kinds: [AnomalyKind!], $first: Int, $after: String) {
  anomalies(filter: $filter, kinds: $kinds, first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      ...AnomalyFigures
      subject {
        ... on Session {
          id
          title
          startedAt
        }
        ... on Trace {
          id
          agent
          path
          startedAt
          rootSession {
            id
          }
        }
      }
    }
  }
}
    fragment AnomalyFigures on Anomaly {
  kind
  score
  value
  explanation
  baseline {
    median
    mad
    sampleSize
  }
}`) as unknown as TypedDocumentString<AnomaliesQuery, AnomaliesQueryVariables>;
export const SessionAnomaliesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SessionAnomalies($id: ID!) {
  session(id: $id) {
    id
    anomalies {
      ...AnomalyFigures
      subject {
        ... on Session {
          id
        }
        ... on Trace {
          id
          agent
        }
      }
    }
  }
}
    fragment AnomalyFigures on Anomaly {
  kind
  score
  value
  explanation
  baseline {
    median
    mad
    sampleSize
  }
}`) as unknown as TypedDocumentString<SessionAnomaliesQuery, SessionAnomaliesQueryVariables>;
export const TraceAnomaliesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query TraceAnomalies($id: ID!) {
  trace(id: $id) {
    id
    anomalies {
      ...AnomalyFigures
    }
  }
}
    fragment AnomalyFigures on Anomaly {
  kind
  score
  value
  explanation
  baseline {
    median
    mad
    sampleSize
  }
}`) as unknown as TypedDocumentString<TraceAnomaliesQuery, TraceAnomaliesQueryVariables>;
export const ChangesDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription Changes($sessionId: ID, $after: String) {
  changes(sessionId: $sessionId, after: $after) {
    cursor
    complete
    at
    sessionIds
    removedSessionIds
    traceIds
    removedTraceIds
    sessions {
      ...SessionSummary
    }
    traces {
      ...TreeTrace
      rootSession {
        id
      }
    }
  }
}
    fragment TreeTrace on Trace {
  id
  parentId
  depth
  kind
  agent
  description
  status
  startedAt
  endedAt
  offsetMs
  durationMs
  waitMs
  activeMs
  childCount
  models
  toolsUsed
  session {
    id
  }
  own {
    ...UsageFigures
  }
  total {
    ...UsageFigures
  }
}
fragment SessionSummary on Session {
  id
  title
  project
  directory
  status
  startedAt
  lastActivityAt
  durationMs
  activeMs
  traceCount
  delegationCount
  errorCount
  maxDepth
  agents
  models
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<ChangesSubscription, ChangesSubscriptionVariables>;
export const IngestProgressDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription IngestProgress {
  ingestProgress {
    phase
    done
    total
    elapsedMs
  }
}
    `) as unknown as TypedDocumentString<IngestProgressSubscription, IngestProgressSubscriptionVariables>;
export const CompareSessionsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query CompareSessions($a: ID!, $b: ID!) {
  compareSessions(a: $a, b: $b) {
    a {
      ...ComparedSession
    }
    b {
      ...ComparedSession
    }
    agents {
      agent
      invocationsA
      invocationsB
      ownA {
        ...UsageFigures
      }
      ownB {
        ...UsageFigures
      }
      activeMsA
      activeMsB
    }
    onlyInA {
      ...UnmatchedTrace
    }
    onlyInB {
      ...UnmatchedTrace
    }
  }
}
    fragment ComparedSession on Session {
  id
  title
  startedAt
  activeMs
  traceCount
  total {
    ...UsageFigures
  }
}
fragment UnmatchedTrace on Trace {
  id
  agent
  path
  description
  status
  durationMs
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<CompareSessionsQuery, CompareSessionsQueryVariables>;
export const FlowDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Flow($filter: TraceFilter) {
  flow(filter: $filter) {
    ...FlowDiagram
  }
}
    fragment FlowDiagram on FlowGraph {
  nodes {
    agent
    invocations
    errors
    own {
      ...UsageFigures
    }
    activeMs
  }
  edges {
    from
    to
    kind
    count
    errors
    medianGapMs
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<FlowQuery, FlowQueryVariables>;
export const SessionFlowDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SessionFlow($id: ID!, $filter: TraceFilter) {
  session(id: $id) {
    id
    title
  }
  flow(filter: $filter) {
    ...FlowDiagram
  }
}
    fragment FlowDiagram on FlowGraph {
  nodes {
    agent
    invocations
    errors
    own {
      ...UsageFigures
    }
    activeMs
  }
  edges {
    from
    to
    kind
    count
    errors
    medianGapMs
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<SessionFlowQuery, SessionFlowQueryVariables>;
export const TraceHandoffDocument = /*#__PURE__*/ new TypedDocumentString(`
    query TraceHandoff($id: ID!) {
  trace(id: $id) {
    id
    agent
    parentAgent
    handoff {
      similarity
      addedLines
      removedLines
      diff
    }
  }
}
    `) as unknown as TypedDocumentString<TraceHandoffQuery, TraceHandoffQueryVariables>;
export const IngestDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Ingest {
  ingest {
    ...IngestFigures
  }
}
    fragment IngestFigures on IngestReport {
  status
  message
  demo
  startedAt
  finishedAt
  durationMs
  sessions
  traces
  rejectedCount
  rejected {
    path
    reason
    at
  }
  sources {
    sessions
    files
    bytes
    rejected
    source {
      id
      kind
      path
    }
  }
}`) as unknown as TypedDocumentString<IngestQuery, IngestQueryVariables>;
export const ReadingDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Reading {
  ingest {
    status
    message
    demo
    startedAt
  }
}
    `) as unknown as TypedDocumentString<ReadingQuery, ReadingQueryVariables>;
export const IngestNowDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation IngestNow {
  ingestNow {
    ...IngestFigures
  }
}
    fragment IngestFigures on IngestReport {
  status
  message
  demo
  startedAt
  finishedAt
  durationMs
  sessions
  traces
  rejectedCount
  rejected {
    path
    reason
    at
  }
  sources {
    sessions
    files
    bytes
    rejected
    source {
      id
      kind
      path
    }
  }
}`) as unknown as TypedDocumentString<IngestNowMutation, IngestNowMutationVariables>;
export const OpenSessionDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation OpenSession($id: ID!) {
  openSession(id: $id) {
    opened
    command
    message
  }
}
    `) as unknown as TypedDocumentString<OpenSessionMutation, OpenSessionMutationVariables>;
export const SearchPatternDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SearchPattern($pattern: String!, $via: [EdgeKind!], $filter: SessionFilter, $direction: OrderDirection, $first: Int, $after: String) {
  searchPattern(
    pattern: $pattern
    via: $via
    filter: $filter
    direction: $direction
    first: $first
    after: $after
  ) {
    totalCount
    sessionCount
    warnings
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      chain
      startedAt
      endedAt
      durationMs
      total {
        ...UsageFigures
      }
      session {
        id
        title
      }
      bindings {
        step
        alias
        trace {
          id
          agent
          description
          status
          path
          startedAt
          endedAt
          durationMs
        }
      }
      edges {
        from
        to
        kind
        distance
        gapMs
      }
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<SearchPatternQuery, SearchPatternQueryVariables>;
export const ValidatePatternDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ValidatePattern($pattern: String!) {
  validatePattern(pattern: $pattern) {
    valid
    canonical
    error {
      message
      position
      expected
      suggestion
    }
  }
}
    `) as unknown as TypedDocumentString<ValidatePatternQuery, ValidatePatternQueryVariables>;
export const SearchTextDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SearchText($query: String!, $in: [TextField!], $filter: TraceFilter, $first: Int, $after: String) {
  searchText(
    query: $query
    in: $in
    filter: $filter
    first: $first
    after: $after
  ) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      field
      score
      snippet
      highlights {
        start
        end
      }
      trace {
        ...ListedTrace
      }
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment ListedTrace on Trace {
  id
  kind
  agent
  parentAgent
  description
  promptPreview
  status
  startedAt
  durationMs
  activeMs
  depth
  descendantCount
  models
  toolsUsed
  rootSession {
    id
    title
  }
  total {
    ...UsageFigures
  }
}`) as unknown as TypedDocumentString<SearchTextQuery, SearchTextQueryVariables>;
export const SessionTreeDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SessionTree($id: ID!) {
  session(id: $id) {
    ...SessionSummary
    resumeCommand
    parent {
      id
      title
    }
    traces {
      totalCount
      nodes {
        ...TreeTrace
      }
    }
  }
}
    fragment TreeTrace on Trace {
  id
  parentId
  depth
  kind
  agent
  description
  status
  startedAt
  endedAt
  offsetMs
  durationMs
  waitMs
  activeMs
  childCount
  models
  toolsUsed
  session {
    id
  }
  own {
    ...UsageFigures
  }
  total {
    ...UsageFigures
  }
}
fragment SessionSummary on Session {
  id
  title
  project
  directory
  status
  startedAt
  lastActivityAt
  durationMs
  activeMs
  traceCount
  delegationCount
  errorCount
  maxDepth
  agents
  models
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<SessionTreeQuery, SessionTreeQueryVariables>;
export const SessionsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Sessions($filter: SessionFilter, $orderBy: SessionOrder, $first: Int, $after: String) {
  sessions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      ...SessionSummary
    }
  }
}
    fragment SessionSummary on Session {
  id
  title
  project
  directory
  status
  startedAt
  lastActivityAt
  durationMs
  activeMs
  traceCount
  delegationCount
  errorCount
  maxDepth
  agents
  models
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<SessionsQuery, SessionsQueryVariables>;
export const HistorySpanDocument = /*#__PURE__*/ new TypedDocumentString(`
    query HistorySpan($filter: SessionFilter) {
  earliest: sessions(
    filter: $filter
    orderBy: {field: STARTED_AT, direction: ASC}
    first: 1
  ) {
    totalCount
    nodes {
      id
      startedAt
    }
  }
  latest: sessions(filter: $filter, orderBy: {field: LAST_ACTIVITY_AT}, first: 1) {
    nodes {
      id
      lastActivityAt
    }
  }
}
    `) as unknown as TypedDocumentString<HistorySpanQuery, HistorySpanQueryVariables>;
export const AgentStatisticsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query AgentStatistics($filter: TraceFilter) {
  agents(filter: $filter) {
    agent
    invocations
    sessions
    errors
    errorRate
    duration {
      ...Spread
    }
    active {
      ...Spread
    }
    cost {
      ...Spread
    }
    tokens {
      ...Spread
    }
    own {
      ...UsageFigures
    }
    total {
      ...UsageFigures
    }
    tools {
      tool
      calls
      errors
      durationMs
    }
    calledBy {
      agent
      count
    }
    delegatesTo {
      agent
      count
    }
    models
    firstSeenAt
    lastSeenAt
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment Spread on Distribution {
  count
  min
  p50
  p90
  p95
  p99
  max
  mean
  sum
}`) as unknown as TypedDocumentString<AgentStatisticsQuery, AgentStatisticsQueryVariables>;
export const UsageByDocument = /*#__PURE__*/ new TypedDocumentString(`
    query UsageBy($by: UsageGrouping!, $filter: TraceFilter) {
  usage(by: $by, filter: $filter) {
    key
    own {
      ...UsageFigures
    }
    invocations
    errors
    activeMs
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<UsageByQuery, UsageByQueryVariables>;
export const FilterFacetsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query FilterFacets {
  facets {
    agents {
      agent
      count
    }
    models
    tools
    projects
    firstAt
    lastAt
  }
}
    `) as unknown as TypedDocumentString<FilterFacetsQuery, FilterFacetsQueryVariables>;
export const ToolTicksDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ToolTicks($ids: [ID!]!, $calls: Int) {
  traces(filter: {ids: $ids}, first: 100) {
    nodes {
      id
      toolCalls(first: $calls) {
        totalCount
        nodes {
          id
          tool
          status
          startedAt
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ToolTicksQuery, ToolTicksQueryVariables>;
export const TraceDetailDocument = /*#__PURE__*/ new TypedDocumentString(`
    query TraceDetail($id: ID!, $toolCalls: Int) {
  trace(id: $id) {
    ...TreeTrace
    path
    parentAgent
    lastActivityAt
    promptInput
    promptOutput
    error {
      name
      message
    }
    linkInferred
    orphan
    copied
    reverted
    rootSession {
      id
      title
    }
    ancestors {
      id
      agent
      description
    }
    tools {
      tool
      calls
      errors
      durationMs
    }
    toolCalls(first: $toolCalls) {
      totalCount
      nodes {
        id
        tool
        status
        title
        error
        startedAt
        endedAt
        durationMs
        delegation {
          id
          agent
        }
      }
    }
  }
}
    fragment TreeTrace on Trace {
  id
  parentId
  depth
  kind
  agent
  description
  status
  startedAt
  endedAt
  offsetMs
  durationMs
  waitMs
  activeMs
  childCount
  models
  toolsUsed
  session {
    id
  }
  own {
    ...UsageFigures
  }
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}`) as unknown as TypedDocumentString<TraceDetailQuery, TraceDetailQueryVariables>;
export const SessionOfTraceDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SessionOfTrace($id: ID!) {
  trace(id: $id) {
    id
    session {
      id
    }
    rootSession {
      id
      title
    }
  }
}
    `) as unknown as TypedDocumentString<SessionOfTraceQuery, SessionOfTraceQueryVariables>;
export const TracesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Traces($filter: TraceFilter, $orderBy: TraceOrder, $first: Int, $after: String) {
  traces(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      ...ListedTrace
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment ListedTrace on Trace {
  id
  kind
  agent
  parentAgent
  description
  promptPreview
  status
  startedAt
  durationMs
  activeMs
  depth
  descendantCount
  models
  toolsUsed
  rootSession {
    id
    title
  }
  total {
    ...UsageFigures
  }
}`) as unknown as TypedDocumentString<TracesQuery, TracesQueryVariables>;
export const CostliestDelegationsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query CostliestDelegations($from: DateTime, $to: DateTime, $first: Int = 20) {
  traces(
    filter: {kind: DELEGATION, startedAt: {from: $from, to: $to}}
    orderBy: {field: COST}
    first: $first
  ) {
    totalCount
    nodes {
      ...ListedTrace
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment ListedTrace on Trace {
  id
  kind
  agent
  parentAgent
  description
  promptPreview
  status
  startedAt
  durationMs
  activeMs
  depth
  descendantCount
  models
  toolsUsed
  rootSession {
    id
    title
  }
  total {
    ...UsageFigures
  }
}`) as unknown as TypedDocumentString<CostliestDelegationsQuery, CostliestDelegationsQueryVariables>;
export const AgentRunsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query AgentRuns($agent: String!, $from: DateTime, $to: DateTime, $first: Int = 50, $after: String) {
  traces(
    filter: {agents: [$agent], startedAt: {from: $from, to: $to}}
    first: $first
    after: $after
  ) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      ...ListedTrace
    }
  }
}
    fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment ListedTrace on Trace {
  id
  kind
  agent
  parentAgent
  description
  promptPreview
  status
  startedAt
  durationMs
  activeMs
  depth
  descendantCount
  models
  toolsUsed
  rootSession {
    id
    title
  }
  total {
    ...UsageFigures
  }
}`) as unknown as TypedDocumentString<AgentRunsQuery, AgentRunsQueryVariables>;
export const TreeRowsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query TreeRows($id: ID!, $first: Int) {
  session(id: $id) {
    ...SessionSummary
    resumeCommand
    traces(first: $first) {
      totalCount
      pageInfo {
        hasNextPage
      }
      nodes {
        ...TreeRow
      }
    }
  }
}
    fragment SessionSummary on Session {
  id
  title
  project
  directory
  status
  startedAt
  lastActivityAt
  durationMs
  activeMs
  traceCount
  delegationCount
  errorCount
  maxDepth
  agents
  models
  total {
    ...UsageFigures
  }
}
fragment UsageFigures on Usage {
  cost
  llmCalls
  tokensIn
  tokensOut
  tokens {
    input
    output
    reasoning
    cacheRead
    cacheWrite
    total
  }
}
fragment TreeRow on Trace {
  id
  parentId
  kind
  agent
  description
  status
  startedAt
  endedAt
  lastActivityAt
  total {
    cost
    tokens {
      total
    }
  }
}`) as unknown as TypedDocumentString<TreeRowsQuery, TreeRowsQueryVariables>;