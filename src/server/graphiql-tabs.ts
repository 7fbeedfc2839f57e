/** The tabs that GraphiQL opens with: examples of what the API can do, each of which runs unchanged on any data. */
import type { Services } from '../resolvers/context.ts'
import { ANY_PATTERNS, samplePatterns } from '../resolvers/sample-patterns.ts'

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

const LATEST_SESSIONS = `# The latest sessions: what was asked, who worked on it, what it cost.
# Hold Ctrl (Cmd) and press Enter to run it; the book on the left explains every field.
query LatestSessions {
  sessions(first: 20, orderBy: { field: LAST_ACTIVITY_AT }) {
    totalCount
    nodes {
      id
      title
      status
      lastActivityAt
      agents
      traceCount
      maxDepth
      total { cost tokensIn tokensOut }
      rootTraces { id agent status promptPreview }
    }
  }
}
`

const WHOLE_TREE = `# The whole tree of the latest session, flat and depth first: "depth" is the indentation.
# For another one, take its id from the first tab: sessions(filter: { ids: ["ses_…"] }) { … }
query WholeTree {
  sessions(first: 1, orderBy: { field: LAST_ACTIVITY_AT }) {
    nodes {
      id
      title
      resumeCommand
      traces {
        totalCount
        nodes {
          depth
          agent
          description
          status
          offsetMs
          durationMs
          activeMs
          total { cost tokensIn tokensOut }
          toolsUsed
          id
          parentId
        }
      }
    }
  }
}
`

const TRACE_PROMPTS = `# The complete prompt and answer of the latest trace, beside its caller's prompt.
# For another one: trace(id: "prt_…") { … }
query TracePrompts {
  traces(first: 1) {
    nodes {
      id
      path
      status
      promptInput
      promptOutput
      toolCalls { nodes { tool status title durationMs } }
      parent { agent promptInput }
    }
  }
}
`

const COSTLIEST_DELEGATIONS = `# The most expensive delegations of the week, each including everything below it.
query CostliestDelegations($from: DateTime) {
  traces(
    filter: { kind: DELEGATION, startedAt: { from: $from } }
    orderBy: { field: COST }
    first: 20
  ) {
    totalCount
    nodes {
      path
      description
      startedAt
      durationMs
      descendantCount
      total { cost tokensIn tokensOut llmCalls }
      models
      rootSession { id title }
      id
    }
  }
}
`

const AGENT_RUNS = `# The runs of one agent between two dates: change both below, under "Variables".
query AgentRuns($agent: String!, $from: DateTime, $to: DateTime) {
  traces(filter: { agents: [$agent], startedAt: { from: $from, to: $to } }, first: 50) {
    totalCount
    nodes {
      id
      startedAt
      status
      parentAgent
      promptPreview(length: 200)
      durationMs
      total { cost tokensIn tokensOut }
      tools { tool calls errors }
    }
  }
}
`

const CALLED_OR_RIGHT_AFTER = `# Where the agent of the latest delegation was called by its caller's agent, or ran right after it: change the agents below, under "Variables".
# a > b: called · a >> b: at any depth · a ; b: right after · a ;; b: later · a -> b: called or right after · a ->> b: below or later
query CalledOrRightAfter($pattern: String!) {
  searchPattern(pattern: $pattern, direction: DESC, first: 20) {
    totalCount
    sessionCount
    warnings
    nodes {
      session { id title }
      startedAt
      durationMs
      total { cost tokensIn tokensOut }
      bindings { step trace { id agent status path promptPreview } }
      edges { kind distance gapMs }
    }
  }
}
`

const FAILED_AND_LEFT = `# Runs of an agent that failed and were never followed by another run of it: change the agent below, under "Variables".
query FailedAndLeft($pattern: String!) {
  searchPattern(pattern: $pattern, direction: DESC, first: 20) {
    totalCount
    sessionCount
    warnings
    nodes {
      session { id title }
      bindings { trace { id startedAt error { name message } promptPreview } }
    }
  }
}
`

const COSTLY_BELOW = `# Expensive runs below an agent: change the agent and the amount (US dollars) below, under "Variables".
query CostlyBelow($pattern: String!) {
  searchPattern(pattern: $pattern, direction: DESC, first: 20) {
    totalCount
    sessionCount
    warnings
    nodes {
      session { id title }
      bindings { trace { id agent path durationMs total { cost tokensIn tokensOut } } }
      edges { distance }
    }
  }
}
`

const SEARCH_TEXTS = `# Prompts, answers, descriptions and titles with a word of the latest delegation: change it below, under "Variables".
# words "a phrase" prefix* -excluded; case and accents are ignored.
query SearchTexts($query: String!) {
  searchText(query: $query, first: 20) {
    totalCount
    nodes {
      field
      score
      snippet
      highlights { start end }
      trace { id path startedAt rootSession { id title } }
    }
  }
}
`

const AGENTS = `# Every agent: duration, cost, error rate, who calls it and whom it calls.
query AgentStatistics {
  agents {
    agent
    invocations
    errorRate
    duration { p50 p95 max }
    cost { p50 p95 max sum }
    own { cost tokensIn tokensOut }
    calledBy { agent count }
    delegatesTo { agent count }
    tools { tool calls errors }
  }
}
`

const USAGE_BY_DAY = `# What the last days cost, day by day. by: HOUR DAY WEEK MONTH AGENT MODEL PROJECT SESSION
query UsageByDay($from: DateTime) {
  usage(by: DAY, filter: { startedAt: { from: $from } }) {
    key
    own { cost tokensIn tokensOut llmCalls }
    invocations
    errors
    activeMs
  }
}
`

const CHAIN_OF_EXECUTION = `# The chain of execution over all sessions: which agent called which, and which ran after which.
query ChainOfExecution {
  flow {
    nodes { agent invocations errors activeMs own { cost } }
    edges { from to kind count errors medianGapMs }
  }
}
`

const ANOMALIES = `# Anomalies: runs that are abnormally long or expensive, failed, stuck or repeated, each with an explanation.
query AbnormalRuns {
  anomalies(first: 20) {
    totalCount
    nodes {
      kind
      explanation
      score
      baseline { median sampleSize }
      subject {
        ... on Session { id title }
        ... on Trace { id path promptPreview }
      }
    }
  }
}
`

const COMPARE_LATEST = `# The two latest sessions that delegated, side by side: change them below, under "Variables".
query CompareLatest($a: ID!, $b: ID!) {
  compareSessions(a: $a, b: $b) {
    a { id title traceCount activeMs total { cost } }
    b { id title traceCount activeMs total { cost } }
    agents { agent invocationsA invocationsB ownA { cost } ownB { cost } activeMsA activeMsB }
    onlyInA { path description }
    onlyInB { path description }
  }
}
`

const HANDOFFS = `# What the latest delegations passed on: how much of the caller's prompt reappears, and what differs.
query Handoffs {
  traces(filter: { kind: DELEGATION }, first: 20) {
    nodes {
      id
      path
      handoff { similarity addedLines removedLines diff }
    }
  }
}
`

export interface Tab {
  query: string
  variables?: Readonly<Record<string, unknown>>
}

/**
 * The tabs, with dates, agents and words from the stored data so that none of them comes back empty.
 *
 * @param services null if the tabs must reveal nothing of the stored data
 */
export async function readyTabs(services: Services | null): Promise<Tab[]> {
  const [latest, sessions, patterns] =
    services === null
      ? [{ startedMs: Date.now(), agent: 'build', word: 'test' }, { a: '', b: '' }, ANY_PATTERNS]
      : await Promise.all([
          latestTrace(services),
          latestSessions(services),
          samplePatterns(services.store, services.staleAfterMs),
        ])
  const fromMs = latest.startedMs - WEEK_MS
  const from = new Date(fromMs - (fromMs % (24 * 60 * 60 * 1000))).toISOString()
  const to = new Date(latest.startedMs + WEEK_MS).toISOString()
  return [
    { query: LATEST_SESSIONS },
    { query: WHOLE_TREE },
    { query: TRACE_PROMPTS },
    { query: COSTLIEST_DELEGATIONS, variables: { from } },
    { query: AGENT_RUNS, variables: { agent: latest.agent, from, to } },
    { query: CALLED_OR_RIGHT_AFTER, variables: { pattern: patterns.related } },
    { query: FAILED_AND_LEFT, variables: { pattern: patterns.left } },
    { query: COSTLY_BELOW, variables: { pattern: patterns.costly } },
    { query: SEARCH_TEXTS, variables: { query: latest.word } },
    { query: AGENTS },
    { query: USAGE_BY_DAY, variables: { from } },
    { query: CHAIN_OF_EXECUTION },
    { query: ANOMALIES },
    { query: COMPARE_LATEST, variables: { ...sessions } },
    { query: HANDOFFS },
  ]
}

interface Latest {
  startedMs: number
  agent: string
  /** The longest word of its prompt. */
  word: string
}

async function latestTrace({ store, staleAfterMs }: Services): Promise<Latest> {
  const nowMs = Date.now()
  const order = { field: 'STARTED_AT', direction: 'DESC' } as const
  const columns = ['startedMs', 'agent', 'promptInput'] as const
  const { items } = await store.pageTraces({ kind: 'DELEGATION' }, order, { first: 1 }, columns, {
    nowMs,
    staleAfterMs,
  })
  const row = items[0]?.node
  const words = row?.promptInput?.slice(0, 1000).match(/\p{L}+/gu) ?? []
  const word = words.reduce((longest, each) => (each.length > longest.length ? each : longest), '')
  return { startedMs: row?.startedMs ?? nowMs, agent: row?.agent ?? 'build', word: word || 'test' }
}

/** The two latest sessions with delegations; if there is only one, it is compared with itself. */
async function latestSessions({ store, staleAfterMs }: Services): Promise<{ a: string; b: string }> {
  const order = { field: 'STARTED_AT', direction: 'DESC' } as const
  const rule = { nowMs: Date.now(), staleAfterMs }
  const { items } = await store.pageSessions({ hasDelegations: true }, order, { first: 2 }, rule)
  const [b = '', a = b] = items.map(({ node }) => node.id)
  return { a, b }
}
