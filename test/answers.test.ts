/**
 * From OpenCode's files to the GraphQL answer, for every recording: each node must be as the recording's
 * `expected.json` says, which was made without looking at OpenCode's data. For facts that OpenCode itself did not
 * store, `asStored` makes the exceptions and gives the reasons.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resolveSources } from '../src/ingest/opencode/discover.ts'
import { createIngester } from '../src/ingest/run.ts'
import { createApp } from '../src/server.ts'
import { openStore, type Store } from '../src/store/duckdb/open.ts'
import { type Expected, type ExpectedNode, listRecordings, type Recording } from './recordings.ts'
import { SILENT, servicesFor } from './services.ts'

const QUERY = /* GraphQL */ `
  query Everything($after: String) {
    traces(orderBy: { field: STARTED_AT, direction: ASC }, first: 500, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id kind agent description parentId depth promptInput promptOutput status
        error { name message }
        children { id }
        session { id }
        rootSession { id }
        toolCalls { nodes { tool } }
        own { ...Figures }
        total { ...Figures }
        linkInferred orphan copied reverted
      }
    }
    sessions(filter: { rootsOnly: false }, first: 500) {
      nodes {
        id parent { id } forkedFrom { id } own { ...Figures } total { ...Figures } traceCount traces { nodes { id } }
      }
    }
  }
  fragment Figures on Usage {
    cost llmCalls
    tokens { input output reasoning cacheRead cacheWrite total }
  }
`

const Figures = z.object({
  cost: z.number(),
  llmCalls: z.number(),
  tokens: z.object({
    input: z.number(),
    output: z.number(),
    reasoning: z.number(),
    cacheRead: z.number(),
    cacheWrite: z.number(),
    total: z.number(),
  }),
})
type Figures = z.infer<typeof Figures>
const Id = z.object({ id: z.string() })
const TraceAnswer = z.object({
  id: z.string(),
  kind: z.enum(['USER_TURN', 'DELEGATION']),
  agent: z.string(),
  description: z.string().nullable(),
  parentId: z.string().nullable(),
  depth: z.number(),
  promptInput: z.string(),
  promptOutput: z.string().nullable(),
  status: z.string(),
  error: z.object({ name: z.string(), message: z.string() }).nullable(),
  children: z.array(Id),
  session: Id.nullable(),
  rootSession: Id,
  toolCalls: z.object({ nodes: z.array(z.object({ tool: z.string() })) }),
  own: Figures,
  total: Figures,
  linkInferred: z.boolean(),
  orphan: z.boolean(),
  copied: z.boolean(),
  reverted: z.boolean(),
})
type TraceAnswer = z.infer<typeof TraceAnswer>
const Answer = z.object({
  errors: z.undefined().optional(),
  data: z.object({
    traces: z.object({
      totalCount: z.number(),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      nodes: z.array(TraceAnswer),
    }),
    sessions: z.object({
      nodes: z.array(
        z.object({
          id: z.string(),
          parent: Id.nullable(),
          forkedFrom: Id.nullable(),
          own: Figures,
          total: Figures,
          traceCount: z.number(),
          traces: z.object({ nodes: z.array(Id) }),
        }),
      ),
    }),
  }),
})
type Answer = z.infer<typeof Answer>['data']

/**
 * One store for all recordings, since most of the time would go into opening them: the data of the previous source goes
 * when that source does. Recordings are small, so a second thread would only add waiting.
 */
let store: Store
beforeAll(async () => {
  store = await openStore({ path: ':memory:', threads: 1 })
})
afterAll(() => store.close())

async function answer(paths: readonly string[], staleAfterMs: number): Promise<Answer> {
  const ingester = createIngester({ store, findSources: () => resolveSources(paths), threads: 0 })
  const { rejected } = await ingester.run()
  await ingester.close()
  expect.soft(rejected).toEqual([])
  const app = createApp(servicesFor(store, { staleAfterMs }), { token: null, log: SILENT, isReady: () => true })
  const response = await app.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: QUERY }),
  })
  const json: unknown = await response.json()
  return Answer.parse(json).data
}

// ---------------------------------------------------------------- the expected answers

interface Told {
  key: string
  kind: 'USER_TURN' | 'DELEGATION'
  agent: string
  description: string | null
  prompt: string
  status: string
  output: string | null
  error: string | null
  tools: string[]
  /** Any of these may be what OpenCode stored: see `usagesOf`. */
  usages: string[]
  reverted: boolean
  children: Told[]
}

function told(node: ExpectedNode, expected: Expected): Told {
  return {
    key: node.key,
    kind: node.kind === 'turn' ? 'USER_TURN' : 'DELEGATION',
    agent: node.agent,
    description: node.description,
    // For a command, OpenCode stores the expanded prompt only, not what the user typed.
    prompt: node.command ? '' : node.prompt,
    status: node.status.toUpperCase(),
    output: node.status === 'completed' ? node.output || null : null,
    error: node.error ?? null,
    tools: node.tools,
    usages: usagesOf(node, expected),
    reverted: node.reverted ?? false,
    children: node.children.map((child) => told(child, expected)),
  }
}

interface Spent {
  prompt_tokens?: number | undefined
  cached_tokens?: number | undefined
  completion_tokens?: number | undefined
  reasoning_tokens?: number | undefined
}

/**
 * Calls and tokens as billed, including compactions. OpenCode does not store the tokens of a call that was interrupted
 * while its tools ran, so the last call of an unfinished node may be missing.
 */
function usagesOf(node: ExpectedNode, { auxiliary_llm }: Expected): string[] {
  const served: Spent[] = node.requests.filter((request) => request.prompt_tokens !== undefined)
  const compactions = Object.entries(auxiliary_llm).flatMap(([kind, calls]): Spent[] =>
    kind !== 'title' && calls.for.length === 1 && calls.for[0] === node.key ? [calls] : [],
  )
  const cut = ['aborted', 'interrupted', 'running'].includes(node.status)
  const sum = (calls: readonly Spent[]) => {
    const of = (kind: keyof Spent) => calls.reduce((total, call) => total + (call[kind] ?? 0), 0)
    return usage(
      calls.length,
      of('prompt_tokens'),
      of('cached_tokens'),
      of('completion_tokens'),
      of('reasoning_tokens'),
    )
  }
  return [served, ...(cut ? [served.slice(0, -1)] : [])].map((calls) => sum([...calls, ...compactions]))
}

const usage = (calls: number, prompt: number, cached: number, completion: number, reasoning: number) =>
  `${calls} calls: ${prompt} in (${cached} cached), ${completion} out (${reasoning} reasoning)`

const billed = ({ llmCalls, tokens: t }: Figures) =>
  usage(llmCalls, t.input + t.cacheRead + t.cacheWrite, t.cacheRead, t.output + t.reasoning, t.reasoning)

/** The expected tree, as far as OpenCode stored it. Each exception is due to OpenCode, and explained. */
function asStored(recording: Recording, data: Answer): Told[] {
  const { expected } = recording
  const prompts = new Set(data.traces.nodes.map((trace) => trace.promptInput.trim()))
  const turns: Told[] = []
  for (const turn of expected.turns) {
    const node = told(turn, expected)
    if (expected.reverted?.includes(turn.key) && !prompts.has(turn.prompt)) {
      // The next prompt made OpenCode delete the messages of the undone turn. The session of its delegation remains,
      // without a call, and belongs to the turn before.
      for (const child of node.children) turns.at(-1)?.children.push({ ...child, description: null })
    } else if (turn.parent_session !== undefined) {
      // A plug-in made this session below another one: without a call, it has no description; it belongs to the turn
      // before.
      turns.at(-1)?.children.push({ ...node, kind: 'DELEGATION', description: null })
    } else turns.push(node)
  }
  const walk = (node: Told, source: ExpectedNode | undefined): void => {
    if (source?.command && recording.version.startsWith('1.0.')) {
      // 1.0 stores a command's turn, including its answer, under the agent that it delegates to.
      node.agent = source.children[0]?.agent ?? node.agent
    }
    if (source?.deleted) {
      // The session is deleted with all that it did; only its caller's call remains.
      Object.assign(node, { tools: [], usages: [usage(0, 0, 0, 0, 0)], children: [] })
    }
    for (const child of node.children) {
      const call = data.traces.nodes.find(
        (trace) => trace.kind === 'DELEGATION' && trace.description === child.description,
      )
      // The model omitted the prompt, which is why the call was refused.
      if (find(expected.turns, child.key)?.no_session && call?.promptInput === '') child.prompt = ''
      walk(child, find(expected.turns, child.key))
    }
  }
  for (const turn of turns) walk(turn, find(expected.turns, turn.key))
  return turns
}

function find(nodes: readonly ExpectedNode[], key: string): ExpectedNode | undefined {
  for (const node of nodes) {
    const found = node.key === key ? node : find(node.children, key)
    if (found !== undefined) return found
  }
  return undefined
}

/** Error messages of the recorder itself; OpenCode's own are worded differently. */
const OWN_WORDS = new Set(['permission refused', 'storage write failed (ENOENT)'])

/** `opencode run` appends a line feed to a prompt, and from 1.0 on puts quotes around an argument with spaces. */
function asTyped(prompt: string): string {
  const text = prompt.replace(/\n$/, '')
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('\\"', '"') : text
}

/** Compares a node of the answer, and all below it, with the expectation. */
function compare(want: Told, got: TraceAnswer, byId: ReadonlyMap<string, TraceAnswer>): void {
  const at = want.key
  expect.soft(got.kind, at).toBe(want.kind)
  expect.soft(got.agent, `${at}: agent`).toBe(want.agent)
  expect.soft(got.description, `${at}: description`).toBe(want.kind === 'USER_TURN' ? null : want.description)
  expect.soft(got.kind === 'USER_TURN' ? asTyped(got.promptInput) : got.promptInput, `${at}: prompt`).toBe(want.prompt)
  expect.soft(got.status, `${at}: status`).toBe(want.status)
  // Up to 1.2, OpenCode trims the end of an answer before it stores it.
  expect.soft(got.promptOutput?.trimEnd() ?? null, `${at}: output`).toBe(want.output?.trimEnd() ?? null)
  if (want.status === 'ERROR') {
    expect.soft(got.error?.message, `${at}: error`).toBeTruthy()
    if (want.error !== null && !OWN_WORDS.has(want.error)) expect.soft(got.error?.message, at).toContain(want.error)
  }
  // A call that OpenCode could not accept (of a denied tool; in 0.5, with arguments that do not parse) is stored as
  // `invalid`, and is not a delegation.
  const tools = got.toolCalls.nodes.map((call) => call.tool)
  expect.soft(tools, `${at}: tools`).toEqual(want.tools.map((tool, i) => (tools[i] === 'invalid' ? 'invalid' : tool)))
  const invalid = want.tools.flatMap((tool, i) => (tools[i] === 'invalid' && tool === 'task' ? [i] : []))
  const calls = want.tools.flatMap((tool, i) => (tool === 'task' ? [i] : []))
  const children = want.children.filter((_, n) => !invalid.includes(calls[n] ?? -1))
  expect.soft(want.usages, `${at}: usage`).toContain(billed(got.own))
  expect.soft([got.copied, got.orphan, got.reverted], `${at}: flags`).toEqual([false, false, want.reverted])

  const below = got.children.map(({ id }) => byId.get(id)).filter((child) => child !== undefined)
  expect
    .soft(
      below.map((child) => child.promptInput.slice(0, 80)),
      `${at}: children, in order`,
    )
    .toEqual(children.map((child) => child.prompt?.slice(0, 80) ?? ''))
  children.forEach((child, i) => {
    const trace = below[i]
    if (trace !== undefined) compare(child, trace, byId)
  })
}

const add = (list: readonly Figures[]): Figures => {
  const sum = (of: (f: Figures) => number) => list.reduce((total, figures) => total + of(figures), 0)
  return {
    cost: sum((f) => f.cost),
    llmCalls: sum((f) => f.llmCalls),
    tokens: {
      input: sum((f) => f.tokens.input),
      output: sum((f) => f.tokens.output),
      reasoning: sum((f) => f.tokens.reasoning),
      cacheRead: sum((f) => f.tokens.cacheRead),
      cacheWrite: sum((f) => f.tokens.cacheWrite),
      total: sum((f) => f.tokens.total),
    },
  }
}
const same = (got: Figures, want: Figures, what: string) => {
  expect.soft({ ...got, cost: 0 }, what).toEqual({ ...want, cost: 0 })
  expect.soft(got.cost, what).toBeCloseTo(want.cost, 9)
}

describe('the answer is what happened', () => {
  it.each(listRecordings().map((recording) => [recording.name, recording] as const))('%s', async (_, recording) => {
    // OpenCode stores the same for a live process as for a dead one: only the clock tells them apart.
    const alive = recording.expected.turns.some((turn) => turn.status === 'running')
    const data = await answer([recording.data], alive ? Number.MAX_SAFE_INTEGER : 0)
    const traces = data.traces.nodes
    const byId = new Map(traces.map((trace) => [trace.id, trace]))
    expect(data.traces.totalCount).toBe(traces.length)

    const want = asStored(recording, data)
    const roots = traces.filter((trace) => trace.parentId === null && !trace.copied)
    expect
      .soft(roots.map((trace) => asTyped(trace.promptInput).slice(0, 80)))
      .toEqual(want.map((turn) => turn.prompt.slice(0, 80)))
    want.forEach((turn, i) => {
      const trace = roots[i]
      if (trace !== undefined) compare(turn, trace, byId)
    })

    // A fork begins with copies: they are flagged, cost nothing, and their session names its origin.
    const copies = traces.filter((trace) => trace.copied)
    for (const copy of copies) same(copy.own, add([]), copy.id)
    const forks = data.sessions.nodes.filter((session) => session.forkedFrom !== null)
    expect.soft(forks.length).toBe(recording.expected.forks?.length ?? 0)
    expect.soft(copies.length > 0).toBe(forks.length > 0)

    // A node's own usage plus the totals of its children is its total, and over a tree that of its session. A child
    // session's total is its own usage plus that of its children.
    for (const trace of traces) {
      const children = trace.children.map(({ id }) => byId.get(id)?.total ?? add([]))
      same(trace.total, add([trace.own, ...children]), trace.id)
    }
    for (const session of data.sessions.nodes.filter((s) => s.parent === null)) {
      expect.soft(session.traces.nodes.length, session.id).toBe(session.traceCount)
      same(session.total, add(session.traces.nodes.map(({ id }) => byId.get(id)?.own ?? add([]))), session.id)
      same(session.total, add(roots.filter((t) => t.rootSession.id === session.id).map((t) => t.total)), session.id)
    }
    for (const session of data.sessions.nodes.filter((s) => s.parent !== null)) {
      const children = data.sessions.nodes.filter((s) => s.parent?.id === session.id)
      same(session.total, add([session.own, ...children.map((child) => child.total)]), session.id)
    }
  })
})
