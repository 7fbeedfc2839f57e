/**
 * Writes the history of a heavy user of OpenCode, and the truth to check a reader against.
 *
 *   node bench/dist/corpus.js --out DIR [--scale 1] [--lean] [--seed 1] [--layout files|database|both]
 *
 *   DIR/files/opencode/storage/…          OpenCode 1.1.65's layout
 *   DIR/database/opencode/opencode.db     OpenCode 1.18.34's layout
 *   DIR/truth.json                        what both contain
 *
 * `DIR/files` and `DIR/database` can each serve as XDG_DATA_HOME. The same seed gives the same ids and values in both.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { heavy, lean, type PlannedCall, type PlannedSession, planHistory, type Size } from './corpus/plan.ts'
import { seededRandom } from './corpus/random.ts'
import {
  databaseSink,
  type Five,
  fileSink,
  type Message,
  type PartBody,
  type Project,
  type Session,
  type Sink,
  type ToolState,
} from './corpus/sinks.ts'
import { NOUNS, textSource } from './corpus/text.ts'

/** A trace as a reader must find it. Token kinds: input, output, reasoning, cache read, cache write. */
export interface TrueTrace {
  kind: 'USER_TURN' | 'DELEGATION'
  agent: string
  session: string | null
  root: string
  parent: string | null
  depth: number
  status: 'COMPLETED' | 'ERROR' | 'ABORTED' | 'INTERRUPTED'
  own: Five
  total: Five
  llmCalls: number
  /** Distinct, in order of first use. */
  tools: string[]
  promptBytes: number
  /** Null unless the run completed. */
  outputBytes: number | null
}

export interface Truth {
  seed: number
  size: Size
  counts: { sessions: number; roots: number; messages: number; parts: number; tools: number }
  written: Record<string, { files: number; bytes: number }>
  tokens: Five
  cost: number
  /** Two special root sessions: one with 2,000 calls at scale 1, one with delegations 40 deep. */
  widest: string
  deepest: string
  sessions: Record<
    string,
    { parent: string | null; root: string; agent: string; own: Five; cost: number; updatedMs: number }
  >
  traces: Record<string, TrueTrace>
}

export type Layout = 'files' | 'database'

type Model = readonly [provider: string, model: string]
const MODELS: [Model, ...Model[]] = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-opus-4-5'],
  ['openai', 'gpt-5.2'],
  ['google', 'gemini-3-pro'],
]
const TOOLS = { read: 30, bash: 26, edit: 13, grep: 12, glob: 8, write: 4, todowrite: 4, webfetch: 3 }
const PROJECTS = ['api', 'web', 'infra', 'docs', 'mobile', 'tools']
const YEAR_START = Date.UTC(2025, 9, 1)
const DAY_MS = 86_400_000
const ABORTED = { name: 'MessageAbortedError', data: { message: 'Aborted' } }
const REFUSED = { name: 'APIError', data: { message: 'The provider refused the request' } }

const zeros = (): Five => [0, 0, 0, 0, 0]
function add(sum: Five, more: Five): void {
  for (const [i, n] of more.entries()) sum[i] = (sum[i] ?? 0) + n
}
const digest = (text: string) => createHash('sha1').update(text).digest('hex')

/** The end of a run, as its caller sees it. */
interface RunEnd {
  endMs: number
  text: string
  total: Five
  killed: boolean
}

export function writeHistory(sinks: readonly Sink[], options: { seed: number; size: Size }): Truth {
  const random = seededRandom(options.seed)
  const anyText = textSource(random)
  const text = (length: number) => anyText(Math.ceil(length * options.size.text))
  const plan = planHistory(random, options.size)
  const newId = idMaker(random.next)
  const truth: Truth = {
    ...options,
    counts: { sessions: 0, roots: plan.roots.length, messages: 0, parts: 0, tools: 0 },
    written: {},
    tokens: zeros(),
    cost: 0,
    widest: '',
    deepest: '',
    sessions: {},
    traces: {},
  }
  const sessions: Session[] = []
  const rootOf = new Map<string, string>()
  const sessionOf = new Map<PlannedSession, Session>()

  // ---------------------------------------------------------------- records

  const putMessage = (message: Message) => {
    truth.counts.messages++
    for (const sink of sinks) sink.message(message)
  }
  const putPart = (
    message: { id: string; session: Session },
    atMs: number,
    body: PartBody,
    id = newId('prt', atMs),
  ) => {
    truth.counts.parts++
    if (body.type === 'tool') truth.counts.tools++
    for (const sink of sinks) sink.part({ id, message, atMs, body })
  }
  const openSession = (
    planned: PlannedSession,
    project: Project,
    parent: Session | null,
    title: string,
    atMs: number,
  ) => {
    const [provider, model] = random.pick(MODELS)
    const session: Session = {
      id: newId('ses', atMs),
      parentId: parent?.id ?? null,
      project,
      title,
      slug: `${random.pick(NOUNS)}-${random.pick(NOUNS)}`,
      agent: planned.agent,
      provider,
      model,
      createdMs: atMs,
      updatedMs: atMs,
      tokens: zeros(),
      cost: 0,
    }
    sessions.push(session)
    sessionOf.set(planned, session)
    rootOf.set(session.id, (parent && rootOf.get(parent.id)) ?? session.id)
    return session
  }
  const newTrace = (
    id: string,
    kind: TrueTrace['kind'],
    agent: string,
    session: Session,
    caller: TrueTrace | null,
    callerId: string | null,
    prompt: string,
  ) => {
    const trace: TrueTrace = {
      kind,
      agent,
      session: session.id,
      root: rootOf.get(session.id) ?? session.id,
      parent: callerId,
      depth: caller ? caller.depth + 1 : 0,
      status: 'COMPLETED',
      own: zeros(),
      total: zeros(),
      llmCalls: 0,
      tools: [],
      promptBytes: Buffer.byteLength(prompt),
      outputBytes: null,
    }
    truth.traces[id] = trace
    return trace
  }

  // ---------------------------------------------------------------- one run: a prompt and the answers to it

  /** @param groups by an answer's number, the calls that it makes side by side */
  function run(
    session: Session,
    traceId: string | null,
    caller: TrueTrace | null,
    callerId: string | null,
    prompt: string,
    startMs: number,
    answers: number,
    groups: ReadonlyMap<number, PlannedCall[]>,
    fate: 'completed' | 'failed' | 'aborted' | 'killed',
  ): RunEnd {
    const promptId = newId('msg', startMs)
    const id = traceId ?? promptId
    const trace = newTrace(id, traceId ? 'DELEGATION' : 'USER_TURN', session.agent, session, caller, callerId, prompt)
    const user = {
      id: promptId,
      session,
      createdMs: startMs,
      updatedMs: startMs + 60,
      agent: session.agent,
      answer: null,
    }
    putMessage(user)
    putPart(user, startMs, { type: 'text', text: prompt })
    if (!session.parentId && random.chance(0.15)) {
      const url = `data:text/plain;base64,${Buffer.from(text(random.whole(200, 20_000))).toString('base64')}`
      putPart(user, startMs, { type: 'file', mime: 'text/plain', filename: 'notes.md', url })
    }

    let now = startMs + random.whole(40, 900)
    let context = random.whole(4000, 16_000)
    let lastText = ''
    let killed = false
    for (let number = 0; number < answers && !killed; number++) {
      const last = number === answers - 1
      const broken = last && fate !== 'completed'
      const message = { id: newId('msg', now), session }
      const createdMs = now
      const snapshot = digest(`${session.id} ${number}`)
      putPart(message, now, { type: 'step-start', snapshot })
      if (random.chance(0.6)) {
        const start = now + random.whole(5, 40)
        now = start + random.whole(200, 6000)
        putPart(message, start, {
          type: 'reasoning',
          text: text(random.skewed(700, 0.8, 20_000)),
          time: { start, end: now },
        })
      }
      if ((last && !broken) || (!last && random.chance(0.35))) {
        const body = text(random.skewed(last ? 1600 : 250, 0.9, 40_000))
        const start = now + 5
        now = start + random.whole(100, 3000)
        putPart(message, start, { type: 'text', text: body, time: { start, end: now } })
        if (last) lastText = body
      }
      const use = (tool: string) => {
        if (!trace.tools.includes(tool)) trace.tools.push(tool)
      }
      const calls = groups.get(number) ?? []
      let end = now
      if (!last && calls.length === 0) {
        for (let k = random.chance(0.3) ? random.whole(2, 4) : 1; k > 0; k--) {
          const tool = random.weighted(TOOLS)
          const state = useTool(tool, session, now)
          use(tool)
          putPart(message, now, { type: 'tool', tool, callId: newId('call', now), state })
          end = Math.max(end, state.time.end ?? now)
        }
      }
      for (const call of calls) {
        use('task')
        now += random.whole(3, 30)
        const done = delegate(session, message, trace, id, now, call)
        add(trace.total, done.total)
        killed ||= done.killed
        end = Math.max(end, done.endMs)
      }
      now = end + random.whole(2, 60)

      const unanswered = broken || killed
      const cached = Math.round(context * 0.9)
      const tokens: Five = unanswered
        ? zeros()
        : [
            context - cached,
            random.whole(20, 900),
            random.chance(0.5) ? random.whole(0, 400) : 0,
            cached,
            random.whole(0, 2000),
          ]
      const [input, output, reasoning, read, write] = tokens
      const cost = Math.round(input * 3 + (output + reasoning) * 15 + read * 0.3 + write * 3.75) / 1e6
      context = Math.min(180_000, context + output + random.whole(200, 6000))
      const finish = last ? 'stop' : 'tool-calls'
      const dead: boolean = killed || (broken && fate === 'killed')
      if (!unanswered) {
        putPart(message, now, { type: 'step-finish', reason: finish, snapshot, tokens, cost })
        if (!last && random.chance(0.2)) {
          putPart(message, now, {
            type: 'patch',
            hash: snapshot,
            files: [`${session.project.worktree}/src/${random.pick(NOUNS)}.ts`],
          })
        }
        trace.llmCalls++
      }
      putMessage({
        ...message,
        createdMs,
        updatedMs: now,
        agent: session.agent,
        answer: {
          parentId: promptId,
          completedMs: dead ? null : now,
          tokens,
          cost,
          finish: unanswered ? null : finish,
          error: dead || !broken ? null : fate === 'aborted' ? ABORTED : REFUSED,
        },
      })
      add(trace.own, tokens)
      session.cost += cost
      killed ||= dead
      now += random.whole(10, 400)
    }
    add(trace.total, trace.own)
    add(session.tokens, trace.own)
    session.updatedMs = Math.max(session.updatedMs, now)
    if (killed) trace.status = 'INTERRUPTED'
    else if (fate !== 'completed') trace.status = fate === 'aborted' ? 'ABORTED' : 'ERROR'
    else trace.outputBytes = Buffer.byteLength(lastText)
    return { endMs: now, text: lastText, total: trace.total, killed }
  }

  /** Writes a `task` call and the child's run. */
  function delegate(
    session: Session,
    message: { id: string; session: Session },
    caller: TrueTrace,
    callerId: string,
    atMs: number,
    call: PlannedCall,
  ): RunEnd {
    const partId = newId('prt', atMs)
    const { child: planned, fate, resumes } = call
    const prompt = text(random.skewed(1500, 1, 50_000))
    const description = `Check the ${random.pick(NOUNS)} ${random.pick(NOUNS)}`
    const known = resumes ? sessionOf.get(planned) : undefined
    const input = {
      description,
      prompt,
      subagent_type: fate === 'refused' ? 'nobody' : planned.agent,
      ...(known && { task_id: known.id }),
    }
    const start = atMs + 5
    const callId = newId('call', atMs)
    const put = (state: ToolState, since118?: ToolState) =>
      putPart(message, atMs, { type: 'tool', tool: 'task', callId, state, ...(since118 && { since118 }) }, partId)

    if (fate === 'refused') {
      const time = { start, end: start + 10 }
      put({ status: 'error', input, error: 'Unknown agent type: nobody is not a valid agent type', time })
      const trace = newTrace(partId, 'DELEGATION', 'nobody', session, caller, callerId, prompt)
      Object.assign(trace, { session: null, status: 'ERROR' } satisfies Partial<TrueTrace>)
      return { endMs: time.end, text: '', total: zeros(), killed: false }
    }

    const child =
      known ?? openSession(planned, session.project, session, `${description} (@${planned.agent} subagent)`, atMs + 8)
    const done = known
      ? run(child, partId, caller, callerId, prompt, atMs + 10, 2, new Map(), 'completed')
      : run(child, partId, caller, callerId, prompt, atMs + 10, ...schedule(planned), fate)
    const end = done.endMs + 4
    const metadata = { sessionId: child.id, model: { modelID: child.model, providerID: child.provider } }
    const since118 = { ...metadata, parentSessionId: session.id }
    if (done.killed) {
      put(
        { status: 'running', input, title: description, metadata, time: { start } },
        { status: 'running', input, title: description, metadata: since118, time: { start } },
      )
      return { ...done, endMs: end }
    }
    const result = {
      status: 'completed' as const,
      input,
      title: description,
      output: `task_id: ${child.id} (for resuming to continue this task if needed)\n\n<task_result>\n${done.text}\n</task_result>`,
      metadata: { ...metadata, truncated: false },
      time: { start, end },
    }
    const failure =
      fate === 'aborted' ? 'Task cancelled' : `Subagent failed (task_id: ${child.id}): ${REFUSED.data.message}`
    put(
      // Up to 1.2, the task part of a failed child is stored as completed.
      result,
      fate === 'completed'
        ? {
            ...result,
            output: `<task id="${child.id}" state="completed">\n<task_result>\n${done.text}\n</task_result>\n</task>`,
            metadata: { ...since118, truncated: false },
          }
        : { status: 'error', input, error: failure, metadata: since118, time: { start, end } },
    )
    return { ...done, endMs: end }
  }

  /** Distributes a session's calls over its answers, excluding the last one. */
  function schedule(
    planned: PlannedSession,
    calls = planned.calls,
    share = planned.answers,
  ): [answers: number, groups: Map<number, PlannedCall[]>] {
    const groups: PlannedCall[][] = []
    for (const call of calls) {
      const group = groups.at(-1)
      // A child is resumed in a later answer than the one that opened it.
      const full =
        !group ||
        call.resumes ||
        group.some((other) => other.resumes) ||
        group.length >= planned.sideBySide ||
        random.chance(0.3)
      if (full) groups.push([call])
      else group.push(call)
    }
    const answers = Math.max(2, share, groups.length + 1)
    return [answers, new Map(groups.map((group, i) => [Math.floor((i * (answers - 1)) / groups.length), group]))]
  }

  function useTool(tool: keyof typeof TOOLS, session: Session, atMs: number): ToolState {
    const worktree = session.project.worktree
    const file = `${worktree}/src/${random.pick(NOUNS)}/${random.pick(NOUNS)}.ts`
    const output = text(random.skewed(7300, 1.62, 1_500_000))
    const time = { start: atMs + 20, end: atMs + random.whole(30, 4000) }
    const done = (
      input: Record<string, unknown>,
      title: string,
      metadata: Record<string, unknown>,
      shown = output,
    ): ToolState =>
      random.chance(0.03)
        ? { status: 'error', input, error: 'Error: the tool failed', time }
        : { status: 'completed', input, output: shown, title, metadata: { ...metadata, truncated: false }, time }
    switch (tool) {
      case 'bash':
        return done({ command: `npm test -- ${random.pick(NOUNS)}`, description: 'Run the tests' }, 'Run the tests', {
          output: output.slice(0, 30_000),
          exit: random.chance(0.9) ? 0 : 1,
        })
      case 'read':
        return done(
          { filePath: file },
          file,
          { preview: output.slice(0, 800), loaded: [] },
          `<path>${file}</path>\n<content>\n${output}\n</content>`,
        )
      case 'grep':
        return done({ pattern: random.pick(NOUNS), path: worktree }, random.pick(NOUNS), {
          matches: random.whole(0, 100),
        })
      case 'glob':
        return done({ pattern: '**/*.ts' }, worktree, { count: random.whole(0, 100) }, output.slice(0, 6000))
      case 'edit': {
        const [before, after] = [text(random.whole(60, 1500)), text(random.whole(60, 1500))]
        const diff = `Index: ${file}\n-${before}\n+${after}`
        const filediff = {
          file,
          before: output,
          after: `${after}\n${output}`,
          additions: random.whole(0, 40),
          deletions: random.whole(0, 40),
        }
        return done(
          { filePath: file, oldString: before, newString: after },
          file,
          { diagnostics: {}, diff, filediff },
          'Edit applied successfully.',
        )
      }
      case 'write':
        return done(
          { filePath: file, content: output },
          file,
          { diagnostics: {}, filepath: file, exists: false },
          'Wrote file successfully.',
        )
      case 'todowrite': {
        const todos = NOUNS.slice(0, random.whole(3, 9)).map((noun) => ({
          content: `Change the ${noun}`,
          status: 'pending',
          priority: 'high',
        }))
        return done({ todos }, `${todos.length} todos`, { todos }, JSON.stringify(todos))
      }
      case 'webfetch':
        return done({ url: `https://example.com/${random.pick(NOUNS)}`, format: 'markdown' }, 'example.com', {})
    }
  }

  /** Writes all turns of a root session. */
  function converse(planned: PlannedSession, session: Session, startMs: number, firstPrompt: string) {
    const turns = planned.sideBySide > 3 ? 1 : Math.max(1, Math.round(planned.answers / 14))
    let now = startMs
    let next = 0
    for (let turn = 0; turn < turns; turn++) {
      let upTo = turn === turns - 1 ? planned.calls.length : Math.round((planned.calls.length * (turn + 1)) / turns)
      // A call that resumes a child belongs to the same turn as the call that opened it.
      while (planned.calls[upTo]?.resumes) upTo++
      const prompt = turn === 0 ? firstPrompt : text(random.skewed(300, 1, 50_000))
      const share = Math.round(planned.answers / turns)
      const done = run(
        session,
        null,
        null,
        null,
        prompt,
        now,
        ...schedule(planned, planned.calls.slice(next, upTo), share),
        'completed',
      )
      next = upTo
      now = done.endMs + random.whole(5_000, 1_800_000)
    }
  }

  // ---------------------------------------------------------------- the year

  const projects = PROJECTS.map((name) => ({
    id: digest(name),
    worktree: `/home/dev/src/${name}`,
    createdMs: YEAR_START,
    updatedMs: YEAR_START + 364 * DAY_MS,
  }))
  for (const project of projects) for (const sink of sinks) sink.project(project)
  for (const [i, planned] of plan.roots.entries()) {
    const project = projects[i % projects.length]
    if (!project) throw new Error('there are projects')
    const startMs = YEAR_START + Math.floor((i / plan.roots.length) * 360 * DAY_MS) + random.whole(0, DAY_MS / 2)
    const session = openSession(
      planned,
      project,
      null,
      `Change the ${random.pick(NOUNS)} of the ${random.pick(NOUNS)}`,
      startMs,
    )
    converse(planned, session, startMs + 20, text(i === 0 ? 50_000 : random.skewed(600, 1.2, 50_000)))
    if (planned === plan.wide) truth.widest = session.id
    if (planned === plan.deep) truth.deepest = session.id
  }
  for (const session of sessions) {
    for (const sink of sinks) sink.session(session)
    add(truth.tokens, session.tokens)
    truth.cost += session.cost
    truth.sessions[session.id] = {
      parent: session.parentId,
      root: rootOf.get(session.id) ?? session.id,
      agent: session.agent,
      own: session.tokens,
      cost: session.cost,
      updatedMs: session.updatedMs,
    }
  }
  truth.counts.sessions = sessions.length
  return truth
}

/**
 * Makes ids as OpenCode does: 12 hex digits of milliseconds × 4096 + a counter (in sessions, their complement, so that
 * the newest sorts first), then 14 digits of base 62.
 */
function idMaker(next: () => number) {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const mask = (1n << 48n) - 1n
  let counter = 0n
  let lastMs = 0
  return (prefix: 'ses' | 'msg' | 'prt' | 'call', atMs: number) => {
    // Restarted every millisecond: a counter that ran on and wrapped would reverse the order of ids within one.
    counter = atMs === lastMs ? counter + 1n : 1n
    lastMs = atMs
    const time = (BigInt(atMs) * 4096n + counter) & mask
    const head = (prefix === 'ses' ? ~time & mask : time).toString(16).padStart(12, '0')
    let tail = ''
    for (let i = 0; i < 14; i++) tail += digits[Math.floor(next() * digits.length)]
    return `${prefix}_${head}${tail}`
  }
}

/** Writes one or both layouts below `out`, and the truth beside them. */
export function writeCorpus(out: string, options: { seed: number; size: Size; layouts: readonly Layout[] }): Truth {
  const open = { files: fileSink, database: databaseSink }
  const sinks = options.layouts.map((layout) => ({ layout, sink: open[layout](join(out, layout, 'opencode')) }))
  const truth = writeHistory(
    sinks.map(({ sink }) => sink),
    { seed: options.seed, size: options.size },
  )
  for (const { layout, sink } of sinks) truth.written[layout] = sink.close()
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'truth.json'), JSON.stringify(truth))
  return truth
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      scale: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      layout: { type: 'string', default: 'both' },
      lean: { type: 'boolean', default: false },
    },
  })
  const layouts: Layout[] =
    values.layout === 'files' || values.layout === 'database' ? [values.layout] : ['files', 'database']
  if (!values.out || !(Number(values.scale) > 0) || !['files', 'database', 'both'].includes(values.layout)) {
    console.error('corpus --out DIR [--scale 1] [--lean] [--seed 1] [--layout files|database|both]')
    process.exit(2)
  }
  const size = (values.lean ? lean : heavy)(Number(values.scale))
  const truth = writeCorpus(values.out, { seed: Number(values.seed), size, layouts })
  const { traces, sessions, ...rest } = truth
  console.log(JSON.stringify({ ...rest, traces: Object.keys(traces).length }, null, 1))
}
