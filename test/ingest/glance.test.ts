/** Tests that what is read from the ends of a part equals what parsing all of it gives. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readCompactEnd, readHead, readPretty } from '../../src/ingest/opencode/glance.ts'
import { parsePart } from '../../src/ingest/opencode/parts.ts'
import { cases } from '../cases.ts'
import { contentsOf, createDatabase, filesOf, insertRow, readJson, recording, recordings, scratch } from './homes.ts'

/** Texts that contain everything that could be mistaken for structure. */
const nasty = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '"title":"x"',
        '\\',
        '"',
        '\n    "title": "y",\n',
        '}}}',
        '{',
        '],[',
        ',"time":{"start":1,"end":2}}}',
        'é→✓',
        '\u0000',
        '\ud800',
        '\u2028',
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join('')),
  fc.integer({ min: 0, max: 3000 }).map((n) => '\\"'.repeat(n)),
)

const nested = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    nasty,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom('title', 'time', 'state', 'status', 'error', 'type'), nasty), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value

const shuffled = (value: Record<string, unknown>) =>
  fc
    .shuffledSubarray(Object.keys(value), { minLength: Object.keys(value).length })
    .map((keys) => Object.fromEntries(keys.map((k) => [k, value[k]])))

const time = fc.oneof(
  fc.record({ start: fc.integer({ min: 0, max: 2e12 }), end: fc.integer({ min: 0, max: 2e12 }) }),
  fc.record(
    { start: fc.integer({ min: 0, max: 2e12 }), end: fc.integer(), compacted: fc.integer() },
    { requiredKeys: ['start'] },
  ),
)
const state = fc.record(
  {
    status: fc.constant('completed'),
    input: nested,
    output: nasty,
    title: nasty,
    metadata: nested,
    time,
    attachments: nested,
  },
  { requiredKeys: ['status', 'input', 'output', 'title', 'metadata', 'time'] },
)
/** Tool parts as OpenCode writes them: keys in any order; a provider's metadata holds one object per provider. */
const toolPart = fc
  .record({
    order: fc.boolean(),
    state,
    tool: fc.oneof(fc.constantFrom('bash', 'read', 'edit'), nasty),
    callID: nasty,
    metadata: fc.option(fc.dictionary(nasty, fc.dictionary(nasty, nested, { maxKeys: 2 }), { maxKeys: 2 })),
  })
  .chain(({ order, state, tool, callID, metadata }) => {
    const whole = { type: 'tool', tool, callID, state, ...(metadata === null ? {} : { metadata }) }
    if (order) return fc.constant(whole)
    return shuffled(state).chain((s) => shuffled({ ...whole, state: s }))
  })

const expected = (part: unknown) => {
  const read = parsePart(JSON.parse(JSON.stringify(part)), 'prt_1').value
  return read?.type === 'tool' ? { title: read.title, startMs: read.startMs, endMs: read.endMs } : null
}

describe('reading the ends of a part', () => {
  it('gives the title and times of pretty files, or says that it cannot tell', () => {
    fc.assert(
      fc.property(toolPart, (part) => {
        const bytes = Buffer.from(JSON.stringify({ id: 'prt_1', ...part }, null, 2))
        const ending = readPretty(bytes, bytes.length)
        if (ending === null) return
        expect(ending.title).toBe(JSON.parse(bytes.toString()).state.title)
        expect(ending.time).toEqual(JSON.parse(bytes.toString()).state.time)
      }),
      { numRuns: cases(1000) },
    )
  })

  it('gives the title and times of compact rows, from however short an end, or says that it cannot tell', () => {
    fc.assert(
      fc.property(toolPart, fc.integer({ min: 1, max: 1500 }), (part, length) => {
        const bytes = Buffer.from(JSON.stringify(part))
        const ending = readCompactEnd(bytes.subarray(Math.max(0, bytes.length - length)))
        if (ending === null) return
        expect(ending.title).toBe(JSON.parse(bytes.toString()).state.title)
        expect(ending.time).toEqual(JSON.parse(bytes.toString()).state.time)
      }),
      { numRuns: cases(3000) },
    )
  })

  it('gives type, tool and status of any beginning, or says that it cannot tell', () => {
    fc.assert(
      fc.property(toolPart, fc.boolean(), fc.integer({ min: 1, max: 400 }), (part, pretty, length) => {
        const json = JSON.parse(JSON.stringify(part))
        const bytes = Buffer.from(JSON.stringify(part, null, pretty ? 2 : 0))
        const head = readHead(bytes.toString('latin1', 0, Math.min(length, bytes.length)))
        if (head === null) return
        expect(head.type).toBe(json.type)
        if (head.tool !== null) expect([head.tool, head.status]).toEqual([json.tool, json.state.status])
      }),
      { numRuns: cases(2000) },
    )
  })

  it('tells the usual orders of 1.1 and 1.18, so that the bulk need not be parsed', () => {
    const long = 'x'.repeat(5000)
    const times = { start: 1, end: 2 }
    const old = {
      id: 'prt_1',
      sessionID: 's',
      messageID: 'm',
      type: 'tool',
      callID: 'c',
      tool: 'bash',
      state: {
        status: 'completed',
        input: { command: long },
        output: long,
        title: 'Run “the” tests',
        metadata: { output: long },
        time: times,
      },
    }
    const pretty = Buffer.from(JSON.stringify(old, null, 2))
    expect(readPretty(pretty, pretty.length)).toEqual({ title: 'Run “the” tests', time: times })
    const newer = {
      type: 'tool',
      tool: 'bash',
      callID: 'c',
      state: {
        status: 'completed',
        input: {},
        output: long,
        metadata: { output: long },
        title: 'Run “the” tests',
        time: times,
      },
    }
    const compact = Buffer.from(JSON.stringify(newer))
    expect(readCompactEnd(compact.subarray(-400))).toEqual({ title: 'Run “the” tests', time: times })
    expect(readHead(compact.toString('latin1', 0, 300))).toEqual({ type: 'tool', tool: 'bash', status: 'completed' })
  })
})

describe('a store of large parts', () => {
  it('gives the same records from files and from a database as parsing every part does', () => {
    const storage = join(scratch(), 'storage')
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    const session = {
      id: 'ses_1',
      projectID: 'p',
      directory: '/d',
      title: 't',
      version: '1',
      time: { created: 1, updated: 2 },
    }
    const message = {
      role: 'assistant',
      parentID: 'msg_0',
      time: { created: 1, completed: 2 },
      finish: 'tool-calls',
      tokens: { input: 1, output: 1, reasoning: 0, cache: { read: 0, write: 0 } },
    }
    for (const directory of ['session/p', 'message/ses_1', 'part/msg_1'])
      mkdirSync(join(storage, directory), { recursive: true })
    const write = (file: string, value: unknown) => writeFileSync(join(storage, file), JSON.stringify(value, null, 2))
    write('session/p/ses_1.json', session)
    write('message/ses_1/msg_1.json', { id: 'msg_1', sessionID: 'ses_1', ...message })
    insertRow(db, { table: 'session', values: ['ses_1', 'p', null, '/d', 't', '1', null, 1, 2, null] })
    insertRow(db, { table: 'message', values: ['msg_1', 'ses_1', 1, 1, JSON.stringify(message)] })

    // More than two full batches of rows.
    const parts = fc.sample(toolPart, { numRuns: 1200, seed: 7 })
    const idOf = (i: number) => `prt_${String(i).padStart(4, '0')}`
    parts.forEach((part, i) => {
      const id = idOf(i)
      write(`part/msg_1/${id}.json`, { id, sessionID: 'ses_1', messageID: 'msg_1', ...part })
      insertRow(db, { table: 'part', values: [id, 'msg_1', 'ses_1', 1, 1, JSON.stringify(part)] })
      // A NUL ends a field, so it costs this row, but none before or after it.
      if (i === 700) insertRow(db, { table: 'part', values: ['prt_nul', 'msg_1', 'ses_1', 1, 1, '{"type":"text"}\0'] })
    })
    const spec = (kind: 'OPENCODE_JSON' | 'OPENCODE_SQLITE', at: string) => ({
      ref: { id: at, kind, path: at },
      home: at,
      layer: 0,
    })
    const files = contentsOf(spec('OPENCODE_JSON', storage)).get('ses_1')?.messages[0]?.parts ?? []
    const rows = contentsOf(spec('OPENCODE_SQLITE', path)).get('ses_1')?.messages[0]?.parts ?? []
    db.close()
    const whole = parts.map((part, i) => parsePart(JSON.parse(JSON.stringify(part)), idOf(i)).value)
    expect(files).toEqual(whole)
    expect(rows).toEqual(whole)
    expect(parts.filter((part) => expected(part)?.title !== null).length).toBe(1200)
  })
})

describe('the recordings', () => {
  const withParts = recordings.filter((r) => /^(0|1\.[01])\./.test(r.version))

  it.each(withParts.map((r) => r.name))('%s: no part is misjudged', (name) => {
    for (const path of filesOf(recording(name).data).filter((file) => /[/\\]part[/\\]/.test(file))) {
      for (const spaces of [0, 2]) {
        const json = readJson(path)
        const bytes = Buffer.from(JSON.stringify(json, null, spaces))
        const head = readHead(bytes.toString('latin1', 0, 300))
        expect(head === null || head.type === json.type, path).toBe(true)
        const ending = spaces === 0 ? readCompactEnd(bytes.subarray(-400)) : readPretty(bytes, bytes.length)
        if (json.type !== 'tool' || ending === null) continue
        const { state } = z.object({ state: z.looseObject({}) }).parse(json)
        expect({ title: ending.title, time: ending.time }, path).toEqual({ title: state.title, time: state.time })
      }
    }
  })
})
