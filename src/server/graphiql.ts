/** GraphiQL from this process alone, with tabs that show what can be asked: each runs as it stands on any data. */
import type { GraphiQLOptions } from 'graphql-yoga'
import type { Services } from '../resolvers/context.ts'

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

const TRACE_PROMPTS = `# What the latest trace was told and what it answered, whole, with its caller's prompt beside it.
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

const COSTLIEST_DELEGATIONS = `# The costliest delegations of the week, each with everything below it.
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

const TESTER_THEN_REFACTORING = `# Where a refactoring was called by a tester, or came right after one that the same agent had called.
# a > b: called · a >> b: at any depth · a ; b: right after · a ;; b: later · a -> b: called or right after · a ->> b: below or later
query TesterThenRefactoring {
  searchPattern(pattern: "tester -> refactoring", first: 20) {
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

const FAILED_AND_LEFT = `# Testers that failed and were never followed by another tester.
query FailedAndLeft {
  searchPattern(pattern: "tester[status=error] ;; !tester", first: 20) {
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

const COSTLY_BELOW = `# Anything below a coordinateur that cost more than a dollar.
query CostlyBelow {
  searchPattern(pattern: "coordinateur >> *[cost>1]", first: 20) {
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

/** The tabs; their dates and their agent are those of the latest trace, so that none of them comes back empty. */
export async function graphiqlOptions(services: Services): Promise<GraphiQLOptions> {
  const latest = await latestTrace(services)
  const fromMs = latest.startedMs - WEEK_MS
  const from = new Date(fromMs - (fromMs % (24 * 60 * 60 * 1000))).toISOString()
  const to = new Date(latest.startedMs + WEEK_MS).toISOString()
  return {
    title: 'delegraph',
    defaultTabs: [
      { query: LATEST_SESSIONS },
      { query: WHOLE_TREE },
      { query: TRACE_PROMPTS },
      { query: COSTLIEST_DELEGATIONS, variables: JSON.stringify({ from }, null, 2) },
      { query: AGENT_RUNS, variables: harmless(JSON.stringify({ agent: latest.agent, from, to }, null, 2)) },
      { query: TESTER_THEN_REFACTORING },
      { query: FAILED_AND_LEFT },
      { query: COSTLY_BELOW },
    ],
  }
}

async function latestTrace({ store, staleAfterMs }: Services): Promise<{ startedMs: number; agent: string }> {
  const nowMs = Date.now()
  const order = { field: 'STARTED_AT', direction: 'DESC' } as const
  const { items } = await store.pageTraces({ kind: 'DELEGATION' }, order, { first: 1 }, ['startedMs', 'agent'], {
    nowMs,
    staleAfterMs,
  })
  const row = items[0]?.node
  return { startedMs: row?.startedMs ?? nowMs, agent: row?.agent ?? 'build' }
}

/**
 * A tab that is pressed jumps to where its opening animation began, so that letting go misses it and it is not chosen.
 * Tabs that stay where they are can be pressed; they can still be closed and added, only not dragged.
 */
const TABS_STAY = '<style>.graphiql-tab { transform: none !important; }</style>'

/** JSON that can stand in the page's script, whatever an agent is called: `</script>` in its name must not end it. */
const harmless = (json: string): string => json.replaceAll('<', '\\u003c').replaceAll('$', '\\u0024')

/** Loaded when somebody opens the page: it is 9 MB of text. */
export async function renderPage(options?: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  // A function, since the replacement of a text would read "$" in it as its own.
  return renderGraphiQL(options).replace('</head>', () => `${TABS_STAY}</head>`)
}
