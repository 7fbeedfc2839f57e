/**
 * The plain data types that every part of delegraph shares.
 *
 * There are two groups: what a source delivers (`SessionRecord`, `MessageRecord`, `PartRecord`: OpenCode's data,
 * normalised on reading) and what is built from it (`Session`, `Trace`, `ToolCall`). All times are UTC milliseconds
 * since 1970.
 */

// ---------------------------------------------------------------- usage

/**
 * Five disjoint kinds of tokens: `input` excludes cache reads and writes, `output` excludes reasoning. Cost is in USD.
 */
export interface Usage {
  input: number
  output: number
  reasoning: number
  cacheRead: number
  cacheWrite: number
  cost: number
  /** Language model calls that got an answer, including compactions. */
  llmCalls: number
}

export const noUsage = (): Usage => ({
  input: 0,
  output: 0,
  reasoning: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cost: 0,
  llmCalls: 0,
})

/** Adds `more` to `sum`, in place. */
export function addUsage(sum: Usage, more: Usage): void {
  sum.input += more.input
  sum.output += more.output
  sum.reasoning += more.reasoning
  sum.cacheRead += more.cacheRead
  sum.cacheWrite += more.cacheWrite
  sum.cost += more.cost
  sum.llmCalls += more.llmCalls
}

/** Subtracts `part` from `sum`, in place. */
export function subtractUsage(sum: Usage, part: Usage): void {
  sum.input -= part.input
  sum.output -= part.output
  sum.reasoning -= part.reasoning
  sum.cacheRead -= part.cacheRead
  sum.cacheWrite -= part.cacheWrite
  sum.cost -= part.cost
  sum.llmCalls -= part.llmCalls
}

// ---------------------------------------------------------------- what a source delivers

export const SOURCE_KINDS = ['OPENCODE_JSON', 'OPENCODE_SQLITE', 'OPENCODE_EXPORT'] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]

/** A place where OpenCode keeps history: a storage directory, a database or an export file. */
export interface SourceRef {
  /** `<kind>:<absolute path>`, so that the id is the same at every start. */
  id: string
  kind: SourceKind
  path: string
}

/** A conversation, as OpenCode stores it. */
export interface SessionRecord {
  id: string
  parentId: string | null
  title: string
  directory: string | null
  /** The path of the worktree, or `global` outside of a repository. */
  project: string | null
  /** The version of OpenCode that created the session. */
  version: string | null
  createdMs: number
  updatedMs: number
  archivedMs: number | null
  /** The user has undone the conversation from this message on (`revert`); the messages may still be stored. */
  revertMessageId: string | null
}

export interface FailureRecord {
  name: string
  message: string
}

/** A message with its parts. `usage` is normalised: see `Usage`. */
export interface MessageRecord {
  id: string
  sessionId: string
  role: 'user' | 'assistant'
  createdMs: number
  completedMs: number | null
  /** For an assistant message, the user message that it answers. OpenCode 0.5 does not store it. */
  parentId: string | null
  agent: string | null
  model: string | null
  /** Why the language model stopped (`stop`, `tool-calls`, …). OpenCode 0.5 does not store it. */
  finish: string | null
  error: FailureRecord | null
  /** An assistant message that summarises the conversation (a compaction). */
  summary: boolean
  /**
   * An assistant message that gives its answer as structured output: by a tool call after which no further step comes.
   */
  structured: boolean
  /**
   * A user message that the `task` tool wrote. Only OpenCode 1.0 to 1.2 reveal it: such a message states whether its
   * agent may use `todowrite`.
   */
  byTask: boolean
  /** Usage of an assistant message, taken from its steps or from the message itself; null for a user message. */
  usage: Usage | null
  parts: PartRecord[]
}

/** The parts that a trace needs; a source may omit all others. Their order does not matter: the builder sorts them. */
export type PartRecord =
  | {
      type: 'text'
      id: string
      text: string
      synthetic: boolean
      ignored: boolean
      /** `opencode export --sanitize` replaced the text by a placeholder, which differs in each copy of the message. */
      redacted: boolean
      startMs: number | null
      endMs: number | null
    }
  | ToolPartRecord
  | { type: 'subtask'; id: string; agent: string; prompt: string; description: string | null }
  /** `overflow`: the conversation exceeded the model's context, so the current prompt is stored again afterwards. */
  | { type: 'compaction'; id: string; auto: boolean; overflow: boolean }
  | { type: 'step-start'; id: string }
  /** `usage`: the usage of this step in OpenCode 0.5, where a message holds several steps; null from 1.0 on. */
  | { type: 'step-finish'; id: string; usage: Usage | null }
  /** Anything else that a person added to a message (a file, an agent mention). */
  | { type: 'attachment'; id: string }

export interface ToolPartRecord {
  type: 'tool'
  id: string
  tool: string
  status: 'pending' | 'running' | 'completed' | 'error'
  title: string | null
  error: string | null
  startMs: number | null
  endMs: number | null
  /** Only for the tool `task`. */
  task: TaskCallRecord | null
}

/** The arguments of a `task` call, and what its metadata says about the child session. */
export interface TaskCallRecord {
  agent: string | null
  description: string | null
  prompt: string | null
  /** The session that ran the call, if the part names it (`metadata.sessionId`). */
  sessionId: string | null
  /** The session that the call asked to continue (`task_id`, `session_id`); it may not exist. */
  resumes: string | null
  /** The sessions of the child's tool parts, which OpenCode 0.5 copied into `metadata.summary[].sessionID`. */
  summarySessionIds: string[]
  /** The caller's session according to the metadata (1.18). If it is not the part's own, the part is a fork's copy. */
  parentSessionId: string | null
  background: boolean
  /** The result as the part holds it: wrapped and possibly truncated. */
  output: string | null
  /** `opencode export --sanitize` removed the arguments and metadata: only the call's times and status are known. */
  redacted: boolean
}

/** A session with everything that building its traces needs. */
export interface SessionContent {
  session: SessionRecord
  messages: MessageRecord[]
}

// ---------------------------------------------------------------- what is built

export const TRACE_KINDS = ['USER_TURN', 'DELEGATION'] as const
export type TraceKind = (typeof TRACE_KINDS)[number]

/** `RUNNING` is what the files say; a query decides by `staleAfterMs` whether it counts as `INTERRUPTED` instead. */
export const TRACE_STATUSES = ['RUNNING', 'COMPLETED', 'ERROR', 'ABORTED', 'INTERRUPTED'] as const
export type TraceStatus = (typeof TRACE_STATUSES)[number]

/** How two traces are connected: the first one called the second, or had ended before it started. */
export const EDGE_KINDS = ['DELEGATED', 'FOLLOWED'] as const
export type EdgeKind = (typeof EDGE_KINDS)[number]

/** One prompt answered by one agent. */
export interface Trace {
  id: string
  kind: TraceKind
  agent: string
  description: string | null
  /** The session that it ran in; null while none exists. */
  sessionId: string | null
  rootSessionId: string
  /** For a delegation, the session whose message made the call; for a turn, its own session. */
  callerSessionId: string
  parentId: string | null
  parentAgent: string | null
  status: TraceStatus
  error: FailureRecord | null
  promptInput: string
  promptOutput: string | null
  startedMs: number
  endedMs: number | null
  /** The latest time in its own messages and call, without those below it. */
  lastActivityMs: number
  /** Time from the start of its root trace to its own start. */
  offsetMs: number
  durationMs: number | null
  waitMs: number | null
  activeMs: number | null
  own: Usage
  total: Usage
  /** In order of first use. */
  models: string[]
  /** Distinct, in order of first use. */
  toolsUsed: string[]
  /** In call order. */
  toolCalls: ToolCall[]
  depth: number
  /** Nested-set numbers from 1, unique in the root session: B is below A when A.lft < B.lft and B.rgt < A.rgt. */
  lft: number
  rgt: number
  /** Position among its parent's children (or among the root traces of its root session), from 0. */
  ord: number
  childCount: number
  /**
   * The earliest end among the traces of the same caller that start at or after this trace's end and come after it in
   * the order (start, end, id). A trace B directly follows this one when its end ≤ B.start < followBeforeMs. Null if no
   * such trace has ended.
   */
  followBeforeMs: number | null
  /**
   * The id of the trace that ends at `followBeforeMs`, if its duration is zero; null otherwise. A B of zero duration at
   * that same instant also follows directly, provided that its id is not greater than this one.
   */
  followBeforeId: string | null
  linkInferred: boolean
  orphan: boolean
  copied: boolean
  reverted: boolean
  /** Called to run in the background: its caller did not wait for it. */
  background: boolean
  /** It ends before it starts according to OpenCode's data; its duration was clamped to 0. */
  clockSkewed: boolean
}

export interface ToolCall {
  /** The part's id, `prt_…`, because the provider's call ids are not unique. */
  id: string
  tool: string
  status: string
  title: string | null
  error: string | null
  startedMs: number | null
  endedMs: number | null
  /** Whether it is a `task` call. The trace that it opened has the same id as the call. */
  delegation: boolean
}

/** A session with the totals of its whole tree. */
export interface Session {
  id: string
  title: string
  directory: string | null
  project: string | null
  version: string | null
  sourceId: string
  parentId: string | null
  rootId: string
  forkedFromId: string | null
  archivedMs: number | null
  startedMs: number
  /** The latest activity in its whole tree. */
  lastActivityMs: number
  durationMs: number
  activeMs: number
  /** Whether anything in its tree is RUNNING according to the files. */
  running: boolean
  /** The status of the last trace that ran in it; COMPLETED if none did. */
  lastStatus: TraceStatus
  traceCount: number
  delegationCount: number
  errorCount: number
  maxDepth: number
  agents: string[]
  models: string[]
  own: Usage
  total: Usage
}

/** New rows for some sessions: they replace every stored trace and session whose root is among `sessionIds`. */
export interface Forest {
  /** Every session that took part, including those deleted since (they have no row in `sessions`). */
  sessionIds: string[]
  sessions: Session[]
  /** Depth first within each root session. */
  traces: Trace[]
}
