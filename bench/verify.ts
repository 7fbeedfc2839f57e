/** Checks the API's answers about the corpus against its truth: a measurement counts only if they are right. */
import { strict as assert } from 'node:assert'
import type { Five } from './corpus/sinks.ts'
import type { TrueTrace, Truth } from './corpus.ts'
import type { Running } from './server.ts'

interface Usage {
  tokens: { input: number; output: number; reasoning: number; cacheRead: number; cacheWrite: number }
  cost: number
  llmCalls: number
}
interface Page<T> {
  nodes: T[]
  totalCount: number
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}
interface FoundTrace {
  id: string
  kind: string
  agent: string
  session: { id: string } | null
  rootSession: { id: string }
  parentId: string | null
  depth: number
  status: string
  own: Usage
  total: Usage
  toolsUsed: string[]
  promptInput: string
  promptOutput: string | null
}
interface FoundSession {
  id: string
  parent: { id: string } | null
  root: { id: string }
  own: Usage
}

const USAGE = '{ tokens { input output reasoning cacheRead cacheWrite } cost llmCalls }'
const TRACES = `query ($after: String) { traces(first: 500, after: $after, orderBy: { field: STARTED_AT, direction: ASC }) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id kind agent session { id } rootSession { id } parentId depth status toolsUsed promptInput promptOutput
    own ${USAGE} total ${USAGE} } } }`
const SESSIONS = `query ($after: String) { sessions(first: 500, after: $after, filter: { rootsOnly: false }) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id parent { id } root { id } own ${USAGE} } } }`

export async function verify(server: Running, truth: Truth): Promise<void> {
  const traces = await all<FoundTrace>(server, TRACES, 'traces')
  sameIds('traces', traces, truth.traces)
  for (const trace of traces) assert.deepEqual(seen(trace), expected(truth.traces[trace.id]), trace.id)

  const sessions = await all<FoundSession>(server, SESSIONS, 'sessions')
  sameIds('sessions', sessions, truth.sessions)
  for (const session of sessions) {
    const { parent, root, own, cost } = truth.sessions[session.id] ?? assert.fail()
    assert.deepEqual([session.parent?.id ?? null, session.root.id, five(session.own)], [parent, root, own], session.id)
    assert.ok(Math.abs(session.own.cost - cost) < 1e-6, `the cost of ${session.id}`)
  }
}

function sameIds(what: string, found: readonly { id: string }[], truth: Record<string, unknown>) {
  const ids = new Set(found.map(({ id }) => id))
  const missing = Object.keys(truth).filter((id) => !ids.has(id))
  const unknown = [...ids].filter((id) => !(id in truth))
  const some = (list: string[]) => (list.length > 0 ? `${list.length} (${list.slice(0, 5)} …)` : 'none')
  assert.ok(missing.length + unknown.length === 0, `${what}: missing ${some(missing)}, made up ${some(unknown)}`)
  assert.equal(found.length, ids.size, `${what}: some came twice`)
}

async function all<T>(server: Running, query: string, field: string): Promise<T[]> {
  const nodes: T[] = []
  for (let after: string | null = null; ; ) {
    const data: Record<string, Page<T>> = await server.ask(query, { after })
    const page = data[field] ?? assert.fail(field)
    nodes.push(...page.nodes)
    after = page.pageInfo.endCursor
    if (!page.pageInfo.hasNextPage) {
      assert.equal(nodes.length, page.totalCount, `totalCount of ${field}`)
      return nodes
    }
  }
}

const five = ({ tokens: t }: Usage): Five => [t.input, t.output, t.reasoning, t.cacheRead, t.cacheWrite]

function seen(trace: FoundTrace) {
  return {
    kind: trace.kind,
    agent: trace.agent,
    session: trace.session?.id ?? null,
    root: trace.rootSession.id,
    parent: trace.parentId,
    depth: trace.depth,
    status: trace.status,
    own: five(trace.own),
    total: five(trace.total),
    llmCalls: trace.own.llmCalls,
    tools: trace.toolsUsed,
    promptBytes: Buffer.byteLength(trace.promptInput),
    outputBytes:
      trace.status === 'COMPLETED' && trace.promptOutput !== null ? Buffer.byteLength(trace.promptOutput) : null,
  }
}

function expected(trace: TrueTrace | undefined) {
  return trace ?? assert.fail('a trace that the truth does not have')
}
