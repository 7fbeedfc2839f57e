import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noUsage, type PartRecord, type SessionContent, type Trace } from '../../src/records.ts'
import { buildForest, digestSession } from '../../src/trace/build.ts'
import { cases } from '../cases.ts'
import { prompt, reply, session, T0, task } from './sessions.ts'

const build = (contents: SessionContent[]) => buildForest(contents.map(digestSession), () => 'source')
const byId = (traces: readonly Trace[]) => new Map(traces.map((trace) => [trace.id, trace]))

/** A session whose first answer makes the given calls. */
function caller(calls: ReturnType<typeof task>[], more: Parameters<typeof reply>[3] = {}) {
  return session('ses_root', [
    prompt('msg_1', 0, 'go'),
    reply('msg_2', 10, 'msg_1', { finish: 'tool-calls', parts: calls, completedMs: T0 + 900, ...more }),
    reply('msg_3', 1000, 'msg_1'),
  ])
}
const child = (id: string, text: string, at: number, more: Partial<SessionContent['session']> = {}) =>
  session(
    id,
    [prompt(`msg_${id}`, at, text, { agent: 'tester' }), reply(`msg_${id}a`, at + 5, `msg_${id}`, { agent: 'tester' })],
    {
      parentId: 'ses_root',
      createdMs: T0 + at - 1,
      ...more,
    },
  )

describe('a delegation', () => {
  it('is the call, with what its session did', () => {
    const { traces } = build([
      caller([task('prt_a', 'tester', 'test it', {}, { sessionId: 'ses_a' })]),
      child('ses_a', 'test it', 50),
    ])
    expect(traces.map((t) => [t.id, t.kind, t.agent, t.parentId, t.depth, t.promptOutput])).toEqual([
      ['msg_1', 'USER_TURN', 'coordinateur', null, 0, 'answer msg_3'],
      ['prt_a', 'DELEGATION', 'tester', 'msg_1', 1, 'answer msg_ses_aa'],
    ])
    expect(traces[1]).toMatchObject({
      sessionId: 'ses_a',
      callerSessionId: 'ses_root',
      durationMs: 15,
      linkInferred: false,
    })
  })

  it('of which a sanitized export shows nothing is what was over when it returned, else what began first', () => {
    const call = (id: string, endMs: number, error: string | null = null) =>
      task(
        id,
        '',
        '',
        { startMs: T0 + 20, endMs: T0 + endMs, error, status: error === null ? 'completed' : 'error' },
        { agent: null, prompt: null, redacted: true },
      )
    const asked = (id: string, at: number, untilMs: number, agent: string) => [
      prompt(id, at, `hidden ${id}`, { agent }),
      reply(`${id}_a`, at + 5, id, { agent, completedMs: T0 + untilMs }),
    ]
    const opened = { parentId: 'ses_root', createdMs: T0 + 30 }
    const { traces } = build([
      caller([
        call('prt_1', 500),
        call('prt_2', 25, 'The arguments were not what they should be'),
        call('prt_3', 400),
        call('prt_4', 510, 'Tool execution aborted'),
        call('prt_5', 300),
      ]),
      session('ses_a', asked('msg_a', 60, 490, 'tester'), opened),
      session('ses_b', [...asked('msg_b', -60, -10, 'quality'), ...asked('msg_c', 70, 390, 'quality')], {
        ...opened,
        createdMs: T0 - 60,
      }),
      session('ses_c', [prompt('msg_d', 50, 'hidden msg_d', { agent: 'executeur' })], opened),
      // A person typed into this session, during the call and afterwards.
      session(
        'ses_d',
        [...asked('msg_e', 80, 200, 'tester'), ...asked('msg_f', 90, 290, 'tester'), prompt('msg_g', 2000, 'then')],
        opened,
      ),
    ])
    const calls = traces.filter((t) => t.id.startsWith('prt_'))
    expect(calls.map((t) => [t.id, t.agent, t.sessionId, t.promptInput, t.linkInferred])).toEqual([
      ['prt_1', 'tester', 'ses_a', 'hidden msg_a', true],
      ['prt_2', 'unknown', null, '', false],
      ['prt_3', 'quality', 'ses_b', 'hidden msg_c', true],
      ['prt_4', 'executeur', 'ses_c', 'hidden msg_d', true],
      ['prt_5', 'tester', 'ses_d', 'hidden msg_e', true],
    ])
    const turns = traces.filter((t) => t.kind === 'USER_TURN')
    expect(turns.map((t) => t.id).sort()).toEqual(['msg_1', 'msg_f', 'msg_g'])
  })

  it('shares one session with others that resume it, each with its own prompt, in the order of the calls', () => {
    const calls = ['prt_a', 'prt_b', 'prt_c'].map((id) => task(id, 'tester', 'again', {}, { sessionId: 'ses_a' }))
    const messages = [0, 1, 2].flatMap((i) => [
      prompt(`msg_p${i}`, 50 + i * 20, 'again', { agent: 'tester' }),
      reply(`msg_r${i}`, 55 + i * 20, `msg_p${i}`, { agent: 'tester' }),
    ])
    const { traces } = build([caller(calls), session('ses_a', messages, { parentId: 'ses_root', createdMs: T0 + 40 })])
    expect(traces.slice(1).map((t) => [t.id, t.promptOutput])).toEqual([
      ['prt_a', 'answer msg_r0'],
      ['prt_b', 'answer msg_r1'],
      ['prt_c', 'answer msg_r2'],
    ])
    expect(traces[0]?.total.llmCalls).toBe(5)
  })

  it('that names no session is found by its prompt and agent, and says so when that alone did not decide', () => {
    const calls = [
      task('prt_a', 'tester', 'same', {}),
      task('prt_b', 'tester', 'same', {}),
      task('prt_c', 'tester', 'other', {}),
    ]
    const { traces } = build([
      caller(calls, { parentId: null }),
      child('ses_a', 'same', 50),
      child('ses_b', 'same', 60),
      child('ses_c', 'other', 70),
    ])
    expect(traces.slice(1).map((t) => [t.id, t.sessionId, t.linkInferred])).toEqual([
      ['prt_a', 'ses_a', true],
      ['prt_b', 'ses_b', false],
      ['prt_c', 'ses_c', false],
    ])
  })

  it('that names no session is the one that opened it, also when a later call resumed it', () => {
    const { session: made, messages } = child('ses_a', 'check', 50)
    const again = prompt('msg_again', 2_100, 'once more', { agent: 'tester' })
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go'),
        reply('msg_2', 10, 'msg_1', {
          completedMs: null,
          parts: [task('prt_a', 'tester', 'check', { status: 'running' })],
        }),
        prompt('msg_3', 2_000, 'go on'),
        reply('msg_4', 2_010, 'msg_3', { parts: [task('prt_b', 'tester', 'once more', {}, { sessionId: 'ses_a' })] }),
      ]),
      { session: made, messages: [...messages, again, reply('msg_done', 2_110, 'msg_again')] },
    ])
    expect(traces.map((t) => [t.id, t.sessionId, t.promptOutput])).toEqual([
      ['msg_1', 'ses_root', null],
      ['prt_a', 'ses_a', 'answer msg_ses_aa'],
      ['msg_3', 'ses_root', null],
      ['prt_b', 'ses_a', 'answer msg_done'],
    ])
  })

  it('that was to resume a session and names none ran there, wherever that session hangs', () => {
    const { session: made, messages } = child('ses_a', 'check', 50)
    const again = prompt('msg_again', 2_100, 'once more', { agent: 'tester' })
    const resuming = task('prt_b', 'tester', 'once more', { status: 'running' }, { resumes: 'ses_a' })
    const { traces } = build([
      caller([task('prt_a', 'tester', 'check', {}, { sessionId: 'ses_a' })]),
      { session: made, messages: [...messages, again] },
      session('ses_other', [
        prompt('msg_5', 2_000, 'go on'),
        reply('msg_6', 2_010, 'msg_5', { completedMs: null, finish: null, parts: [resuming] }),
      ]),
    ])
    expect(byId(traces).get('prt_b')).toMatchObject({ sessionId: 'ses_a', parentId: 'msg_5', linkInferred: false })
    expect(traces.map((t) => t.id)).toEqual(['msg_1', 'prt_a', 'msg_5', 'prt_b'])
  })

  it('that was to resume a session that does not exist has one of its own', () => {
    const { traces } = build([
      caller([task('prt_a', 'tester', 'check', { status: 'running' }, { resumes: 'ses_none' })]),
      child('ses_a', 'check', 50),
    ])
    expect(byId(traces).get('prt_a')).toMatchObject({ sessionId: 'ses_a', linkInferred: false })
  })

  it('is not matched with a session older than its call, nor one made after the call had ended', () => {
    const early = child('ses_a', 'do', 5)
    const late = child('ses_b', 'do', 700)
    const { traces } = build([
      caller([task('prt_a', 'tester', 'do', { endMs: T0 + 500 })], { parentId: null }),
      early,
      late,
    ])
    expect(byId(traces).get('prt_a')).toMatchObject({ sessionId: null })
    expect(traces.filter((t) => t.linkInferred).map((t) => t.id)).toEqual(['msg_ses_a', 'msg_ses_b'])
  })

  it('that no call explains hangs on the turn that was under way', () => {
    const { traces } = build([caller([]), child('ses_a', 'from a plug-in', 400)])
    expect(byId(traces).get('msg_ses_a')).toMatchObject({
      kind: 'DELEGATION',
      parentId: 'msg_1',
      linkInferred: true,
      orphan: false,
    })
  })

  it('that no call explains hangs on no turn whose process died before the next one of its session', () => {
    const died = reply('msg_2', 10, 'msg_1', { finish: null, completedMs: null })
    const parent = session('ses_root', [
      prompt('msg_1', 0, 'go'),
      died,
      prompt('msg_3', 100, 'go on'),
      reply('msg_4', 110, 'msg_3'),
    ])
    const { traces } = build([parent, child('ses_a', 'called by a turn that is gone', 4000)])
    expect(byId(traces).get('msg_1')?.endedMs).toBeNull()
    expect(byId(traces).get('msg_ses_a')?.parentId).toBe('msg_3')
  })

  it('that no call explains hangs on the call that opened its parent session, where that has lost its messages', () => {
    const below = child('ses_b', 'look', 60)
    const { traces } = build([
      caller([task('prt_a', 'tester', 'check', {}, { sessionId: 'ses_a' })]),
      session('ses_a', [], { parentId: 'ses_root', createdMs: T0 + 40 }),
      { ...below, session: { ...below.session, parentId: 'ses_a' } },
    ])
    expect(traces.map((t) => [t.id, t.parentId, t.depth, t.orphan])).toEqual([
      ['msg_1', null, 0, false],
      ['prt_a', 'msg_1', 1, false],
      ['msg_ses_b', 'prt_a', 2, false],
    ])
  })

  it('whose session lost its messages leaves to its user what that one asks there later', () => {
    const typed = [prompt('msg_typed', 2_000, 'and now?'), reply('msg_told', 2_010, 'msg_typed')]
    const { traces } = build([
      caller([task('prt_a', 'tester', 'check', { endMs: T0 + 500 }, { sessionId: 'ses_a' })]),
      session('ses_a', typed, { parentId: 'ses_root', createdMs: T0 + 40 }),
    ])
    expect(traces.map((t) => [t.id, t.kind, t.parentId])).toEqual([
      ['msg_1', 'USER_TURN', null],
      ['prt_a', 'DELEGATION', 'msg_1'],
      ['msg_typed', 'USER_TURN', null],
    ])
  })

  it('whose prompt was deleted alone still is the call that it answered', () => {
    const { session: made, messages } = child('ses_a', 'check', 50)
    const { traces } = build([
      caller([task('prt_a', 'tester', 'check', { endMs: T0 + 500 }, { sessionId: 'ses_a' })]),
      { session: made, messages: messages.filter((m) => m.role !== 'user') },
    ])
    expect(traces.map((t) => [t.id, t.sessionId, t.promptInput, t.own.llmCalls])).toEqual([
      ['msg_1', 'ses_root', 'go', 2],
      ['prt_a', 'ses_a', 'check', 1],
    ])
  })

  it('that resumed a session stays one when its call is gone, where its message shows who wrote it', () => {
    const resumed = (byTask: boolean) => {
      const { session: made, messages } = child('ses_a', 'check', 20)
      const again = prompt('msg_again', 1_100, 'once more', { agent: 'tester', byTask })
      const { traces } = build([
        caller([task('prt_a', 'tester', 'check', {}, { sessionId: 'ses_a' })]),
        { session: made, messages: [...messages, again, reply('msg_done', 1_110, 'msg_again')] },
      ])
      return byId(traces).get('msg_again')
    }
    expect(resumed(true)).toMatchObject({ kind: 'DELEGATION', parentId: 'msg_1', linkInferred: true, orphan: false })
    expect(resumed(false)).toMatchObject({ kind: 'USER_TURN', parentId: null, linkInferred: false, orphan: false })
  })

  it('that opened a session stays one when its call is gone and a later call resumed the session', () => {
    const { session: made, messages } = child('ses_a', 'check', 500)
    const again = prompt('msg_again', 2_100, 'once more', { agent: 'tester' })
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go'),
        reply('msg_2', 10, 'msg_1'),
        prompt('msg_3', 2_000, 'go on'),
        reply('msg_4', 2_010, 'msg_3', { parts: [task('prt_b', 'tester', 'once more', {}, { sessionId: 'ses_a' })] }),
      ]),
      { session: made, messages: [...messages, again, reply('msg_done', 2_110, 'msg_again')] },
    ])
    expect(byId(traces).get('msg_ses_a')).toMatchObject({ kind: 'DELEGATION', parentId: 'msg_1', orphan: false })
    expect(byId(traces).get('prt_b')).toMatchObject({ sessionId: 'ses_a', promptOutput: 'answer msg_done' })
  })

  it('that no call explains, of a turn that is gone, hangs neither on a later turn nor on a copy, but is an orphan', () => {
    const later = session('ses_root', [prompt('msg_1', 600, 'go'), reply('msg_2', 610, 'msg_1')], { createdMs: T0 })
    const copy = session('ses_root', [prompt('msg_1', 0, 'go'), reply('msg_2', 10, 'msg_1')], { createdMs: T0 + 40 })
    for (const parent of [later, copy]) {
      const { traces } = build([parent, child('ses_a', 'left behind', 400)])
      expect(byId(traces).get('msg_ses_a')).toMatchObject({ parentId: null, rootSessionId: 'ses_root', orphan: true })
    }
  })

  it('whose parent session is gone is a root of its own, marked as an orphan', () => {
    const { traces, sessions } = build([child('ses_a', 'alone', 50, { parentId: 'ses_gone' })])
    expect(traces).toMatchObject([{ kind: 'DELEGATION', parentId: null, rootSessionId: 'ses_a', orphan: true }])
    expect(sessions).toMatchObject([{ parentId: null, rootId: 'ses_a' }])
  })

  it('of which the call is in error and the child says nothing of it was stopped or failed, as the call says', () => {
    const stopped = (error: string) =>
      build([
        caller([task('prt_a', 'tester', 'x', { status: 'error', error }, { sessionId: 'ses_a' })]),
        child('ses_a', 'x', 50),
      ])
    for (const error of ['Tool execution aborted', 'Task cancelled', 'Cancelled'])
      expect(stopped(error).traces[1]?.status, error).toBe('ABORTED')
    expect(stopped('Subagent failed (task_id: ses_a): no').traces[1]).toMatchObject({
      status: 'ERROR',
      promptOutput: null,
    })
  })

  it('that a user spoke into while it ran has its own last words, not the answer that its caller got', () => {
    const { traces } = build([
      caller([task('prt_t', 'tester', 'check', { endMs: T0 + 800 }, { sessionId: 'ses_c', output: 'answer msg_c4' })]),
      session(
        'ses_c',
        [
          prompt('msg_c1', 20, 'check', { agent: 'tester' }),
          reply('msg_c2', 30, 'msg_c1', { agent: 'tester', finish: 'tool-calls', completedMs: T0 + 100, parts: [] }),
          prompt('msg_c3', 50, 'and that', { agent: 'tester' }),
          reply('msg_c4', 110, 'msg_c3', { agent: 'tester' }),
        ],
        { parentId: 'ses_root', createdMs: T0 + 19 },
      ),
    ])
    expect(traces.map((t) => [t.id, t.kind, t.status, t.promptOutput, t.endedMs])).toEqual([
      ['msg_1', 'USER_TURN', 'COMPLETED', 'answer msg_3', T0 + 1010],
      ['prt_t', 'DELEGATION', 'COMPLETED', null, T0 + 100],
      ['msg_c3', 'USER_TURN', 'COMPLETED', 'answer msg_c4', T0 + 120],
    ])
  })

  it('without a session has its result from the call, unwrapped', () => {
    const output = '<task id="ses_x" state="completed">\n<task_result>\nDone.\nAll.\n</task_result>\n</task>'
    const { traces } = build([caller([task('prt_a', 'tester', 'x', {}, { sessionId: 'ses_x', output })])])
    expect(traces[1]).toMatchObject({ sessionId: null, status: 'COMPLETED', promptOutput: 'Done.\nAll.' })
  })

  it.each([
    ['1.18', (text: string) => `<task id="ses_x" state="completed">\n<task_result>\n${text}\n</task_result>\n</task>`],
    ['1.1', (text: string) => `task_id: ses_x (to resume)\n\n<task_result>\n${text}\n</task_result>`],
    ['1.0', (text: string) => `${text}\n\n<task_metadata>\nsession_id: ses_x\n</task_metadata>`],
  ])('without a session has its whole result, whatever tags that holds itself (%s)', (_, wrapped) => {
    const text =
      'Before </task_result> and <task_result>within</task_result>\n\n<task_metadata>\nsession_id: ses_no\n</task_metadata> end'
    const output = wrapped(text)
    const { traces } = build([caller([task('prt_a', 'tester', 'x', {}, { sessionId: 'ses_x', output })])])
    expect(traces[1]?.promptOutput).toBe(text)
  })
})

describe('a delegation whose user refused a tool', () => {
  const refused = task('prt_r', 'other', 'y', { status: 'error', error: 'PermissionRejectedError({})' })
  const said: PartRecord[] = [
    { type: 'step-start', id: 'prt_p' },
    {
      type: 'text',
      id: 'prt_q',
      text: 'Here goes.',
      synthetic: false,
      ignored: false,
      redacted: false,
      startMs: null,
      endMs: null,
    },
    refused,
    { type: 'step-finish', id: 'prt_s', usage: null },
  ]
  const outputOf = (to: string | null, finish: string | null) =>
    build([
      caller([task('prt_a', 'tester', 'x', {}, { sessionId: 'ses_a' })]),
      session('ses_a', [prompt('msg_a', 50, 'x'), reply('msg_b', 60, to, { finish, parts: said })], {
        parentId: 'ses_root',
        createdMs: T0 + 40,
      }),
    ]).traces.find((t) => t.id === 'prt_a')?.promptOutput

  it('gives back what was said before it', () => {
    expect([outputOf('msg_a', 'tool-calls'), outputOf(null, null)]).toEqual(['Here goes.', 'Here goes.'])
  })
})

describe('a status', () => {
  it('stays RUNNING while nothing proves otherwise, and is handed down by a caller that is over', () => {
    const running = task('prt_a', 'tester', 'x', { status: 'running' }, { sessionId: 'ses_a' })
    const open = session(
      'ses_a',
      [prompt('msg_p', 50, 'x'), reply('msg_r', 55, 'msg_p', { finish: null, completedMs: null })],
      { parentId: 'ses_root', createdMs: T0 + 40 },
    )
    const root = (more: SessionContent['messages']) =>
      session('ses_root', [
        prompt('msg_1', 0, 'go'),
        reply('msg_2', 10, 'msg_1', { finish: null, completedMs: null, parts: [running] }),
        ...more,
      ])
    expect(build([root([]), open]).traces.map((t) => t.status)).toEqual(['RUNNING', 'RUNNING'])
    const later = build([root([prompt('msg_8', 5000, 'next'), reply('msg_9', 5010, 'msg_8')]), open])
    expect(later.traces.map((t) => t.status)).toEqual(['INTERRUPTED', 'INTERRUPTED', 'COMPLETED'])
    // The next prompt is queued and not taken up yet, so the first turn still runs.
    expect(build([root([prompt('msg_8', 5000, 'next')]), open]).traces.map((t) => t.status)).toEqual([
      'RUNNING',
      'RUNNING',
      'RUNNING',
    ])
  })

  it('of a turn whose answer went on under a later prompt is COMPLETED', () => {
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go'),
        reply('msg_2', 10, 'msg_1', { finish: 'tool-calls', completedMs: T0 + 100 }),
        prompt('msg_3', 50, 'and that'),
        reply('msg_4', 110, 'msg_3'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.status, t.promptOutput])).toEqual([
      ['msg_1', 'COMPLETED', 'answer msg_2'],
      ['msg_3', 'COMPLETED', 'answer msg_4'],
    ])
  })

  it('of a command that ran while its user asked for more is COMPLETED: one answer serves both', () => {
    const command = prompt('msg_1', 0, '', {
      parts: [{ type: 'subtask', id: 'prt_s', agent: 'tester', prompt: 'check', description: null }],
    })
    const call = task('prt_a', 'tester', 'check', { endMs: T0 + 101 }, { sessionId: 'ses_a' })
    const finish = 'tool-calls'
    const ran = session('ses_a', [prompt('msg_a', 20, 'check'), reply('msg_b', 30, 'msg_a')], { parentId: 'ses_root' })
    const of = (queuedMs: number) =>
      build([
        session('ses_root', [
          command,
          reply('msg_2', 10, 'msg_1', { finish, completedMs: T0 + 100, usage: noUsage(), parts: [call] }),
          prompt('msg_3', queuedMs, 'and that'),
          reply('msg_4', queuedMs + 100, 'msg_3'),
        ]),
        ran,
      ]).traces.map((t) => [t.id, t.status, t.endedMs])
    expect(of(50)[0]).toEqual(['msg_1', 'COMPLETED', T0 + 100])
    // It came later: the process had died.
    expect(of(60_000)[0]).toEqual(['msg_1', 'INTERRUPTED', null])
  })

  it('of a prompt to another agent that came while a command ran is that of the answer to both', () => {
    const command = prompt('msg_1', 0, '', {
      parts: [{ type: 'subtask', id: 'prt_s', agent: 'tester', prompt: 'check', description: null }],
    })
    const carrier = { finish: 'tool-calls', completedMs: T0 + 100, usage: noUsage(), agent: 'tester' }
    const goOn = prompt('msg_4', 101, 'Summarize the task tool output above and continue with your task.')
    const { traces } = build([
      session('ses_root', [
        command,
        reply('msg_2', 10, 'msg_1', { ...carrier, parts: [task('prt_a', 'tester', 'check')] }),
        prompt('msg_3', 50, 'and that', { agent: 'relecteur' }),
        { ...goOn, parts: goOn.parts.map((p) => (p.type === 'text' ? { ...p, synthetic: true } : p)) },
        reply('msg_5', 102, 'msg_4'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.agent, t.status, t.own.llmCalls])).toEqual([
      ['msg_1', 'coordinateur', 'COMPLETED', 0],
      ['prt_a', 'tester', 'COMPLETED', 0],
      ['msg_3', 'relecteur', 'COMPLETED', 1],
    ])
  })

  it('of a command of the first 1.0, of which only the call is stored, is that of the call', () => {
    const command = (at: number, id: string, more = {}) => {
      const m = prompt(`msg_${id}`, at, 'The following tool was executed by the user', { agent: null })
      const parts = m.parts.map((p) => (p.type === 'text' ? { ...p, synthetic: true } : p))
      const stop = id === 'c' ? ({ status: 'error', error: 'Tool execution aborted' } as const) : {}
      const call = task(`prt_${id}`, 'tester', `check ${id}`, stop)
      const carrier = { finish: null, usage: noUsage(), agent: 'tester', parts: [call], ...more }
      return [{ ...m, parts }, reply(`msg_${id}2`, at + 10, `msg_${id}`, carrier)]
    }
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go', { agent: null }),
        reply('msg_2', 10, 'msg_1'),
        ...command(100, 'a'),
        ...command(200, 'b', { completedMs: null }),
        ...command(300, 'c'),
        prompt('msg_3', 900, 'and that', { agent: null }),
        reply('msg_4', 910, 'msg_3'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.parentId, t.agent, t.promptInput, t.status])).toEqual([
      ['msg_1', null, 'coordinateur', 'go', 'COMPLETED'],
      ['msg_a', null, 'tester', '', 'COMPLETED'],
      ['prt_a', 'msg_a', 'tester', 'check a', 'COMPLETED'],
      ['msg_b', null, 'tester', '', 'INTERRUPTED'],
      ['prt_b', 'msg_b', 'tester', 'check b', 'COMPLETED'],
      ['msg_c', null, 'tester', '', 'ABORTED'],
      ['prt_c', 'msg_c', 'tester', 'check c', 'ABORTED'],
      ['msg_3', null, 'coordinateur', 'and that', 'COMPLETED'],
    ])
  })

  it('of a command that waited with a later prompt is COMPLETED, and its call is its own', () => {
    const command = (id: string, at: number, text: string) =>
      prompt(id, at, '', {
        parts: [{ type: 'subtask', id: `prt_${id}`, agent: 'tester', prompt: text, description: null }],
      })
    const carrier = (id: string, at: number, to: string, text: string) =>
      reply(id, at, to, {
        finish: 'tool-calls',
        completedMs: T0 + at + 90,
        usage: noUsage(),
        agent: 'tester',
        parts: [task(`prt_${id}`, 'tester', text)],
      })
    const goOn = (id: string, at: number) => {
      const m = prompt(id, at, 'Summarize the task tool output above and continue with your task.')
      return { ...m, parts: m.parts.map((p) => (p.type === 'text' ? { ...p, synthetic: true } : p)) }
    }
    const { traces } = build([
      session('ses_root', [
        command('msg_1', 0, 'check'),
        carrier('msg_2', 10, 'msg_1', 'check'),
        command('msg_3', 50, 'check more'),
        prompt('msg_4', 60, 'and that'),
        goOn('msg_5', 101),
        carrier('msg_6', 110, 'msg_5', 'check more'),
        goOn('msg_7', 201),
        reply('msg_8', 210, 'msg_7'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.parentId, t.status, t.own.llmCalls])).toEqual([
      ['msg_1', null, 'COMPLETED', 0],
      ['prt_msg_2', 'msg_1', 'COMPLETED', 0],
      ['msg_3', null, 'COMPLETED', 0],
      ['prt_msg_6', 'msg_3', 'COMPLETED', 0],
      ['msg_4', null, 'COMPLETED', 1],
    ])
  })

  it('of a prompt that was never answered before its process died is INTERRUPTED, whatever was asked later', () => {
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'a'),
        reply('msg_2', 10, 'msg_1'),
        prompt('msg_3', 5_000, 'lost'),
        prompt('msg_4', 3_600_000, 'again'),
        reply('msg_5', 3_600_010, 'msg_4'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.status])).toEqual([
      ['msg_1', 'COMPLETED'],
      ['msg_3', 'INTERRUPTED'],
      ['msg_4', 'COMPLETED'],
    ])
  })

  it('of prompts that were queued behind a long answer is that of the answer that took them up', () => {
    const queued = (last: Parameters<typeof reply>[3]) =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'long'),
          reply('msg_2', 10, 'msg_1', { finish: 'tool-calls', completedMs: T0 + 900_000 }),
          prompt('msg_3', 60_000, 'and this'),
          prompt('msg_4', 600_000, 'and that'),
          reply('msg_5', 900_010, 'msg_4', last),
        ]),
      ]).traces.map((t) => [t.id, t.status])
    expect(queued({})).toEqual([
      ['msg_1', 'COMPLETED'],
      ['msg_3', 'COMPLETED'],
      ['msg_4', 'COMPLETED'],
    ])
    expect(queued({ finish: null, completedMs: null })[1]).toEqual(['msg_3', 'RUNNING'])
  })

  it('of a prompt that waited for an answer which its user stopped is ABORTED, if the session went on without it', () => {
    const error = { name: 'MessageAbortedError', message: 'stopped' }
    const stopped = (more: SessionContent['messages'], agent: string | null = 'coordinateur') =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'long'),
          reply('msg_2', 10, 'msg_1', { finish: null, error, completedMs: T0 + 100 }),
          prompt('msg_3', 50, 'and this', { agent }),
          ...more,
        ]),
      ]).traces.map((t) => [t.id, t.agent, t.status, t.endedMs === null ? null : t.endedMs - T0])
    const waiting = ['msg_3', 'coordinateur', 'ABORTED', 100]
    expect(stopped([])[1]).toEqual(waiting)
    expect(stopped([prompt('msg_4', 1000, 'next'), reply('msg_5', 1010, 'msg_4')])[1]).toEqual(waiting)
    expect(stopped([], null)[1]).toEqual(waiting)
    // Two waiting prompts were taken up together.
    expect(stopped([prompt('msg_4', 90, 'next'), reply('msg_5', 110, 'msg_4')])[1]).toEqual([
      'msg_3',
      'coordinateur',
      'COMPLETED',
      120,
    ])
  })

  it('of a prompt that waited for an answer which failed is ERROR, if the session went on without it', () => {
    const error = { name: 'APIError', message: 'refused' }
    const failed = (...more: SessionContent['messages']) =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'long'),
          reply('msg_2', 10, 'msg_1', { finish: null, error, completedMs: T0 + 100 }),
          prompt('msg_3', 50, 'and this'),
          ...more,
        ]),
      ]).traces.map((t) => [t.id, t.status, t.endedMs === null ? null : t.endedMs - T0, t.error])[1]
    const lost = ['msg_3', 'ERROR', 100, error]
    expect(failed()).toEqual(lost)
    expect(failed(prompt('msg_4', 1000, 'next'), reply('msg_5', 1010, 'msg_4'))).toEqual(lost)
    // The waiting prompt was answered after all.
    expect(failed(reply('msg_4', 110, 'msg_3'))).toEqual(['msg_3', 'COMPLETED', 120, null])
  })

  it('of a turn that gave structured output is COMPLETED, though its last answer called a tool and nothing follows', () => {
    const answered = (structured: boolean) =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'judge'),
          reply('msg_2', 10, 'msg_1', { finish: 'tool-calls', structured, completedMs: T0 + 100 }),
        ]),
      ]).traces.map((t) => [t.status, t.endedMs, t.promptOutput])
    expect(answered(true)).toEqual([['COMPLETED', T0 + 100, 'answer msg_2']])
    expect(answered(false)).toEqual([['RUNNING', null, null]])
  })

  it('of a command that its user stopped is that of the session that ran it, where nothing answered that', () => {
    const command = prompt('msg_1', 0, '', {
      parts: [{ type: 'subtask', id: 'prt_s', agent: 'tester', prompt: 'check', description: null }],
    })
    const call = task('prt_a', 'tester', 'check', { endMs: T0 + 110 }, { sessionId: 'ses_a' })
    const carrier = reply('msg_2', 10, 'msg_1', { finish: 'tool-calls', usage: noUsage(), parts: [call] })
    const error = { name: 'MessageAbortedError', message: 'The operation was aborted.' }
    const stopped = session(
      'ses_a',
      [
        prompt('msg_a', 50, 'check', { agent: 'tester' }),
        reply('msg_b', 55, 'msg_a', { finish: null, error, completedMs: T0 + 100 }),
      ],
      { parentId: 'ses_root', createdMs: T0 + 40 },
    )
    const of = (more: ReturnType<typeof prompt>[]) => build([session('ses_root', [command, carrier, ...more]), stopped])
    const next = [prompt('msg_3', 900, 'go on'), reply('msg_4', 910, 'msg_3')]
    for (const later of [[], next]) {
      expect(of(later).traces[0]).toMatchObject({ id: 'msg_1', status: 'ABORTED', endedMs: T0 + 110, error })
    }
    expect(of([reply('msg_3', 120, 'msg_1')]).traces[0]).toMatchObject({ status: 'COMPLETED', error: null })
  })

  it('of two prompts that one answer serves is the same', () => {
    const { traces } = build([
      session('ses_root', [prompt('msg_1', 0, 'a'), prompt('msg_2', 5, 'b'), reply('msg_3', 10, 'msg_2')]),
    ])
    expect(traces.map((t) => [t.status, t.own.llmCalls])).toEqual([
      ['COMPLETED', 0],
      ['COMPLETED', 1],
    ])
  })
})

describe('a turn', () => {
  it.each([
    [
      '1.0',
      'Error: The user rejected permission to use this specific tool call. You may try again with different parameters.',
    ],
    ['1.1', 'Error: The user rejected permission to use this specific tool call.'],
    ['1.2', 'PermissionRejectedError({"_tag":"PermissionRejectedError"})'],
    ['1.2', 'QuestionRejectedError({"_tag":"QuestionRejectedError"})'],
    ['1.18', 'The user dismissed this question'],
    // As stored by 1.0.185 with `external_directory: deny`, which ended the turn.
    ['1.0', 'Error: File /etc/hostname is not in the current working directory'],
    [
      '1.0',
      'Error: This command references paths outside of /home/dev/projects/demo so this command is not allowed to be executed.',
    ],
  ])('of %s is over where a tool was refused: %s', (_, error) => {
    const statuses = (text: string) =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'go'),
          reply('msg_2', 10, 'msg_1', {
            finish: 'tool-calls',
            parts: [task('prt_a', 'tester', 'x', { status: 'error', error: text })],
          }),
        ]),
      ]).traces.map((t) => t.status)
    expect(statuses(error)).toEqual(['COMPLETED', 'ERROR'])
    const reason = 'The user rejected permission to use this specific tool call with the following feedback: not now'
    expect(statuses(reason)).toEqual(['RUNNING', 'ERROR'])
  })

  it('goes on under the copy of its prompt that OpenCode stores when the conversation outgrew its model', () => {
    const compaction: PartRecord = { type: 'compaction', id: 'prt_c', auto: true, overflow: true }
    const outgrown = (copyOf: string) => [
      prompt('msg_1', 0, 'go'),
      reply('msg_2', 10, 'msg_1', { finish: 'tool-calls' }),
      reply('msg_3', 30, 'msg_1', { finish: null, usage: noUsage(), parts: [] }),
      prompt('msg_4', 50, '', { parts: [compaction] }),
      reply('msg_5', 60, 'msg_4', { summary: true }),
      prompt('msg_6', 75, copyOf),
      reply('msg_7', 80, 'msg_6'),
    ]
    const { traces } = build([session('ses_root', outgrown('go'))])
    expect(traces.map((t) => [t.id, t.status, t.promptOutput])).toEqual([['msg_1', 'COMPLETED', 'answer msg_7']])
    expect(traces[0]?.own.llmCalls).toBe(3)
    // A different prompt at that point comes from a person, and is a turn of its own.
    expect(build([session('ses_root', outgrown('go on'))]).traces.map((t) => t.id)).toEqual(['msg_1', 'msg_6'])
  })

  it('of 0.5 is one where its prompt was queued, and stored once more when its turn came', () => {
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go', { agent: null }),
        reply('msg_2', 10, null, { completedMs: T0 + 100 }),
        prompt('msg_3', 50, 'and that', { agent: null }),
        prompt('msg_4', 103, 'and that', { agent: null }),
        reply('msg_5', 120, null),
        // The same prompt from a person: a turn of its own, since the waiting one has been answered.
        prompt('msg_6', 140, 'and that', { agent: null }),
        reply('msg_7', 150, null),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.agent, t.promptOutput])).toEqual([
      ['msg_1', 'coordinateur', 'answer msg_2'],
      ['msg_3', 'coordinateur', 'answer msg_5'],
      ['msg_6', 'coordinateur', 'answer msg_7'],
    ])
  })

  it('of 0.5 is over where its step ended in the message that OpenCode opened for a prompt that waited', () => {
    const used = { ...noUsage(), input: 7, cost: 0.25, llmCalls: 1 }
    const start = (id: string): PartRecord => ({ type: 'step-start', id })
    const end = (id: string, usage = used): PartRecord => ({ type: 'step-finish', id, usage })
    const turns = (first: PartRecord[], second: PartRecord[], more: Parameters<typeof reply>[3] = {}) =>
      build([
        session('ses_root', [
          prompt('msg_1', 0, 'go', { agent: null }),
          reply('msg_2', 10, null, { finish: null, usage: noUsage(), parts: first, completedMs: T0 + 100 }),
          prompt('msg_3', 50, 'and that', { agent: null }),
          reply('msg_4', 101, null, {
            finish: null,
            usage: { ...noUsage(), input: 10, cost: 0.75, llmCalls: 2 },
            parts: second,
            ...more,
          }),
        ]),
      ]).traces.map((t) => [t.id, t.status, t.own.input, t.own.cost, t.own.llmCalls])
    const next = [start('prt_d'), end('prt_e', { ...used, input: 3, cost: 0.5 })]
    expect(turns([start('prt_a')], [end('prt_c'), ...next])).toEqual([
      ['msg_1', 'COMPLETED', 7, 0.25, 1],
      ['msg_3', 'COMPLETED', 3, 0.5, 1],
    ])
    // An abort before the message began a step also aborts the previous answer; a failure is the message's own.
    const endedBy = (name: string) =>
      turns([start('prt_a')], [end('prt_c')], { error: { name, message: '' } }).map(([, status]) => status)
    expect(endedBy('MessageAbortedError')).toEqual(['ABORTED', 'ABORTED'])
    expect(endedBy('UnknownError')).toEqual(['COMPLETED', 'ERROR'])
    // The same applies if the step ended in its own message, provided that its tool calls required another step.
    const stopped = { error: { name: 'MessageAbortedError', message: '' } }
    const stoppedAfter = (...parts: PartRecord[]) =>
      turns([start('prt_a'), ...parts, end('prt_c')], [], stopped).map(([, status]) => status)
    expect(stoppedAfter({ ...task('prt_b', '', ''), tool: 'bash', task: null })).toEqual(['ABORTED', 'ABORTED'])
    expect(stoppedAfter()).toEqual(['COMPLETED', 'ABORTED'])
    // If no step lacks its end, there is nothing to move back.
    expect(turns([start('prt_a'), end('prt_b')], [end('prt_c'), ...next])).toEqual([
      ['msg_1', 'COMPLETED', 0, 0, 0],
      ['msg_3', 'COMPLETED', 10, 0.75, 2],
    ])
  })

  it('of 0.5 whose prompt waited with others is answered with the last of them', () => {
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go', { agent: null }),
        reply('msg_2', 10, null, { completedMs: T0 + 100 }),
        prompt('msg_3', 50, 'and that', { agent: null }),
        prompt('msg_4', 60, 'and this', { agent: null }),
        prompt('msg_5', 103, 'and that', { agent: null }),
        reply('msg_6', 110, null, { finish: null, usage: noUsage(), parts: [] }),
        reply('msg_7', 125, null),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.agent, t.status, t.promptOutput, t.own.llmCalls])).toEqual([
      ['msg_1', 'coordinateur', 'COMPLETED', 'answer msg_2', 1],
      ['msg_3', 'coordinateur', 'COMPLETED', null, 0],
      ['msg_4', 'coordinateur', 'COMPLETED', 'answer msg_7', 1],
    ])
  })

  it('whose clock was set back before its answer is one all the same, with what that answer used', () => {
    const answer = reply('msg_2', 1000, 'msg_1', { parts: [task('prt_a', 'tester', 'test it')] })
    const { traces, sessions } = build([session('ses_root', [prompt('msg_1', 5000, 'go'), answer])])
    expect(traces.map((t) => [t.id, t.parentId, t.lft, t.rgt])).toEqual([
      ['msg_1', null, 1, 4],
      ['prt_a', 'msg_1', 2, 3],
    ])
    expect(traces[0]).toMatchObject({ promptInput: 'go', durationMs: 0, clockSkewed: true, own: answer.usage })
    expect(sessions[0]?.total).toEqual(answer.usage)
  })
})

describe('a turn whose prompt was deleted', () => {
  it('stands for itself, and leaves the turn before as it was', () => {
    const { traces } = build([
      session('ses_root', [
        prompt('msg_1', 0, 'go'),
        reply('msg_2', 10, 'msg_1'),
        reply('msg_4', 1_010, 'msg_3', { finish: 'tool-calls' }),
        reply('msg_5', 1_030, 'msg_3'),
        prompt('msg_6', 2_000, 'on'),
        reply('msg_7', 2_010, 'msg_6'),
      ]),
    ])
    expect(traces.map((t) => [t.id, t.promptInput, t.promptOutput, t.own.llmCalls])).toEqual([
      ['msg_1', 'go', 'answer msg_2', 1],
      ['msg_3', '', 'answer msg_5', 2],
      ['msg_6', 'on', 'answer msg_7', 1],
    ])
  })

  it('is not taken for one where a fork’s copies name the prompts of the original', () => {
    const { traces } = build([
      session(
        'ses_fork',
        [
          prompt('msg_1', 0, 'go'),
          reply('msg_2', 10, 'msg_other', { finish: 'tool-calls' }),
          reply('msg_3', 20, 'msg_other'),
        ],
        { createdMs: T0 + 500 },
      ),
    ])
    expect(traces.map((t) => [t.id, t.copied, t.promptOutput])).toEqual([['msg_1', true, 'answer msg_3']])
  })
})

describe('a session of very many turns', () => {
  it('has each of its messages looked at a few times, not once for every turn', () => {
    const turns = 1000
    const { session: info, messages } = session(
      'ses_long',
      Array.from({ length: turns }, (_, i) => [
        prompt(`msg_${i}`, 10 * i, `turn ${i}`),
        reply(`msg_${i}r`, 10 * i + 5, `msg_${i}`),
      ]).flat(),
    )
    let looks = 0
    const counted = messages.map((message) => ({
      ...message,
      get id() {
        looks++
        return message.id
      },
    }))
    expect(digestSession({ session: info, messages: counted }).runs).toHaveLength(turns)
    expect(looks).toBeLessThan(20 * messages.length)
  })
})

describe('a forest', () => {
  it('is as deep as it comes', () => {
    const depth = 10_000
    const contents = Array.from({ length: depth }, (_, i) =>
      session(
        `ses_${i}`,
        [
          prompt(`msg_${i}`, i * 2 + 1, `level ${i}`),
          reply(`msg_${i}r`, i * 2 + 1, `msg_${i}`, {
            finish: 'stop',
            parts: [task(`prt_${i}`, 'deep', `level ${i + 1}`, {}, { sessionId: `ses_${i + 1}` })],
          }),
        ],
        { parentId: i === 0 ? null : `ses_${i - 1}`, createdMs: T0 + i * 2 },
      ),
    )
    const { traces } = build(contents)
    expect(traces).toHaveLength(depth + 1)
    expect(Math.max(...traces.map((t) => t.depth))).toBe(depth)
    expect(traces[0]?.total.llmCalls).toBe(depth)
  })

  it('names its agents and models in the order of their first use, depth first', () => {
    const asked = (id: string, to: string, agent: string, at: number, calls: ReturnType<typeof task>[] = []) =>
      session(
        `ses_${id}`,
        [
          prompt(`msg_${id}`, at, id, { agent }),
          reply(`msg_${id}a`, at + 5, `msg_${id}`, { agent, model: `of ${agent}`, parts: calls }),
        ],
        { parentId: `ses_${to}`, createdMs: T0 + at - 1 },
      )
    const call = (id: string, agent: string) => task(`prt_${id}`, agent, id, {}, { sessionId: `ses_${id}` })
    const { sessions } = build([
      caller([call('a', 'executeur'), call('b', 'tester'), call('c', 'quality')]),
      asked('a', 'root', 'executeur', 50, [call('d', 'refactoring'), call('e', 'tester')]),
      asked('b', 'root', 'tester', 51),
      asked('c', 'root', 'quality', 52, [call('f', 'executeur')]),
      asked('d', 'a', 'refactoring', 70),
      asked('e', 'a', 'tester', 71),
      asked('f', 'c', 'executeur', 72),
    ])
    const named = new Map(sessions.map(({ id, agents, models }) => [id, { agents, models }]))
    const agents = ['coordinateur', 'executeur', 'refactoring', 'tester', 'quality']
    const models = ['grand', ...agents.slice(1).map((agent) => `of ${agent}`)]
    expect(named.get('ses_root')).toEqual({ agents, models })
    expect(named.get('ses_a')).toEqual({ agents: agents.slice(1, 4), models: models.slice(1, 4) })
    expect(named.get('ses_c')?.agents).toEqual(['quality', 'executeur'])
  })

  it('has no cycles: sessions that are each other’s parents are cut at the youngest', () => {
    const { sessions, traces } = build([
      child('ses_a', 'a', 50, { parentId: 'ses_b' }),
      child('ses_b', 'b', 60, { parentId: 'ses_a' }),
    ])
    expect(sessions.map((s) => [s.id, s.parentId, s.rootId])).toEqual([
      ['ses_a', 'ses_b', 'ses_b'],
      ['ses_b', null, 'ses_b'],
    ])
    expect(traces).toHaveLength(2)
    expect(traces.some((t) => t.orphan)).toBe(true)
  })

  it('is the same whatever order sessions, messages and parts come in', () => {
    const contents = [
      caller([
        task('prt_a', 'tester', 'same', {}),
        task('prt_b', 'tester', 'same', {}, { sessionId: 'ses_b' }),
        task('prt_c', 'nobody', 'no', { status: 'error', error: 'unknown' }),
      ]),
      child('ses_a', 'same', 50),
      child('ses_b', 'same', 60),
      child('ses_x', 'unasked', 70),
    ]
    const expected = build(contents)
    const shuffled = fc.tuple(
      fc.shuffledSubarray(contents, { minLength: contents.length }),
      fc.infiniteStream(fc.nat()),
    )
    fc.assert(
      fc.property(shuffled, ([sessions, keys]) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, key: keys.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item)
        const again = sessions.map((c) => ({
          ...c,
          messages: shuffle(c.messages.map((m) => ({ ...m, parts: shuffle(m.parts) }))),
        }))
        expect(build(again)).toEqual(expected)
      }),
      { numRuns: cases(50) },
    )
  })

  it('numbers its trees so that what is below a trace lies between its numbers', () => {
    const { traces } = build([
      caller(['prt_a', 'prt_b'].map((id) => task(id, 'tester', id, {}, { sessionId: `ses_${id}` }))),
      child('ses_prt_a', 'prt_a', 50),
      child('ses_prt_b', 'prt_b', 60),
    ])
    expect(traces.map((t) => [t.id, t.lft, t.rgt, t.ord])).toEqual([
      ['msg_1', 1, 6, 0],
      ['prt_a', 2, 3, 0],
      ['prt_b', 4, 5, 1],
    ])
  })

  it('has no two traces of one id, also where messages stand in two sessions', () => {
    const copies = [child('ses_a', 'test it', 50), child('ses_b', 'test it', 60)]
    const family = [
      caller([]),
      ...copies.map((content) => ({
        ...content,
        messages: content.messages.map((m) => ({
          ...m,
          id: m.id.replace('ses_b', 'ses_a'),
          parentId: m.parentId?.replace('ses_b', 'ses_a') ?? null,
        })),
      })),
    ]
    for (const order of [family, family.toReversed()]) {
      const { traces } = build(order)
      expect(traces.map((t) => [t.id, t.sessionId, t.parentId, t.lft, t.rgt])).toEqual([
        ['msg_1', 'ses_root', null, 1, 6],
        ['msg_ses_a', 'ses_a', 'msg_1', 2, 3],
        ['msg_ses_a~2', 'ses_b', 'msg_1', 4, 5],
      ])
    }
  })

  it('starts the calls of one answer in the order of its parts', () => {
    const { traces } = build([
      caller(['prt_a', 'prt_b'].map((id) => task(id, 'tester', id, {}, { sessionId: `ses_${id}` }))),
      child('ses_prt_a', 'prt_a', 61),
      child('ses_prt_b', 'prt_b', 60),
    ])
    expect(traces.slice(1).map((t) => [t.id, t.startedMs - T0])).toEqual([
      ['prt_a', 60],
      ['prt_b', 60],
    ])
  })

  it('starts what no call explains in the order in which the sessions were made, whichever prompt was stored first', () => {
    const undone = [
      child('ses_3', 'first', 64, { createdMs: T0 + 40 }),
      child('ses_2', 'second', 60, { createdMs: T0 + 41 }),
      child('ses_1', 'third', 60, { createdMs: T0 + 41 }),
    ]
    for (const family of [undone, [...undone].reverse()]) {
      const { traces } = build([caller([]), ...family])
      expect(traces.slice(1).map((t) => [t.promptInput, t.parentId])).toEqual([
        ['first', 'msg_1'],
        ['second', 'msg_1'],
        ['third', 'msg_1'],
      ])
      const orphans = build([session('ses_root', []), ...family]).traces
      expect(orphans.map((t) => [t.promptInput, t.orphan])).toEqual([
        ['first', true],
        ['second', true],
        ['third', true],
      ])
    }
  })

  it('starts what a deleted call opened before what the next call of its answer did', () => {
    const { traces } = build([
      caller([task('prt_b', 'tester', 'second', {}, { sessionId: 'ses_b' })]),
      child('ses_a', 'first', 64, { createdMs: T0 + 40 }),
      child('ses_b', 'second', 60, { createdMs: T0 + 41 }),
    ])
    expect(traces.slice(1).map((t) => [t.promptInput, t.linkInferred])).toEqual([
      ['first', true],
      ['second', false],
    ])
  })

  it('leaves a prompt that came long after its session was made where it was', () => {
    const { traces } = build([
      caller([]),
      child('ses_a', 'late', 900_000, { createdMs: T0 + 40 }),
      child('ses_b', 'early', 60, { createdMs: T0 + 41 }),
    ])
    expect(traces.slice(1).map((t) => [t.promptInput, t.startedMs - T0])).toEqual([
      ['early', 60],
      ['late', 900_000],
    ])
  })

  it('says of each trace until when another can directly follow it', () => {
    const spans: fc.Arbitrary<[number, number][]> = fc.array(
      fc.tuple(fc.integer({ min: 20, max: 40 }), fc.integer({ min: 0, max: 12 })),
      { minLength: 1, maxLength: 9 },
    )
    fc.assert(
      fc.property(spans, (list) => {
        const calls = list.map((_, i) => task(`prt_${i}`, 'tester', `p${i}`, {}, { sessionId: `ses_${i}` }))
        const children = list.map(([start, ms], i) =>
          session(
            `ses_${i}`,
            [
              prompt(`msg_${i}x`, start, `p${i}`),
              reply(`msg_${i}y`, start, `msg_${i}x`, { completedMs: T0 + start + ms }),
            ],
            { parentId: 'ses_root', createdMs: T0 + start - 1 },
          ),
        )
        const traces = build([caller(calls), ...children]).traces.filter((t) => t.kind === 'DELEGATION')
        const end = (t: Trace) => t.endedMs ?? Number.POSITIVE_INFINITY
        const order = (a: Trace, b: Trace) => a.startedMs - b.startedMs || end(a) - end(b) || (a.id < b.id ? -1 : 1)
        const precedes = (a: Trace, b: Trace) => a !== b && end(a) <= b.startedMs && order(a, b) < 0
        for (const a of traces) {
          for (const b of traces) {
            const follows = precedes(a, b) && !traces.some((c) => precedes(a, c) && precedes(c, b))
            const m = a.followBeforeMs ?? Number.POSITIVE_INFINITY
            const told =
              precedes(a, b) &&
              (b.startedMs < m ||
                (b.startedMs === m && b.endedMs === m && a.followBeforeId !== null && b.id <= a.followBeforeId))
            expect(told, `${a.id} ; ${b.id}`).toBe(follows)
          }
        }
      }),
      { numRuns: cases(300) },
    )
  })
})

describe('a session', () => {
  it('has spent what its own trees have, also where a fork goes on with a delegation of the original', () => {
    const call = task('prt_a', 'tester', 'test it', {}, { sessionId: 'ses_a' })
    const again = task('prt_b', 'tester', 'again', {}, { sessionId: 'ses_a' })
    const resumed = session(
      'ses_a',
      [
        prompt('msg_p', 50, 'test it'),
        reply('msg_q', 55, 'msg_p'),
        prompt('msg_r', 5020, 'again'),
        reply('msg_s', 5030, 'msg_r'),
      ],
      { parentId: 'ses_root', createdMs: T0 + 45 },
    )
    const fork = session(
      'ses_fork',
      [
        prompt('msg_1f', 0, 'go'),
        reply('msg_3f', 1000, 'msg_1f'),
        prompt('msg_4', 5000, 'go on'),
        reply('msg_5', 5010, 'msg_4', { finish: 'tool-calls', parts: [again], completedMs: T0 + 5100 }),
        reply('msg_6', 5200, 'msg_4'),
      ],
      { createdMs: T0 + 4000 },
    )
    const { traces, sessions } = build([caller([call]), resumed, fork])
    for (const root of sessions.filter((s) => s.parentId === null)) {
      const rooted = traces.filter((t) => t.rootSessionId === root.id)
      expect([root.id, root.total.llmCalls]).toEqual([root.id, rooted.reduce((sum, t) => sum + t.own.llmCalls, 0)])
    }
    expect(sessions.map((s) => [s.id, s.total.llmCalls])).toEqual([
      ['ses_root', 3],
      ['ses_a', 2],
      ['ses_fork', 3],
    ])
  })

  it('names first the agents of its own tree, also where an older session resumed it', () => {
    const again = task('prt_b', 'reviewer', 'look at it', {}, { sessionId: 'ses_a' })
    const resumed = session(
      'ses_a',
      [
        prompt('msg_p', 50, 'test it', { agent: 'tester' }),
        reply('msg_q', 55, 'msg_p'),
        prompt('msg_r', 5020, 'look at it', { agent: 'reviewer' }),
        reply('msg_s', 5030, 'msg_r'),
      ],
      { parentId: 'ses_root', createdMs: T0 + 45 },
    )
    const older = session(
      'ses_older',
      [
        prompt('msg_0', -900, 'begin'),
        reply('msg_0a', -890, 'msg_0'),
        prompt('msg_4', 5000, 'go on'),
        reply('msg_5', 5010, 'msg_4', { finish: 'tool-calls', parts: [again], completedMs: T0 + 5100 }),
      ],
      { createdMs: T0 - 1000 },
    )
    const call = task('prt_a', 'tester', 'test it', {}, { sessionId: 'ses_a' })
    const { traces, sessions } = build([caller([call]), resumed, older])
    expect(traces.filter((t) => t.sessionId === 'ses_a').map((t) => t.agent)).toEqual(['reviewer', 'tester'])
    expect(sessions.find((s) => s.id === 'ses_a')?.agents).toEqual(['tester', 'reviewer'])
  })

  it('that was forked from a fork without anything of its own says so, by the title that OpenCode gave it', () => {
    const copy = (id: string, title: string, at: number) =>
      session(id, [prompt(`${id}_1`, 0, 'go'), reply(`${id}_2`, 10, `${id}_1`)], { title, createdMs: T0 + at })
    const { sessions } = build([
      copy('ses_a', 'Work', -5),
      copy('ses_b', 'Work (fork #1)', 1000),
      copy('ses_c', 'Work (fork #2)', 2000),
      copy('ses_d', 'Work (fork #1)', 3000),
      copy('ses_e', 'Another name', 4000),
    ])
    expect(sessions.map((s) => s.forkedFromId)).toEqual([null, 'ses_a', 'ses_b', 'ses_a', 'ses_a'])
  })
})
