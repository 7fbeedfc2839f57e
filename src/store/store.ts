/**
 * What the rest of delegraph asks of a store. The only implementation is `duckdb/`; nothing outside of `src/store`
 * knows that there is SQL behind it.
 */
import type { EdgeKind, Forest, Session, SourceRef, Trace, TraceKind, TraceStatus, Usage } from '../records.ts'

// ---------------------------------------------------------------- filters

/** from ≤ x < to, UTC milliseconds. */
export interface TimeRange {
  fromMs?: number | null | undefined
  toMs?: number | null | undefined
}

/** min ≤ x ≤ max; an absent value is in no range. */
export interface NumberRange {
  min?: number | null | undefined
  max?: number | null | undefined
}

/** All conditions hold together; an absent or null one does not restrict, an empty list matches nothing. */
export interface TraceFilter {
  ids?: readonly string[] | null | undefined
  /** The session it ran in, or the root session of its tree. */
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
  /** Inclusive of everything below. */
  cost?: NumberRange | null | undefined
  /** Inclusive of everything below. */
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
  /** True unless said otherwise. */
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

/** Relay's arguments, already checked: exactly one of `first` and `last` is a number. */
export interface PageArgs {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

/** Cursors are opaque and stable: the sort value and the id of the row, not its place. Rows are always in the order asked for. */
export interface Page<T> {
  items: { node: T; cursor: string }[]
  hasNextPage: boolean
  hasPreviousPage: boolean
}

// ---------------------------------------------------------------- rows

/** What can be read of a trace. Wide columns (the prompts, the tool calls) cost only when asked for. */
export type TraceColumns = Trace & {
  tools: ToolStats[]
  descendantCount: number
}
export type TraceColumn = keyof TraceColumns

/** Always read: they place the row in its tree. */
export const KEY_COLUMNS = [
  'id',
  'rootSessionId',
  'sessionId',
  'parentId',
  'lft',
  'rgt',
  'depth',
] as const satisfies TraceColumn[]

/** Columns that may not have been read. */
export type SomeColumns = { [C in TraceColumn]?: TraceColumns[C] | undefined }

/** The key columns and those asked for. `status` is decided by the `StaleRule` that the reader is given. */
export type TraceRow = Pick<TraceColumns, (typeof KEY_COLUMNS)[number]> & SomeColumns

export interface ToolStats {
  tool: string
  calls: number
  errors: number
  /** Of the calls that ended, together. */
  durationMs: number
}

/** `status` is RUNNING (or, when stale, INTERRUPTED) while anything in its tree runs, otherwise the last turn's. */
export type SessionRow = Session & { status: TraceStatus }

export interface IngestCounts {
  sessions: number
  traces: number
}

/** What "now" is, and how long a tree may be silent before what runs in it counts as INTERRUPTED. */
export interface StaleRule {
  nowMs: number
  staleAfterMs: number
}

// ---------------------------------------------------------------- reading

/**
 * Batch functions take keys and give one answer a key, in the keys' order. Each method is one SQL statement. The names
 * of the original plan's six queries are kept.
 */
export interface TraceReader {
  // the six queries of the original plan
  /** The traces that ran in each session, by start; of a root session only those without a parent are roots of its tree. */
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
  /** One trace an id. */
  getTraceDetails(ids: readonly string[], columns: Iterable<TraceColumn>, rule: StaleRule): Promise<(TraceRow | null)[]>
  /** Sessions that have traces, newest first, each with its root traces (session id → rows), in two statements. */
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
   * Of each scope the same page of everything in it, flat and depth first, paged by position. One statement for one
   * scope, two for any other number.
   */
  pageTrees(
    scopes: readonly TreeScope[],
    filter: TraceFilter,
    page: PageArgs,
    columns: Iterable<TraceColumn>,
    rule: StaleRule,
  ): Promise<Page<TraceRow>[]>
  countTrees(scopes: readonly TreeScope[], filter: TraceFilter, rule: StaleRule): Promise<number[]>
  /** The cursor that `pageTrees` gives a row, for one that was read otherwise. */
  treeCursorOf(row: TraceRow): string

  // by key
  getSessions(ids: readonly string[], rule: StaleRule): Promise<(SessionRow | null)[]>
  getChildSessions(parentIds: readonly string[], rule: StaleRule): Promise<SessionRow[][]>
  /** By start, then id. */
  getChildren(parentIds: readonly string[], columns: Iterable<TraceColumn>, rule: StaleRule): Promise<TraceRow[][]>
  /** Root first, itself not among them. */
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
 * A part of the history in which each trace stands after the one that it hangs from: the whole tree of a root session, the
 * traces of a child session with all below them, or what is below a trace, down to a depth or all of it.
 */
export type TreeScope =
  | { kind: 'session'; sessionId: string; rootSessionId: string }
  | { kind: 'trace'; rootSessionId: string; lft: number; rgt: number; toDepth: number | null }

// ---------------------------------------------------------------- patterns

export interface PatternQuery {
  /** In the pattern language; one that is wrong throws PATTERN_SYNTAX. */
  pattern: string
  /** Which halves of `->` and `->>` count; null or left out for both. */
  via?: readonly EdgeKind[] | null
  /** Which root sessions; all when left out. */
  filter?: SessionFilter | null
}

/** Matches come by session start, chain and the bound traces' order, or (DESC) the other way round. */
export interface PatternPageArgs extends Pick<PageArgs, 'first' | 'after'> {
  direction: OrderDirection
}

export interface PatternMatch {
  rootSessionId: string
  sessionStartedMs: number
  /** Which positive chain of the pattern, from 0. */
  chain: number
  /** Empty where a session holds without a match of a positive chain. */
  bindings: { step: number; alias: string | null; traceId: string; startedMs: number; endedMs: number | null }[]
  /** Between each two neighbours of `bindings`, by their steps. `distance` as in the pattern language; null gap for a delegation. */
  edges: { from: number; to: number; kind: EdgeKind; distance: number; gapMs: number | null }[]
}

export interface PatternPage {
  totalCount: number
  /** Root sessions in which the pattern holds. */
  sessionCount: number
  page: Page<PatternMatch>
}

export interface PatternReader {
  /** Two statements, of which one is trivial; without a page only the counts. */
  searchPattern(query: PatternQuery, page: PatternPageArgs | null, rule: StaleRule): Promise<PatternPage>
  /** Every agent that has a trace, by name. */
  getAgentNames(): Promise<string[]>
}

// ---------------------------------------------------------------- writing

/** What a source remembers of one session, to know at the next start whether it has to be read again. */
export interface SessionStamp {
  sessionId: string
  sourceId: string
  parentId: string | null
  /** Opaque to the store: what the source compares. */
  stamp: string
  /** Under way, touched shortly before it was read, or damaged: the source looks at it again even if its stamp is the same. */
  unsettled: boolean
}

/** A call that named a session outside of its caller's own family (a fork's, a resumed stranger's): both are built together. */
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
  /** Opaque to the store: how the source knows cheaply that nothing at all has changed. */
  fingerprint: string | null
  sessions: number
  files: number
  bytes: number
  readAtMs: number
}

/** A forest in the form in which it is stored, made elsewhere (see `packing/rows.ts`): opaque to everybody else. */
export interface PackedForest {
  kind: 'packed'
  sessionIds: string[]
  traces: PackedRows[]
  sessions: PackedRows[]
}

export interface PackedRows {
  bytes: Uint8Array<ArrayBuffer>
  /** Where each row begins in them, and where the last one ends. */
  places: number[]
  ids: string[]
  /** The root session of each row. */
  roots: string[]
  /** Rows that are the same have the same. */
  digests: number[]
}

/** One transaction's worth of news. */
export interface SaveBatch {
  forests: readonly (Forest | PackedForest)[]
  stamps: readonly SessionStamp[]
  links: readonly SessionLink[]
  /** Sessions that no source has any more. */
  removedSessionIds: readonly string[]
  sources?: SourceNews
}

/** What is known of the sources once a batch is saved. */
export interface SourceNews {
  /** All of them. */
  states: readonly SourceState[]
  /** All of them; null where they are those that were saved last. */
  rejections: readonly StoredRejection[] | null
}

export interface SavedChange {
  /** The root sessions of the trees in which anything is new, different or gone. */
  sessionIds: string[]
  /** New or different from before. */
  traceIds: string[]
  removedTraceIds: string[]
  /** Root sessions and others. */
  removedSessionIds: string[]
  /** Of every session and trace that is new, different or gone: the root session in whose tree it stands, or stood. */
  rootOf: ReadonlyMap<string, string>
  /** Of those among them that stood in another tree before: the root session of that one. */
  movedFrom: ReadonlyMap<string, string>
}

export interface TraceWriter {
  /** Replaces whole root trees, in one transaction. Rows that are the same as before are left alone. */
  saveTraces(batch: SaveBatch): Promise<SavedChange>
  saveSources(news: SourceNews): Promise<void>
  loadSources(): Promise<SourceState[]>
  loadRejections(): Promise<StoredRejection[]>
  loadStamps(sourceId: string): Promise<SessionStamp[]>
  loadLinks(): Promise<SessionLink[]>
  /** While others need all processors and the memory: it takes one processor for each thing that it does. */
  giveWay(isGivingWay: boolean): Promise<void>
}

// ---------------------------------------------------------------- statistics

/** Of the values that there are; all zero when there is none. Quantiles are interpolated between neighbours. */
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
  /** Root sessions in whose tree it worked. */
  sessions: number
  /** Traces with status ERROR. */
  errors: number
  duration: Distribution
  active: Distribution
  /** Of `total`, as the filters have it. */
  cost: Distribution
  tokens: Distribution
  own: Usage
  models: string[]
  firstMs: number
  lastMs: number
}

/** What is normal for an agent: of its traces that are over. A fork's copies are not counted twice. */
export interface AgentBaseline {
  agent: string
  sampleSize: number
  durationMs: Distribution
  /** Of `total`, as the filters have it. */
  cost: Distribution
  tokens: Distribution
}

/** What is normal can't be said of fewer. */
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
  /** Of a span of time the day of its start (`2026-11-24`), or its start whole (of an hour), in UTC; otherwise a name. */
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

/** Each method is one statement. All of them say something about the traces that a filter admits, and no others. */
export interface AnalyticsReader extends FlowReader {
  /** By name. */
  agentStats(filter: TraceFilter, rule: StaleRule): Promise<AgentStats[]>
  /** What the traces of each agent spent with all below them; one that stands below another of its agent counts once. */
  agentTotals(filter: TraceFilter, rule: StaleRule): Promise<AgentTotal[]>
  /** The most used first. */
  agentTools(filter: TraceFilter, rule: StaleRule): Promise<(ToolStats & { agent: string })[]>
  /** Of the traces admitted those that another agent called; the most frequent first. */
  agentCallers(filter: TraceFilter, rule: StaleRule): Promise<AgentCall[]>
  /** What the traces admitted called, whether it is admitted or not; the most frequent first. */
  agentCallees(filter: TraceFilter, rule: StaleRule): Promise<AgentCall[]>
  /** Only the groups that have traces: those of time in order, the others by cost, the dearest first. */
  usageBy(by: UsageGrouping, filter: TraceFilter, rule: StaleRule): Promise<UsageRow[]>
  facets(): Promise<Facets>
  /** Of each agent; null where fewer than `SMALLEST_SAMPLE` of its traces are over. Over the whole history. */
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
  /** Those whose second trace has the status ERROR. */
  errors: number
  /** From the end of the first to the start of the second; null for delegations. */
  medianGapMs: number | null
}

/** Which traces a diagram is of: those of a filter, or for each of these sessions all of its tree. */
export type FlowScope =
  | { kind: 'filter'; filter: TraceFilter }
  /** Of a session that a delegation opened: what ran in it, with all below. */
  | { kind: 'sessions'; sessionIds: readonly string[] }

export interface FlowReader {
  /** One graph for a filter, one a session for sessions. One statement. */
  flowNodes(scope: FlowScope, rule: StaleRule): Promise<FlowNode[][]>
  /** Edges between two traces of the scope, delegations first, then the most frequent first. One statement. */
  flowEdges(scope: FlowScope, rule: StaleRule): Promise<FlowEdge[][]>
}

// ---------------------------------------------------------------- anomalies

export const ANOMALY_KINDS = ['SLOW', 'COSTLY', 'TOKEN_HEAVY', 'FAILED', 'STUCK', 'DEEP', 'WIDE', 'REPEATED'] as const
export type AnomalyKind = (typeof ANOMALY_KINDS)[number]

export interface Anomaly {
  kind: AnomalyKind
  subject: { kind: 'session' | 'trace'; id: string }
  /** Of a trace. */
  agent: string | null
  /** Of what is measured the robust z-score; of repeated prompts their number; otherwise 1. */
  score: number
  /** In the unit of its kind: milliseconds, US dollars, tokens, levels, calls. */
  value: number
  /** `median` in the unit of `value`, `mad` of the natural logarithm; null where nothing is compared. */
  baseline: { median: number; mad: number; sampleSize: number } | null
  /** What failed, or the agent that was called again and again. */
  detail: string | null
}

/** Of each trace itself; of each session what its whole tree has, itself included. */
export interface AnomalyScope {
  kind: 'traces' | 'sessions'
  ids: readonly string[]
}

export interface AnomalyPage {
  totalCount: number
  page: Page<Anomaly>
}

/**
 * One statement each; the highest score first, the latest first among equals. What is normal is always said of the whole
 * history; a filter decides what is looked at.
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
  /** Words, "phrases", prefix*, -excluded; one that asks for nothing throws BAD_USER_INPUT. */
  query: string
  /** All when left out. */
  fields?: readonly TextField[] | null | undefined
  filter?: TraceFilter | null | undefined
}

export interface TextMatch {
  /** Of a title: the first trace of its session that the filter admits. */
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
  /** One statement: the best first, the latest first among equals. */
  searchText(search: TextSearch, page: Pick<PageArgs, 'first' | 'after'>, rule: StaleRule): Promise<TextPage>
}
