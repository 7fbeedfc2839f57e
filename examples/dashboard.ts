// A minimal dashboard in the terminal: it lists the latest sessions and draws the tree of the most recent one.
// Start delegraph, then run this with
//   npx jiti examples/dashboard.ts http://127.0.0.1:4000/graphql
import { request, SessionsDocument, SessionTreeDocument, type TreeTraceFragment } from 'delegraph/client'

/** One line of the tree: `coordinator  45.0 s  $0.123  COMPLETED  ██████`, the bar offset by the trace's start. */
function row(trace: TreeTraceFragment, wholeMs: number): string {
  const name = `${'  '.repeat(trace.depth)}${trace.agent}`
  const seconds = trace.durationMs === null ? '…' : `${(trace.durationMs / 1000).toFixed(1)} s`
  const before = wholeMs > 0 ? Math.round((20 * trace.offsetMs) / wholeMs) : 0
  const length = wholeMs > 0 ? Math.max(1, Math.round((20 * (trace.durationMs ?? 0)) / wholeMs)) : 1
  const bar = `${' '.repeat(Math.min(before, 20))}${'█'.repeat(Math.min(length, 20))}`
  return [name.padEnd(30), seconds.padStart(9), `$${trace.total.cost.toFixed(3)}`, trace.status.padEnd(11), bar].join(
    '  ',
  )
}

export async function dashboard(url: string): Promise<string[]> {
  const { sessions } = await request(SessionsDocument, { first: 10, orderBy: { field: 'LAST_ACTIVITY_AT' } }, { url })
  const lines = sessions.nodes.map((session) => `${session.startedAt}  ${session.traceCount} traces  ${session.title}`)
  const [latest] = sessions.nodes
  if (!latest) return ['No sessions yet.']
  const { session } = await request(SessionTreeDocument, { id: latest.id }, { url })
  const traces = session?.traces.nodes ?? []
  // Each turn of the user has its own timeline, which begins at the start of its root trace.
  let wholeMs = 0
  for (const trace of traces) {
    if (trace.depth === 0) wholeMs = trace.durationMs ?? 0
    lines.push(row(trace, wholeMs))
  }
  return lines
}

const [, , url] = process.argv
if (url?.startsWith('http')) for (const line of await dashboard(url)) console.log(line)
