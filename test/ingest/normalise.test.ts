/** Tests that what OpenCode stored becomes records, or is rejected with a reason. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  completeMessage,
  isNeeded,
  markLastAnswers,
  parseMessage,
  parseSession,
} from '../../src/ingest/opencode/normalise.ts'
import { parsePart, type ReadPart } from '../../src/ingest/opencode/parts.ts'
import type { Usage } from '../../src/records.ts'
import { cases } from '../cases.ts'

const tokens = (input: number, output: number, reasoning: number, read = 0, write = 0, total?: number) => ({
  ...(total === undefined ? {} : { total }),
  input,
  output,
  reasoning,
  cache: { read, write },
})

/** The usage of an assistant message with these steps. */
function usage(message: object, steps: readonly object[] = []): Usage | null {
  const read = parseMessage(
    { role: 'assistant', time: { created: 1, completed: 2 }, ...message },
    'msg_1',
    'ses_1',
    null,
  ).value
  if (read === null) return null
  const parts = steps.flatMap((step, i): ReadPart[] => {
    const part = parsePart({ type: 'step-finish', ...step }, `prt_${i}`).value
    return part === null ? [] : [part]
  })
  return completeMessage(read, parts).usage
}

describe('tokens', () => {
  it('of 0.5 are the sum of the steps, its input without what came from the cache', () => {
    const steps = [
      { tokens: tokens(100, 10, 2, 60), cost: 1 },
      { tokens: tokens(200, 20, 0, 150), cost: 2 },
    ]
    expect(usage({ tokens: tokens(200, 20, 0, 150), cost: 3 }, steps)).toEqual({
      input: 90,
      output: 28,
      reasoning: 2,
      cacheRead: 210,
      cacheWrite: 0,
      cost: 3,
      llmCalls: 2,
    })
  })

  it('of a step of 0.5 stay with it, since it may have begun in the message before', () => {
    const [finish] = [parsePart({ type: 'step-finish', tokens: tokens(100, 10, 2, 60), cost: 1 }, 'prt_1').value]
    const stored = { role: 'assistant', time: { created: 1 }, tokens: tokens(100, 10, 2, 60) }
    const partOf = (message: object) => {
      const read = parseMessage(message, 'msg_1', 'ses_1', null).value
      return read && finish && completeMessage(read, [finish]).parts[0]
    }
    expect(partOf(stored)).toMatchObject({ usage: { input: 40, output: 8, cacheRead: 60, cost: 1, llmCalls: 1 } })
    expect(partOf({ ...stored, parentID: 'msg_0' })).toMatchObject({ usage: null })
  })

  it('of 0.5 leave the input alone where the provider counts the cache apart', () => {
    expect(usage({ providerID: 'anthropic' }, [{ tokens: tokens(100, 10, 0, 60) }])?.input).toBe(100)
    expect(usage({ providerID: 'amazon-bedrock' }, [{ tokens: tokens(100, 10, 0, 60) }])?.input).toBe(100)
    expect(usage({ providerID: 'x' }, [{ tokens: tokens(100, 10, 0, 60, 5) }])?.input).toBe(100)
    expect(usage({ providerID: 'x' }, [{ tokens: tokens(50, 10, 0, 60) }])?.input).toBe(0)
  })

  it('from 1.0 on are the message’s own', () => {
    expect(
      usage({ parentID: 'msg_0', finish: 'stop', tokens: tokens(100, 10, 0, 60), cost: 0.5 }, [
        { tokens: tokens(100, 10, 0, 60), cost: 0.5 },
      ]),
    ).toEqual({
      input: 100,
      output: 10,
      reasoning: 0,
      cacheRead: 60,
      cacheWrite: 0,
      cost: 0.5,
      llmCalls: 1,
    })
  })

  it('of the first 1.0, which does not say how an answer finished, hold the cache in the input as those of 0.5 do', () => {
    const early = { parentID: 'msg_0', tokens: tokens(100, 10, 0, 60), cost: 0.5 }
    expect(usage(early)).toMatchObject({ input: 40, cacheRead: 60, cost: 0.5, llmCalls: 1 })
    expect(usage({ ...early, providerID: 'anthropic' })?.input).toBe(100)
  })

  it('come from the step where a kill kept the message from getting them', () => {
    const killed = usage({ parentID: 'msg_0', tokens: tokens(0, 0, 0), cost: 0 }, [
      { tokens: tokens(7, 5, 1, 3), cost: 2 },
    ])
    expect(killed).toEqual({ input: 7, output: 4, reasoning: 1, cacheRead: 3, cacheWrite: 0, cost: 2, llmCalls: 1 })
  })

  it('count reasoning once: the total says whether the output holds it', () => {
    const of = (output: number, total?: number) =>
      usage({ parentID: 'msg_0', tokens: tokens(100, output, 30, 5, 2, total) })?.output
    expect(of(50, 157)).toBe(20)
    expect(of(50, 187)).toBe(50)
    expect(of(50)).toBe(20)
    expect(of(20)).toBe(20)
  })

  it('are no call where none was answered', () => {
    expect(usage({ parentID: 'msg_0', finish: 'tool-calls', tokens: tokens(0, 0, 0) })?.llmCalls).toBe(0)
    expect(usage({ parentID: 'msg_0', error: { name: 'APIError' }, tokens: tokens(0, 0, 0) })?.llmCalls).toBe(0)
    expect(
      usage({ parentID: 'msg_0', finish: 'stop', tokens: tokens(0, 0, 0) }, [{ tokens: tokens(0, 0, 0) }])?.llmCalls,
    ).toBe(1)
  })

  it('are none where their sums could not be told exactly', () => {
    const read = (input: number) => usage({ parentID: 'msg_0', finish: 'stop', tokens: tokens(input, 1, 0) })?.input
    expect([read(1e9), read(1e9 + 1), read(Number.MAX_SAFE_INTEGER)]).toEqual([1e9, 0, 0])
  })

  it('are never negative and never infinite', () => {
    const amount = fc.oneof(fc.nat(), fc.constantFrom(-1, 1e300, Number.NaN, '5', null, undefined, {}))
    const json = fc.record({
      total: amount,
      input: amount,
      output: amount,
      reasoning: amount,
      cache: fc.oneof(amount, fc.record({ read: amount, write: amount })),
    })
    fc.assert(
      fc.property(
        json,
        fc.array(json, { maxLength: 3 }),
        fc.constantFrom(undefined, 'msg_0'),
        (own, steps, parentID) => {
          const result = usage(
            { tokens: own, parentID },
            steps.map((t) => ({ tokens: t })),
          )
          for (const value of Object.values(result ?? { missing: -1 })) {
            expect(Number.isFinite(value) && value >= 0).toBe(true)
          }
        },
      ),
    )
  })
})

describe('a message', () => {
  it('names its agent or, before 1.0, its mode; its error by what it says', () => {
    const read = (message: object) =>
      parseMessage({ role: 'assistant', time: { created: 1 }, ...message }, 'm', 's', null).value
    expect(read({ agent: 'build', mode: 'plan' })?.agent).toBe('build')
    expect(read({ mode: 'plan' })?.agent).toBe('plan')
    expect(read({ error: { name: 'APIError', data: { message: 'no' } } })?.error).toEqual({
      name: 'APIError',
      message: 'no',
    })
    expect(read({ error: { name: 'APIError', message: 'no' } })?.error).toEqual({ name: 'APIError', message: 'no' })
    expect(read({ error: { name: 'MessageAbortedError' } })?.error).toEqual({
      name: 'MessageAbortedError',
      message: 'MessageAbortedError',
    })
  })

  it('of a user’s may have a summary that is another thing', () => {
    const read = parseMessage(
      { role: 'user', time: { created: 1 }, summary: { title: 't', diffs: [] } },
      'm',
      's',
      null,
    )
    expect([read.value?.summary, read.problems]).toEqual([false, []])
  })

  it('that gave structured output says so, whatever it gave', () => {
    const read = (more: object) => parseMessage({ role: 'assistant', time: { created: 1 }, ...more }, 'm', 's', null)
    expect(read({ structured: { verdict: 'good' } })).toMatchObject({ value: { structured: true }, problems: [] })
    expect(read({ structured: false }).value?.structured).toBe(true)
    expect(read({}).value?.structured).toBe(false)
  })

  it('of a user’s is one of the task tool’s where it says whether its agent may keep a list', () => {
    const read = (more: object) => parseMessage({ role: 'user', time: { created: 1 }, ...more }, 'm', 's', null)
    expect(read({ tools: { todowrite: false } })).toMatchObject({ value: { byTask: true }, problems: [] })
    expect(read({ tools: { todowrite: true, todoread: false, task: true } }).value?.byTask).toBe(true)
    // Any HTTP client may set `tools`, too, but none of them names `todowrite`.
    expect(read({ tools: { bash: false } })).toMatchObject({ value: { byTask: false }, problems: [] })
    expect(read({})).toMatchObject({ value: { byTask: false }, problems: [] })
    expect(read({ role: 'assistant', tools: {} }).value?.byTask).toBe(false)
  })

  it('without a time takes the one of its row, and without that is refused', () => {
    expect(parseMessage({ role: 'user' }, 'm', 's', 5).value?.createdMs).toBe(5)
    expect(parseMessage({ role: 'user' }, 'm', 's', null)).toEqual({
      value: null,
      problems: ['time.created is missing'],
    })
  })

  it('of a time that no clock tells is refused, whether the message says so or its row', () => {
    for (const ms of [-1, Date.UTC(10_000, 0), 1e18]) {
      expect(parseMessage({ role: 'user' }, 'm', 's', ms).value).toBeNull()
      expect(parseMessage({ role: 'user', time: { created: ms } }, 'm', 's', ms)).toEqual({
        value: null,
        problems: ['time.created has a wrong type or is out of range'],
      })
    }
    const lastMs = Date.UTC(10_000, 0) - 1
    expect(parseMessage({ role: 'user', time: { created: lastMs } }, 'm', 's', null).value?.createdMs).toBe(lastMs)
  })

  it('loses a value of a wrong type and says so, no more', () => {
    const read = parseMessage(
      { role: 'assistant', time: { created: 1 }, modelID: 7, agent: 'build', cost: 'much' },
      'm',
      's',
      null,
    )
    expect([read.value?.model, read.value?.agent, read.value?.cost]).toEqual([null, 'build', 0])
    expect(read.problems).toEqual([
      'modelID has a wrong type or is out of range',
      'cost has a wrong type or is out of range',
    ])
  })
})

describe('a cost', () => {
  it('is none where its sums could be infinite', () => {
    const read = (cost: number) => parseMessage({ role: 'assistant', time: { created: 1 }, cost }, 'm', 's', null)
    expect(read(1e15)).toMatchObject({ value: { cost: 1e15 }, problems: [] })
    expect(read(1e308)).toMatchObject({ value: { cost: 0 }, problems: ['cost has a wrong type or is out of range'] })
  })
})

describe('the texts of an answer', () => {
  it('are needed unless it called tools and another followed it', () => {
    const answer = (id: string, created: number, more: object = {}) =>
      parseMessage({ role: 'assistant', parentID: 'msg_0', time: { created }, ...more }, id, 'ses_1', null).value
    const messages = [
      answer('msg_2', 2, { finish: 'tool-calls' }),
      answer('msg_1', 2, { finish: 'tool-calls' }),
      answer('msg_3', 1, { finish: 'stop' }),
    ].filter((m) => m !== null)
    markLastAnswers(messages)
    expect(messages.map((m) => isNeeded('text', m))).toEqual([true, false, true])
  })
})

describe('a task call', () => {
  const task = (state: object) => {
    const part = parsePart({ type: 'tool', tool: 'task', state: { status: 'completed', ...state } }, 'prt_1').value
    return part?.type === 'tool' ? part.task : null
  }

  it('of every version names what it can', () => {
    expect(
      task({
        input: { subagent_type: 'tester', prompt: 'p', description: 'd', session_id: 'ses_2' },
        metadata: {
          sessionId: 'ses_3',
          parentSessionId: 'ses_1',
          background: true,
          summary: [{ sessionID: 'ses_4' }, { sessionID: 'ses_4' }, { tool: 'bash' }],
        },
        output: 'o',
      }),
    ).toEqual({
      agent: 'tester',
      description: 'd',
      prompt: 'p',
      sessionId: 'ses_3',
      resumes: 'ses_2',
      summarySessionIds: ['ses_4'],
      parentSessionId: 'ses_1',
      background: true,
      output: 'o',
      redacted: false,
    })
    expect(task({ input: { redacted: 'tool-input:prt_1' } })).toMatchObject({ prompt: null, redacted: true })
    expect(task({ input: { task_id: 'ses_5', session_id: 'ses_2' } })?.resumes).toBe('ses_5')
  })

  it('with arguments of a wrong type is still a call', () => {
    expect(task({ input: { subagent_type: 1, prompt: [], description: {} } })).toMatchObject({
      agent: null,
      prompt: null,
      description: null,
    })
    expect(task({ input: 'nonsense', metadata: 5 })).toMatchObject({
      agent: null,
      sessionId: null,
      summarySessionIds: [],
    })
  })

  it('stored as tool `invalid` is a tool call and no task', () => {
    const part = parsePart(
      { type: 'tool', tool: 'invalid', state: { status: 'completed', input: { tool: 'task' } } },
      'prt_1',
    ).value
    expect(part).toMatchObject({ type: 'tool', tool: 'invalid', task: null })
  })

  it('has an output only when it is completed', () => {
    const part = parsePart(
      { type: 'tool', tool: 'task', state: { status: 'error', output: 'o', error: 'e' } },
      'prt_1',
    ).value
    expect(part).toMatchObject({ error: 'e', task: { output: null } })
  })
})

describe('anything at all', () => {
  it('is a record, is ignored or is refused with a reason, and never throws', () => {
    const value = fc.jsonValue({ depthSize: 'medium' })
    const part = fc.oneof(
      value,
      fc.record({
        type: fc.constantFrom('text', 'tool', 'subtask', 'compaction', 'step-finish', 'file', 'new'),
        text: value,
        tool: value,
        state: value,
        agent: value,
        prompt: value,
      }),
    )
    fc.assert(
      fc.property(part, value, (p, m) => {
        for (const { value, problems } of [
          parsePart(p, 'x'),
          parseMessage(p, 'x', 'y', null),
          parseSession(p, 'x'),
          parseMessage(m, 'x', 'y', null),
        ]) {
          if (value === null) expect(problems.every((problem) => typeof problem === 'string')).toBe(true)
        }
      }),
      { numRuns: cases(2000) },
    )
  })

  it('with keys that mean something to JavaScript is only data', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"role":"user","polluted":1},"constructor":{"prototype":{}},"role":"user","time":{"created":1}}',
    )
    expect(parseMessage(hostile, 'm', 's', null).value?.role).toBe('user')
    expect(
      parseMessage(JSON.parse('{"__proto__":{"role":"user"},"time":{"created":1}}'), 'm', 's', null).value,
    ).toBeNull()
    expect('polluted' in {}).toBe(false)
  })

  it('keeps NUL and whole characters, and replaces half ones', () => {
    const text = (s: string) => {
      const part = parsePart(JSON.parse(`{"type":"text","text":"${s}"}`), 'p').value
      return part?.type === 'text' ? part.text : null
    }
    expect(text('a\\u0000b')).toBe('a\u0000b')
    expect(text('\\ud83d\\ude00')).toBe('😀')
    expect(text('x\\ud83dy\\ude00z')).toBe('x\ufffdy\ufffdz')
  })

  it('10,000 levels deep is no trouble', () => {
    const deep = JSON.parse(`${'[{"x":'.repeat(10_000)}1${'}]'.repeat(10_000)}`)
    expect(
      parsePart({ type: 'tool', tool: 'bash', state: { status: 'completed', input: deep, title: 't' } }, 'p').value,
    ).toMatchObject({ title: 't' })
  })
})
