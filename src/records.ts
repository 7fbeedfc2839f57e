/**
 * The words that every part of delegraph shares, as plain data.
 *
 * Two groups: what a source delivers (`SessionRecord`, `MessageRecord`, `PartRecord`: OpenCode's own data, normalised at
 * the door) and what is built from it (`Session`, `Trace`, `ToolCall`). All times are UTC milliseconds since 1970.
 */

// ---------------------------------------------------------------- usage

/** Five kinds of tokens, none counted twice: `input` is without cache, `output` without reasoning. Cost in USD. */
export interface Usage {
  input: number
  output: number
  reasoning: number
  cacheRead: number
  cacheWrite: number
  cost: number
  /** Answered calls of the language model, compactions included. */
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

/** Takes `part` away from `sum`, in place. */
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

/** One store of OpenCode's: a storage directory, a database or an export file. */
export interface SourceRef {
  /** `<kind>:<absolute path>`, so the same store has the same id at every start. */
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
  /** The worktree's path; `global` where there is no repository. */
  project: string | null
  /** The version of OpenCode that made the session. */
  version: string | null
  createdMs: number
  updatedMs: number
  archivedMs: number | null
  /** The message from which on its user has undone the conversation; the messages may still be stored. */
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
  /** Of an assistant message: the user message that it answers. OpenCode 0.5 does not store it. */
  parentId: string | null
  agent: string | null
  model: string | null
  /** Why the language model stopped (`stop`, `tool-calls`, …). OpenCode 0.5 does not store it. */
  finish: string | null
  error: FailureRecord | null
  /** An assistant message that sums the conversation up (a compaction). */
  summary: boolean
  /** An assistant message that gave its answer as structured output, by a tool call after which nothing more is asked. */
  structured: boolean
  /** A user message that the `task` tool wrote, as OpenCode 1.0 to 1.2 show: it says whether its agent may keep a list. */
  byTask: boolean
  /** Tokens, cost and answered calls of an assistant message, from its steps or from itself; null for a user's. */
  usage: Usage | null
  parts: PartRecord[]
}

/** Parts that a trace needs; a source may leave all others out. In any order: the builder sorts them. */
export type PartRecord =
  | {
      type: 'text'
      id: string
      text: string
      synthetic: boolean
      ignored: boolean
      /** `opencode export --sanitize` took it out: what stands in its place is another text in each copy. */
      redacted: boolean
      startMs: number | null
      endMs: number | null
    }
  | ToolPartRecord
  | { type: 'subtask'; id: string; agent: string; prompt: string; description: string | null }
  /** `overflow`: the conversation had outgrown what the model takes, and the prompt that it was at comes again. */
  | { type: 'compaction'; id: string; auto: boolean; overflow: boolean }
  | { type: 'step-start'; id: string }
  /** `usage`: what this step used, in 0.5, where a message holds several; null from 1.0 on. */
  | { type: 'step-finish'; id: string; usage: Usage | null }
  /** Anything else that a person put into a message (a file, an agent mention). */
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
  /** Only of tool `task`. */
  task: TaskCallRecord | null
}

/** The arguments of a `task` call and what its metadata say of the child session. */
export interface TaskCallRecord {
  agent: string | null
  description: string | null
  prompt: string | null
  /** The session that ran it, where the part names it (`metadata.sessionId`). */
  sessionId: string | null
  /** The session that the call asked to continue (`task_id`, `session_id`); it may not exist. */
  resumes: string | null
  /** Sessions seen in the child's tool parts that 0.5 copied into the metadata (`metadata.summary[].sessionID`). */
  summarySessionIds: string[]
  /** The session that the metadata give as the caller's (1.18); another than the part's own betrays a fork's copy. */
  parentSessionId: string | null
  background: boolean
  /** What the part holds as its result: wrapped and maybe cut. */
  output: string | null
  /** `opencode export --sanitize` took its arguments and metadata out: that it was made, and when, is all that is known. */
  redacted: boolean
}

/** A session with everything that a trace needs of it. */
export interface SessionContent {
  session: SessionRecord
  messages: MessageRecord[]
}

// ---------------------------------------------------------------- what is built

export const TRACE_KINDS = ['USER_TURN', 'DELEGATION'] as const
export type TraceKind = (typeof TRACE_KINDS)[number]

/** `RUNNING` is what the files say; whether it is so is decided when asked, by `staleAfterMs`. */
export const TRACE_STATUSES = ['RUNNING', 'COMPLETED', 'ERROR', 'ABORTED', 'INTERRUPTED'] as const
export type TraceStatus = (typeof TRACE_STATUSES)[number]

/** How one trace comes after another: called by it, or after it had ended. */
export const EDGE_KINDS = ['DELEGATED', 'FOLLOWED'] as const
export type EdgeKind = (typeof EDGE_KINDS)[number]

/** One prompt answered by one agent. */
export interface Trace {
  id: string
  kind: TraceKind
  agent: string
  description: string | null
  /** The session it ran in; null while none exists. */
  sessionId: string | null
  rootSessionId: string
  /** The conversation that called: of a delegation the session whose message made the call, of a turn its own session. */
  callerSessionId: string
  parentId: string | null
  parentAgent: string | null
  status: TraceStatus
  error: FailureRecord | null
  promptInput: string
  promptOutput: string | null
  startedMs: number
  endedMs: number | null
  /** Of its own messages and call. */
  lastActivityMs: number
  /** From the start of its root trace. */
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
  /** In the order in which they were made. */
  toolCalls: ToolCall[]
  depth: number
  /** Nested-set numbers within the root session: B is below A when A.lft < B.lft and B.rgt < A.rgt. From 1; each number once. */
  lft: number
  rgt: number
  /** Place among the children of its parent (or among the root traces of its root session), from 0. */
  ord: number
  childCount: number
  /**
   * The earliest end among the traces of its caller that start at or after its own end and come after it in the order
   * (start, end, id): B directly follows it when its end ≤ B.start < followBeforeMs. Null where none ends.
   */
  followBeforeMs: number | null
  /**
   * Of the trace that ends at `followBeforeMs`, when it is without length (it starts there, too): a B without length at
   * that very moment follows as well, when its id is not greater. Null otherwise.
   */
  followBeforeId: string | null
  linkInferred: boolean
  orphan: boolean
  copied: boolean
  reverted: boolean
  /** Called to run in the background: its caller did not wait. */
  background: boolean
  /** The times that OpenCode stored run backwards; durations were clamped to 0. */
  clockSkewed: boolean
}

export interface ToolCall {
  /** The part's id, `prt_…`; provider call ids repeat. */
  id: string
  tool: string
  status: string
  title: string | null
  error: string | null
  startedMs: number | null
  endedMs: number | null
  /** The trace that it opened, where it is a `task` call. Its id is the call's own. */
  delegation: boolean
}

/** A session with the figures of its whole tree. */
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
  /** In its whole tree. */
  lastActivityMs: number
  durationMs: number
  activeMs: number
  /** Anything in its tree is RUNNING by its files. */
  running: boolean
  /** Of its last turn. COMPLETED where there is none. */
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

/** What replaces the stored rows of some sessions: every trace and session whose root is among `sessionIds` is replaced. */
export interface Forest {
  /** Every session that took part, also those that are gone since (they have no row in `sessions`). */
  sessionIds: string[]
  sessions: Session[]
  /** Depth first within each root session. */
  traces: Trace[]
}
