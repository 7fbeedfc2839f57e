/** Small made-up histories for tests: what the trace builder would produce, without files. */
import { addUsage, type Forest, noUsage, type Session, type Trace, type Usage } from '../src/records.ts'

/** A trace and what it calls. Each delegation runs in a session of its own. */
export interface Called {
  agent: string
  calls?: Called[]
  with?: Partial<Trace>
}

export interface Sample {
  id: string
  turns: Called[]
  with?: Partial<Session>
}

/** Defaults of most traces: no follower in their tree, and no flags. */
export const UNREMARKABLE = {
  followBeforeMs: null,
  followBeforeId: null,
  linkInferred: false,
  orphan: false,
  copied: false,
  reverted: false,
  background: false,
  clockSkewed: false,
} as const satisfies Partial<Trace>

export const START_MS = Date.UTC(2026, 10, 24, 10)

/**
 * Makes a root session per sample, an hour apart. Each step of a trace takes a second; its children run in sequence.
 */
export function makeForest(samples: readonly Sample[], sourceId = 'OPENCODE_SQLITE:/data/opencode.db'): Forest {
  const sessions: Session[] = []
  const traces: Trace[] = []
  samples.forEach((sample, hour) => {
    let count = 0
    let number = 0
    let clockMs = START_MS + hour * 3_600_000
    const inTree: Trace[] = []

    const add = (called: Called, sessionId: string, parent: Trace | null, ord: number): Trace => {
      count += 1
      const id = parent === null ? `msg_${sample.id}_${count}` : `prt_${sample.id}_${count}`
      const ownSession = parent === null ? sessionId : `ses_${sample.id}_${count}`
      const startedMs = clockMs
      clockMs += 1000
      const trace: Trace = {
        id,
        kind: parent === null ? 'USER_TURN' : 'DELEGATION',
        agent: called.agent,
        description: parent === null ? null : `Task ${count} for ${called.agent}`,
        sessionId: ownSession,
        rootSessionId: `ses_${sample.id}`,
        callerSessionId: sessionId,
        parentId: parent?.id ?? null,
        parentAgent: parent?.agent ?? null,
        status: 'COMPLETED',
        error: null,
        promptInput: `Prompt ${count} of ${sample.id}:\n\n  do it.`,
        promptOutput: `Answer ${count} of ${sample.id}`,
        startedMs,
        endedMs: null,
        lastActivityMs: startedMs,
        offsetMs: startedMs - (START_MS + hour * 3_600_000),
        durationMs: null,
        waitMs: 0,
        activeMs: null,
        own: {
          ...noUsage(),
          input: 100 * count,
          output: 10,
          reasoning: 1,
          cacheRead: 5,
          cost: count / 100,
          llmCalls: 1,
        },
        total: noUsage(),
        models: ['anthropic/large'],
        toolsUsed: ['read', ...(called.calls?.length ? ['task'] : [])],
        toolCalls: [],
        depth: parent === null ? 0 : parent.depth + 1,
        lft: ++number,
        rgt: 0,
        ord,
        childCount: called.calls?.length ?? 0,
        ...UNREMARKABLE,
        ...called.with,
      }
      inTree.push(trace)
      const read = {
        id: `prt_${sample.id}_${count}_read`,
        tool: 'read',
        status: 'completed',
        title: 'a file',
        error: null,
      }
      trace.toolCalls = [{ ...read, startedMs, endedMs: startedMs + 200, delegation: false }]
      const children = (called.calls ?? []).map((child, place) => add(child, ownSession, trace, place))
      for (const child of children) {
        trace.waitMs = (trace.waitMs ?? 0) + (child.durationMs ?? 0)
        trace.toolCalls.push({
          id: child.id,
          tool: 'task',
          status: 'completed',
          title: child.description,
          error: null,
          startedMs: child.startedMs,
          endedMs: child.endedMs,
          delegation: true,
        })
      }
      trace.total = sumOf([trace.own, ...children.map((child) => child.total)])
      clockMs += 1000
      trace.endedMs = clockMs
      trace.durationMs = clockMs - startedMs
      trace.activeMs = trace.durationMs - (trace.waitMs ?? 0)
      trace.lastActivityMs = clockMs
      trace.rgt = ++number
      Object.assign(trace, called.with)
      return trace
    }

    for (const [place, turn] of sample.turns.entries()) add(turn, `ses_${sample.id}`, null, place)
    traces.push(...inTree)
    // A trace that resumes an earlier sample's session creates none.
    const ids = new Set([`ses_${sample.id}`, ...inTree.map((trace) => trace.sessionId ?? '')])
    for (const id of [...ids].filter((each) => !sessions.some((session) => session.id === each))) {
      sessions.push({
        ...sessionOf(id, inTree, sourceId, sample.id),
        ...(id === `ses_${sample.id}` ? sample.with : {}),
      })
    }
  })
  return { sessionIds: sessions.map((session) => session.id), sessions, traces }
}

function sessionOf(id: string, inTree: readonly Trace[], sourceId: string, name: string): Session {
  const own = inTree.filter((trace) => trace.sessionId === id)
  const top = own.map((trace) => [trace.lft, trace.rgt] as const)
  const below = inTree.filter((trace) => top.some(([lft, rgt]) => lft <= trace.lft && trace.rgt <= rgt))
  const startedMs = Math.min(...own.map((trace) => trace.startedMs))
  const lastActivityMs = Math.max(...below.map((trace) => trace.lastActivityMs))
  return {
    id,
    title: `Session ${name}`,
    directory: '/home/dev/projects/demo',
    project: '/home/dev/projects/demo',
    version: '1.18.34',
    sourceId,
    parentId: own[0]?.parentId ? own[0].callerSessionId : null,
    rootId: `ses_${name}`,
    forkedFromId: null,
    archivedMs: null,
    startedMs,
    lastActivityMs,
    durationMs: lastActivityMs - startedMs,
    activeMs: own.reduce((sum, trace) => sum + (trace.durationMs ?? 0), 0),
    running: false,
    lastStatus: own.at(-1)?.status ?? 'COMPLETED',
    traceCount: below.length,
    delegationCount: below.filter((trace) => trace.kind === 'DELEGATION').length,
    errorCount: below.filter((trace) => trace.status === 'ERROR').length,
    maxDepth: Math.max(...below.map((trace) => trace.depth)),
    agents: [...new Set(below.map((trace) => trace.agent))],
    models: [...new Set(below.flatMap((trace) => trace.models))],
    own: sumOf(own.map((trace) => trace.own)),
    total: sumOf(below.map((trace) => trace.own)),
  }
}

function sumOf(usages: readonly Usage[]): Usage {
  const sum = noUsage()
  for (const usage of usages) addUsage(sum, usage)
  return sum
}

/** A chain of agents, each of which calls the next. */
export function chain(depth: number, agent = 'digger'): Called {
  let called: Called = { agent }
  for (let i = 1; i < depth; i++) called = { agent, calls: [called] }
  return called
}

/** Assigns nested-set numbers and ranks: children by start, then id. Returns the traces depth first. */
export function numbered(traces: readonly Trace[]): Trace[] {
  const ordered: Trace[] = []
  const childrenOf = (id: string | null): Trace[] =>
    traces.filter((trace) => trace.parentId === id).sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
  let next = 1
  const visit = (siblings: readonly Trace[]): void => {
    for (const [ord, trace] of siblings.entries()) {
      const children = childrenOf(trace.id)
      ordered.push(trace)
      trace.lft = next++
      visit(children)
      trace.rgt = next++
      trace.ord = ord
      trace.childCount = children.length
    }
  }
  visit(childrenOf(null))
  return ordered
}
