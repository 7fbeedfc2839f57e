/**
 * The store's interface to the rest of delegraph. The only implementation is `duckdb/`; code outside of `src/store`
 * does not know that SQL is behind it.
 */
import type { EdgeKind, Forest, Session, SourceRef, Trace, TraceKind, TraceStatus, Usage } from '../records.ts'

// ---------------------------------------------------------------- filters

/** from ≤ x < to, UTC milliseconds. */
export interface TimeRange {
  fromMs?: number | null | undefined
  toMs?: number | null | undefined
}

/** min ≤ x ≤ max. A value that is absent is in no range. */
export interface NumberRange {
  min?: number | null | undefined
  max?: number | null | undefined
}

/** All conditions must hold. An absent or null condition does not restrict; an empty list matches nothing. */
export interface TraceFilter {
  ids?: readonly string[] | null | undefined
  /** The session that the trace ran in, or the root session of its tree. */
  sessionIds?: readonly string[] | null | undefined
  kind?: TraceKind | null | undefined
  agents?: readonly string[] | null | undefined
  parentAgents?: readonly string[] | null | undefined
  models?: readonly string[] | null | undefined
  tools?: readonly string[] | null | undefined
  status?: readonly TraceStatus[] | null | undefined
  project?: string | null | undefined
  startedAt?: TimeRange | null | undefined
  durationMs?: NumberRange | null | undefined
  /** In USD, including everything below the trace. */
  cost?: NumberRange | null | undefined
  /** Including everything below the trace. */
  tokens?: NumberRange | null | undefined
  depth?: NumberRange | null | undefined
  text?: string | null | undefined
}

export interface SessionFilter {
  ids?: readonly string[] | null | undefined
  agents?: readonly string[] | null | undefined
  models?: readonly string[] | null | undefined
  status?: readonly TraceStatus[] | null | undefined
  project?: string | null | undefined
  directory?: string | null | undefined
  startedAt?: TimeRange | null | undefined
  lastActivityAt?: TimeRange | null | undefined
  durationMs?: NumberRange | null | undefined
  cost?: NumberRange | null | undefined
  tokens?: NumberRange | null | undefined
  hasDelegations?: boolean | null | undefined
  /** True by default. */
  rootsOnly?: boolean | null | undefined
  text?: string | null | undefined
  pattern?: string | null | undefined
}

export type OrderDirection = 'ASC' | 'DESC'
export interface SessionOrder {
  field: 'STARTED_AT' | 'LAST_ACTIVITY_AT' | 'DURATION' | 'COST' | 'TOKENS' | 'TRACES'
  direction: OrderDirection
}
export interface TraceOrder {
  field: 'STARTED_AT' | 'DURATION' | 'ACTIVE' | 'WAIT' | 'COST' | 'TOKENS' | 'DEPTH'
  direction: OrderDirection
}

// ---------------------------------------------------------------- pages

/** The arguments of a Relay connection, already validated: exactly one of `first` and `last` is a number. */
export interface PageArgs {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

/**
 * Cursors are opaque and stable: they encode the row's sort value and id, not its position. Items are always in the
 * requested order, when paging backwards too.
 */
export interface Page<T> {
  items: { node: T; cursor: string }[]
  hasNextPage: boolean
  hasPreviousPage: boolean
}

// ---------------------------------------------------------------- rows

/** Everything that can be read of a trace. The wide columns (prompts, tool calls) are read only on request. */
export type TraceColumns = Trace & {
  tools: ToolStats[]
  descendantCount: number
}
export type TraceColumn = keyof TraceColumns

/** Columns that are always read, because they locate the row in its tree. */
export const KEY_COLUMNS = [
  'id',
  'rootSessionId',
  'sessionId',
  'parentId',
  'lft',
  'rgt',
  'depth',
] as const satisfies TraceColumn[]

/** Columns that are undefined unless they were requested. */
export type SomeColumns = { [C in TraceColumn]?: TraceColumns[C] | undefined }

/** The key columns and the requested ones. `status` depends on the `StaleRule` that the reader is given. */
export type TraceRow = Pick<TraceColumns, (typeof KEY_COLUMNS)[number]> & SomeColumns

export interface ToolStats {
  tool: string
  calls: number
  errors: number
  /** Total duration of the calls that have ended. */
  durationMs: number
}

/**
 * `status` is RUNNING while anything in the session's tree is, unless the tree is stale; otherwise it is `lastStatus`,
 * with INTERRUPTED for RUNNING.
 */
export type SessionRow = Session & { status: TraceStatus }

export interface IngestCounts {
  sessions: number
  traces: number
}

/** The current time, and how long a tree may go without activity before its running traces count as INTERRUPTED. */
export interface StaleRule {
  nowMs: number
  staleAfterMs: number
}

// ---------------------------------------------------------------- reading

/**
 * Batch functions take keys and return one result per key, in the order of the keys. Each method runs one SQL statement
 * unless its comment says otherwise. The six queries of the original plan keep their names.
 */
export interface TraceReader {
  // the six queries of the original plan
  /**
   * The traces that ran in each session, by start. Not all of a root session's are roots of its tree: only those
   * without a parent are.
   */
  getTracesBySession(
    sessionIds: readonly string[],
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]>
  /** All traces of each root session, depth first. */
  getTraceTree(
    rootSessionIds: readonly string[],
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]>
  getTracesByDateRange(range: TimeRange, columns: Iterable<TraceColumn>, rule: StaleRule): Promise<TraceRow[]>
  getTracesByAgent(agents: readonly string[], columns: Iterable<TraceColumn>, rule: StaleRule): Promise<TraceRow[][]>
  /** For each id its trace, or null if it does not exist. */
  getTraceDetails(ids: readonly string[], columns: Iterable<TraceColumn>, rule: StaleRule): Promise<(TraceRow | null)[]>
  /** The newest sessions that have traces, newest first, each with its root traces. Two statements. */
  getSessionsWithTraces(
    limit: number,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<{ session: SessionRow; rootTraces: TraceRow[] }[]>

  // pages
  pageTraces(
    filter: TraceFilter,
    order: TraceOrder,
    page: PageArgs,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<Page<TraceRow>>
  countTraces(filter: TraceFilter, rule: StaleRule): Promise<number>
  pageSessions(filter: SessionFilter, order: SessionOrder, page: PageArgs, rule: StaleRule): Promise<Page<SessionRow>>
  countSessions(filter: SessionFilter, rule: StaleRule): Promise<number>
  /**
   * Returns for each scope the same page of its traces, flat and depth first. One statement for a single scope,
   * otherwise two.
   */
  pageTrees(
    scopes: readonly TreeScope[],
    filter: TraceFilter,
    page: PageArgs,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<Page<TraceRow>[]>
  countTrees(scopes: readonly TreeScope[], filter: TraceFilter, rule: StaleRule): Promise<number[]>
  /** The cursor that `pageTrees` would give a row that was read by another method. */
  treeCursorOf(row: TraceRow): string

  // by key
  getSessions(ids: readonly string[], rule: StaleRule): Promise<(SessionRow | null)[]>
  getChildSessions(parentIds: readonly string[], rule: StaleRule): Promise<SessionRow[][]>
  /** In tree order, which is by start. */
  getChildren(parentIds: readonly string[], columns: Iterable<TraceColumn>, rule: StaleRule): Promise<TraceRow[][]>
  /** Strict ancestors, root first. */
  getAncestors(
    traces: readonly Pick<TraceRow, 'id' | 'rootSessionId' | 'lft' | 'rgt'>[],
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]>
  /** Strict descendants, depth first. */
  getDescendants(
    traces: readonly Pick<TraceRow, 'id' | 'rootSessionId' | 'lft' | 'rgt'>[],
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<TraceRow[][]>

  getSources(): Promise<SourceRef[]>
  countAll(): Promise<IngestCounts>
}

/**
 * A part of the history to list depth first: the whole tree of a root session, the traces of a child session with
 * everything below them, or the strict descendants of a trace, down to the depth `toDepth` (counted from the root of
 * the tree; null for all).
 */
export type TreeScope =
  | { kind: 'session'; sessionId: string; rootSessionId: string }
  | { kind: 'trace'; rootSessionId: string; lft: number; rgt: number; toDepth: number | null }

// ---------------------------------------------------------------- patterns

export interface PatternQuery {
  /** In the pattern language; an invalid pattern throws PATTERN_SYNTAX. */
  pattern: string
  /** Which kinds of edges `->` and `->>` may use; both if null or omitted. */
  via?: readonly EdgeKind[] | null
  /** Which root sessions to search; all if omitted. */
  filter?: SessionFilter | null
}

/** Matches are ordered by session start, then chain, then the order of the bound traces; DESC reverses this. */
export interface PatternPageArgs extends Pick<PageArgs, 'first' | 'after'> {
  direction: OrderDirection
}

export interface PatternMatch {
  rootSessionId: string
  sessionStartedMs: number
  /** The index of the matched chain among the pattern's positive chains, from 0. */
  chain: number
  /** Empty if the session satisfies the pattern without a match of any positive chain. */
  bindings: { step: number; alias: string | null; traceId: string; startedMs: number; endedMs: number | null }[]
  /**
   * One edge between each two neighbouring `bindings`, identified by their steps. `distance` is defined by the pattern
   * language; `gapMs` is null for a delegation.
   */
  edges: { from: number; to: number; kind: EdgeKind; distance: number; gapMs: number | null }[]
}

export interface PatternPage {
  totalCount: number
  /** The number of root sessions in which the pattern holds. */
  sessionCount: number
  page: Page<PatternMatch>
}

export interface PatternReader {
  /** Returns only the counts if `page` is null. Two statements, one of them trivial. */
  searchPattern(query: PatternQuery, page: PatternPageArgs | null, rule: StaleRule): Promise<PatternPage>
  /** The names of all agents that have a trace, sorted. */
  getAgentNames(): Promise<string[]>
}

// ---------------------------------------------------------------- writing

/** What a source remembers about a session, to know at the next start whether it must be read again. */
export interface SessionStamp {
  sessionId: string
  sourceId: string
  parentId: string | null
  /** Opaque to the store; the source compares it. */
  stamp: string
  /** Read again even if the stamp is unchanged: the session was running, had just been written, or was damaged. */
  unsettled: boolean
}

/**
 * A call that named a session outside of its caller's own family (by a fork, or to resume an unrelated session). The
 * two families must be built together.
 */
export interface SessionLink {
  fromSessionId: string
  toSessionId: string
}

export interface StoredRejection {
  sourceId: string
  path: string
  reason: string
  atMs: number
}

export interface SourceState {
  source: SourceRef
  /** Opaque to the store; it lets the source detect cheaply that nothing has changed. */
  fingerprint: string | null
  sessions: number
  files: number
  bytes: number
  readAtMs: number
}

/** A forest already encoded for storage, possibly on another thread; the encoding is private to `packing/rows.ts`. */
export interface PackedForest {
  kind: 'packed'
  sessionIds: string[]
  traces: PackedRows[]
  sessions: PackedRows[]
}

export interface PackedRows {
  bytes: Uint8Array<ArrayBuffer>
  /** The byte offset of each row, followed by the end of the last one. */
  places: number[]
  ids: string[]
  /** The root session of each row. */
  roots: string[]
  /** A hash of each row; equal rows have equal digests. */
  digests: number[]
}

/** Everything that one transaction writes. */
export interface SaveBatch {
  forests: readonly (Forest | PackedForest)[]
  stamps: readonly SessionStamp[]
  links: readonly SessionLink[]
  /** Sessions that no source has any longer. */
  removedSessionIds: readonly string[]
  sources?: SourceNews
}

/** The state of all sources as of a saved batch. It replaces what is stored. */
export interface SourceNews {
  /** The states of all sources. */
  states: readonly SourceState[]
  /** All rejections; null to keep the stored ones. */
  rejections: readonly StoredRejection[] | null
}

export interface SavedChange {
  /** The root sessions of all trees in which anything was added, changed or removed. */
  sessionIds: string[]
  /** Added or changed traces. */
  traceIds: string[]
  removedTraceIds: string[]
  /** Removed sessions, both root and child sessions. */
  removedSessionIds: string[]
  /** For each added, changed or removed session and trace, the root session of the tree that contains it (or did). */
  rootOf: ReadonlyMap<string, string>
  /** For each of them that moved from another tree, the root session of that tree. */
  movedFrom: ReadonlyMap<string, string>
}

export interface TraceWriter {
  /** Replaces whole root trees in one transaction. Unchanged rows are not written again. */
  saveTraces(batch: SaveBatch): Promise<SavedChange>
  saveSources(news: SourceNews): Promise<void>
  loadSources(): Promise<SourceState[]>
  loadRejections(): Promise<StoredRejection[]>
  loadStamps(sourceId: string): Promise<SessionStamp[]>
  loadLinks(): Promise<SessionLink[]>
  /** While true, the store uses one thread and less memory, to leave them to other work. */
  giveWay(isGivingWay: boolean): Promise<void>
}

// ---------------------------------------------------------------- statistics

/** Statistics of the values that are present; all zero if there are none. Quantiles are linearly interpolated. */
export interface Distribution {
  count: number
  min: number
  p50: number
  p90: number
  p95: number
  p99: number
  max: number
  mean: number
  sum: number
}

export interface AgentStats {
  agent: string
  invocations: number
  /** The number of root sessions with a trace of this agent in their tree. */
  sessions: number
  /** The number of traces with status ERROR. */
  errors: number
  duration: Distribution
  active: Distribution
  /** Cost and tokens are those of `total`, as in the filters. */
  cost: Distribution
  tokens: Distribution
  own: Usage
  models: string[]
  firstMs: number
  lastMs: number
}

/** What is normal for an agent, from its finished traces. A fork's copies are left out. */
export interface AgentBaseline {
  agent: string
  sampleSize: number
  durationMs: Distribution
  /** Cost and tokens are those of `total`, as in the filters. */
  cost: Distribution
  tokens: Distribution
}

/** The smallest number of traces or sessions from which a baseline is derived. */
export const SMALLEST_SAMPLE = 8

export interface AgentCount {
  agent: string
  count: number
}

export interface AgentCall {
  /** The agent that called. */
  from: string
  to: string
  count: number
}

export interface AgentTotal {
  agent: string
  total: Usage
}

export const USAGE_GROUPINGS = ['HOUR', 'DAY', 'WEEK', 'MONTH', 'AGENT', 'MODEL', 'PROJECT', 'SESSION'] as const
export type UsageGrouping = (typeof USAGE_GROUPINGS)[number]

export interface UsageRow {
  /**
   * For days, weeks and months the first day (`2026-11-24`), for hours the ISO 8601 start of the hour, in UTC;
   * otherwise a name or id.
   */
  key: string
  own: Usage
  invocations: number
  errors: number
  activeMs: number
}

export interface Facets {
  agents: AgentCount[]
  models: string[]
  tools: string[]
  projects: string[]
  firstMs: number | null
  lastMs: number | null
}

/**
 * Each method is one statement, and covers exactly the traces that the filter admits unless its comment says otherwise.
 */
export interface AnalyticsReader extends FlowReader {
  /** Sorted by agent name. */
  agentStats(filter: TraceFilter, rule: StaleRule): Promise<AgentStats[]>
  /**
   * Usage of each agent's traces with everything below them. Traces below another trace of the same agent count once.
   */
  agentTotals(filter: TraceFilter, rule: StaleRule): Promise<AgentTotal[]>
  /** Sorted by agent, then by number of calls, descending. */
  agentTools(filter: TraceFilter, rule: StaleRule): Promise<(ToolStats & { agent: string })[]>
  /** Counts how often each agent called the admitted traces; the most frequent first. */
  agentCallers(filter: TraceFilter, rule: StaleRule): Promise<AgentCall[]>
  /**
   * Counts how often the admitted traces called each agent, whether or not the callee is admitted; most frequent first.
   */
  agentCallees(filter: TraceFilter, rule: StaleRule): Promise<AgentCall[]>
  /** Only groups that have traces: groups by time in chronological order, all others by cost, descending. */
  usageBy(by: UsageGrouping, filter: TraceFilter, rule: StaleRule): Promise<UsageRow[]>
  facets(): Promise<Facets>
  /**
   * One baseline per agent, over the whole history; null if fewer than `SMALLEST_SAMPLE` of its traces are finished.
   * Later calls reuse the result until something is written.
   */
  agentBaselines(agents: readonly string[]): Promise<(AgentBaseline | null)[]>
}

// ---------------------------------------------------------------- flow

export interface FlowNode {
  agent: string
  invocations: number
  errors: number
  own: Usage
  activeMs: number
}

export interface FlowEdge {
  from: string
  to: string
  kind: EdgeKind
  count: number
  /** How many of them have a second trace with status ERROR. */
  errors: number
  /** The median time from the end of the first trace to the start of the second; null for delegations. */
  medianGapMs: number | null
}

/** The traces that a diagram covers: those that a filter admits, or the whole tree of each session. */
export type FlowScope =
  | { kind: 'filter'; filter: TraceFilter }
  /** The tree of a child session is the traces that ran in it, with everything below them. */
  | { kind: 'sessions'; sessionIds: readonly string[] }

export interface FlowReader {
  /** One graph for a filter, or one per session. One statement. */
  flowNodes(scope: FlowScope, rule: StaleRule): Promise<FlowNode[][]>
  /**
   * Edges between traces within the scope: delegations first, the most frequent first within each kind. One statement.
   */
  flowEdges(scope: FlowScope, rule: StaleRule): Promise<FlowEdge[][]>
}

// ---------------------------------------------------------------- anomalies

export const ANOMALY_KINDS = ['SLOW', 'COSTLY', 'TOKEN_HEAVY', 'FAILED', 'STUCK', 'DEEP', 'WIDE', 'REPEATED'] as const
export type AnomalyKind = (typeof ANOMALY_KINDS)[number]

export interface Anomaly {
  kind: AnomalyKind
  subject: { kind: 'session' | 'trace'; id: string }
  /** The agent of a trace; null for a session. */
  agent: string | null
  /** The robust z-score for measured kinds, the number of calls for REPEATED, otherwise 1. */
  score: number
  /** In the unit of the kind: milliseconds, US dollars, tokens, levels or calls. */
  value: number
  /** `median` is in the unit of `value`, `mad` that of the natural logarithm; null if nothing is compared. */
  baseline: { median: number; mad: number; sampleSize: number } | null
  /** The failure, or the agent that was called repeatedly. */
  detail: string | null
}

/** For traces, the anomalies of each trace itself; for sessions, those of each session and its whole tree. */
export interface AnomalyScope {
  kind: 'traces' | 'sessions'
  ids: readonly string[]
}

export interface AnomalyPage {
  totalCount: number
  page: Page<Anomaly>
}

/**
 * Each method is one statement, plus one for the norms if something was written since they were computed. The highest
 * score comes first, and the latest first among equals. Norms always come from the whole history; a filter only decides
 * which traces are examined.
 */
export interface AnomalyReader {
  findAnomalies(
    search: { filter?: TraceFilter | null | undefined; kinds?: readonly AnomalyKind[] | null | undefined },
    page: Pick<PageArgs, 'first' | 'after'>,
    threshold: number,
    rule: StaleRule,
  ): Promise<AnomalyPage>
  anomaliesOf(scope: AnomalyScope, threshold: number, rule: StaleRule): Promise<Anomaly[][]>
}

// ---------------------------------------------------------------- texts

export const TEXT_FIELDS = ['PROMPT_INPUT', 'PROMPT_OUTPUT', 'DESCRIPTION', 'TITLE'] as const
export type TextField = (typeof TEXT_FIELDS)[number]

export interface TextSearch {
  /** Words, "phrases", prefix*, -excluded. A query without a word to search for throws BAD_USER_INPUT. */
  query: string
  /** All fields if omitted. */
  fields?: readonly TextField[] | null | undefined
  filter?: TraceFilter | null | undefined
}

export interface TextMatch {
  /** The trace that holds the text. For a title, the first trace of its session that the filter admits. */
  traceId: string
  field: TextField
  /** BM25 over the texts that were searched. */
  score: number
  snippet: string
  /** In UTF-16 code units of the snippet. */
  highlights: { start: number; end: number }[]
}

export interface TextPage {
  totalCount: number
  page: Page<TextMatch>
}

export interface TextReader {
  /** The best match first, and the latest first among equals. One statement. */
  searchText(search: TextSearch, page: Pick<PageArgs, 'first' | 'after'>, rule: StaleRule): Promise<TextPage>
}
