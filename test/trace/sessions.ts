/**
 * Small histories for tests of the tree builder, as a source would deliver them, with defaults for everything usual.
 */
import type { MessageRecord, PartRecord, SessionContent, TaskCallRecord, ToolPartRecord } from '../../src/records.ts'
import { noUsage } from '../../src/records.ts'

export const T0 = Date.UTC(2026, 10, 24, 9)

export function session(
  id: string,
  messages: MessageRecord[],
  more: Partial<SessionContent['session']> = {},
): SessionContent {
  return {
    session: {
      id,
      parentId: null,
      title: id,
      directory: '/home/dev/demo',
      project: '/home/dev/demo',
      version: '1.18.34',
      createdMs: T0,
      updatedMs: T0,
      archivedMs: null,
      revertMessageId: null,
      ...more,
    },
    messages: messages.map((m) => ({ ...m, sessionId: id })),
  }
}

export function prompt(id: string, at: number, text: string, more: Partial<MessageRecord> = {}): MessageRecord {
  const part: PartRecord = {
    type: 'text',
    id: `prt_${id}`,
    text,
    synthetic: false,
    ignored: false,
    redacted: false,
    startMs: null,
    endMs: null,
  }
  return message(id, at, { role: 'user', parts: [part], agent: 'coordinateur', ...more })
}

/** By default, a complete answer with one call of the language model. */
export function reply(id: string, at: number, to: string | null, more: Partial<MessageRecord> = {}): MessageRecord {
  const usage = { ...noUsage(), input: 10, output: 1, cost: 0.5, llmCalls: 1 }
  const part: PartRecord = {
    type: 'text',
    id: `prt_${id}`,
    text: `answer ${id}`,
    synthetic: false,
    ignored: false,
    redacted: false,
    startMs: null,
    endMs: null,
  }
  return message(id, at, {
    role: 'assistant',
    parentId: to,
    agent: 'coordinateur',
    model: 'grand',
    finish: 'stop',
    completedMs: T0 + at + 10,
    usage,
    parts: [part],
    ...more,
  })
}

export function task(
  id: string,
  agent: string,
  text: string,
  more: Partial<ToolPartRecord> = {},
  call: Partial<TaskCallRecord> = {},
): ToolPartRecord {
  return {
    type: 'tool',
    id,
    tool: 'task',
    status: 'completed',
    title: null,
    error: null,
    startMs: null,
    endMs: null,
    task: {
      agent,
      description: null,
      prompt: text,
      sessionId: null,
      resumes: null,
      summarySessionIds: [],
      parentSessionId: null,
      background: false,
      output: null,
      redacted: false,
      ...call,
    },
    ...more,
  }
}

function message(id: string, at: number, more: Partial<MessageRecord>): MessageRecord {
  return {
    id,
    sessionId: '',
    role: 'user',
    createdMs: T0 + at,
    completedMs: null,
    parentId: null,
    agent: null,
    model: null,
    finish: null,
    error: null,
    summary: false,
    structured: false,
    byTask: false,
    usage: null,
    parts: [],
    ...more,
  }
}
