/** Writable copies of recordings, and conversions between the forms of OpenCode's data. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import Database from 'libsql'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createOpener } from '../../src/ingest/opencode/open.ts'
import { createIngester, type IngestResult } from '../../src/ingest/run.ts'
import type { SourceSpec } from '../../src/ingest/source.ts'
import type { SessionContent } from '../../src/records.ts'
import type { TraceWriter } from '../../src/store/store.ts'
import { listRecordings, type Recording } from '../recordings.ts'
import { memoryStore } from './memory-store.ts'

export const recordings = listRecordings()

export function recording(name: string): Recording {
  const found = recordings.find((r) => r.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found
}

/** A directory that is removed after the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A writable copy of a recording's data directory. */
export function homeOf(name: string): string {
  const home = join(scratch(), 'opencode')
  cpSync(recording(name).data, home, { recursive: true })
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600)
  }
  return home
}

/** Every file below a directory. */
export function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesOf(path) : [path]
  })
}

/** When an object was created, by its own account; parts, most of which don't say, follow their message. */
function madeMs(json: Record<string, unknown>): number {
  const { time } = json
  const at = typeof time === 'object' && time !== null ? time : {}
  const ms = 'created' in at ? at.created : 'start' in at ? at.start : undefined
  return typeof ms === 'number' ? ms : 0
}

/** The files of a recording in the order in which they were created. */
export function filesInTime(storage: string): string[] {
  const files = filesOf(storage).filter((path) => path.endsWith('.json'))
  const ofMessage = new Map(files.map((path) => [String(readJson(path).id), madeMs(readJson(path))]))
  const at = (path: string) => {
    const json = readJson(path)
    return Math.max(madeMs(json), ofMessage.get(String(json.messageID)) ?? 0)
  }
  return files.sort((a, b) => at(a) - at(b) || (a < b ? -1 : 1))
}

// ---------------------------------------------------------------- reading

/** Every session of a source by id, with messages and parts in a fixed order. */
export function contentsOf(spec: SourceSpec): Map<string, SessionContent> {
  const source = createOpener()(spec)
  try {
    const listed = [...source.list(new Map(), [])].flat()
    return new Map(
      listed.flatMap((session) => {
        const reading = source.read(session, false)
        return reading === null || reading.content === null ? [] : [[session.id, inOrder(reading.content)] as const]
      }),
    )
  } finally {
    source.close()
  }
}

export function inOrder({ session, messages }: SessionContent): SessionContent {
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  return { session, messages: [...messages].sort(byId).map((m) => ({ ...m, parts: [...m.parts].sort(byId) })) }
}

/** One run of a new ingester, like a process that starts, reads and ends. */
export async function ingestOnce(store: TraceWriter, paths: readonly string[]): Promise<IngestResult> {
  const ingester = createIngester({ store, findSources: () => resolveSources(paths), threads: 0 })
  try {
    return await ingester.run()
  } finally {
    await ingester.close()
  }
}

/** The table after a first read of everything. */
export async function tableOf(paths: readonly string[]): Promise<ReturnType<ReturnType<typeof memoryStore>['table']>> {
  const store = memoryStore()
  await ingestOnce(store, paths)
  return store.table()
}

// ---------------------------------------------------------------- from files to a database and to exports

type Json = Record<string, unknown>
export const readJson = (path: string): Json => JSON.parse(readFileSync(path, 'utf8'))
const names = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory).sort() : [])

export interface Row {
  table: 'project' | 'session' | 'message' | 'part'
  values: unknown[]
}

/** The rows that OpenCode 1.2 creates when it imports a storage directory. */
export function rowsOf(storage: string): Row[] {
  const rows: Row[] = []
  for (const name of names(join(storage, 'project'))) {
    const p = readJson(join(storage, 'project', name))
    rows.push({ table: 'project', values: [p.id, p.worktree, 1, 1, '[]'] })
  }
  for (const project of names(join(storage, 'session'))) {
    for (const name of names(join(storage, 'session', project))) {
      const s = readJson(join(storage, 'session', project, name))
      const time = z.object({ created: z.number(), updated: z.number(), archived: z.number().optional() }).parse(s.time)
      rows.push({
        table: 'session',
        values: [
          s.id,
          s.projectID ?? project,
          s.parentID ?? null,
          s.directory ?? '',
          s.title,
          s.version,
          s.revert === undefined ? null : JSON.stringify(s.revert),
          time.created,
          time.updated,
          time.archived ?? null,
        ],
      })
      for (const message of names(join(storage, 'message', String(s.id)))) {
        const { id, sessionID, ...data } = readJson(join(storage, 'message', String(s.id), message))
        const { created } = z.object({ created: z.number() }).parse(data.time)
        rows.push({ table: 'message', values: [id, s.id, created, created, JSON.stringify(data)] })
        for (const part of names(join(storage, 'part', String(id)))) {
          const {
            id: partId,
            sessionID: _s,
            messageID: _m,
            ...partData
          } = readJson(join(storage, 'part', String(id), part))
          rows.push({ table: 'part', values: [partId, id, s.id, created, created, JSON.stringify(partData)] })
        }
      }
    }
  }
  return rows
}

const SCHEMA = `
  CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL, time_created integer, time_updated integer, sandboxes text);
  CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL, title text NOT NULL,
    version text NOT NULL, revert text, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer);
  CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
  CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL,
    time_updated integer NOT NULL, data text NOT NULL);
  CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id);
  CREATE INDEX part_message_id_id_idx ON part (message_id, id);
  CREATE INDEX part_session_idx ON part (session_id);`

export function createDatabase(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true })
  const db = new Database(path)
  db.exec(`PRAGMA journal_mode = wal; ${SCHEMA}`)
  return db
}

export function insertRow(db: Database.Database, { table, values }: Row): void {
  db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values.map(() => '?').join(',')})`).run(...values)
}

/** A root session with many children and long prompts. */
export function wideDatabase(path: string, of: { children: number; promptLength: number }): string {
  const db = createDatabase(path)
  db.exec('BEGIN')
  const session = (id: string, parent: string | null, at: number) =>
    insertRow(db, { table: 'session', values: [id, 'global', parent, '/d', id, '1', null, at, at, null] })
  const prompt = (i: number) => `${i} ${'long prompt '.repeat(Math.ceil(of.promptLength / 12))}`
  const message = (id: string, sessionId: string, at: number, data: object) =>
    insertRow(db, {
      table: 'message',
      values: [id, sessionId, at, at, JSON.stringify({ time: { created: at, completed: at + 1 }, ...data })],
    })
  const part = (id: string, messageId: string, sessionId: string, at: number, data: object) =>
    insertRow(db, { table: 'part', values: [id, messageId, sessionId, at, at, JSON.stringify(data)] })
  session('ses_root', null, 1000)
  message('msg_root', 'ses_root', 1000, { role: 'user' })
  part('prt_root', 'msg_root', 'ses_root', 1000, { type: 'text', text: 'go' })
  message('msg_answer', 'ses_root', 1001, {
    role: 'assistant',
    parentID: 'msg_root',
    finish: 'tool-calls',
    agent: 'build',
  })
  for (let i = 0; i < of.children; i++) {
    const [at, child] = [2000 + i, `ses_${i}`]
    session(child, 'ses_root', at)
    part(`prt_${i}`, 'msg_answer', 'ses_root', at, {
      type: 'tool',
      tool: 'task',
      state: {
        status: 'completed',
        input: { subagent_type: 'tester', prompt: prompt(i), description: 'd' },
        metadata: { sessionId: child },
        time: { start: at, end: at + 5 },
      },
    })
    message(`msg_${i}`, child, at, { role: 'user', agent: 'tester' })
    part(`prt_p${i}`, `msg_${i}`, child, at, { type: 'text', text: prompt(i) })
  }
  db.exec('COMMIT')
  db.close()
  return path
}

interface Export {
  info: Json
  messages: { info: Json; parts: Json[] }[]
}

/** What `opencode export` prints for one session of a storage directory. */
export function exportOf(storage: string, sessionFile: string): Export {
  const info = readJson(sessionFile)
  const messages = names(join(storage, 'message', String(info.id))).map((name) => {
    const message = readJson(join(storage, 'message', String(info.id), name))
    const directory = join(storage, 'part', String(message.id))
    return { info: message, parts: names(directory).map((part) => readJson(join(directory, part))) }
  })
  return { info, messages }
}

/** What `opencode export --sanitize` (1.15 and later) prints instead: errors stay as they are. */
export function sanitized({ info, messages }: Export): Export {
  const text = (what: string, id: unknown, said: unknown) =>
    typeof said === 'string' && said.trim() !== '' ? `[redacted:${what}:${id}]` : said
  const fields = (what: string, id: unknown, said: unknown) =>
    Object.keys(said ?? {}).length > 0 ? { redacted: `${what}:${id}` } : said
  const { id, title, directory } = info
  return {
    info: { ...info, title: text('session-title', id, title), directory: text('session-directory', id, directory) },
    messages: messages.map((m) => {
      const path = m.info.path && { cwd: `[redacted:cwd:${m.info.id}]`, root: `[redacted:root:${m.info.id}]` }
      const parts = m.parts.map((part): Json => {
        if (typeof part.state !== 'object') return { ...part, text: text(String(part.type), part.id, part.text) }
        const state: Json = { ...part.state }
        const shown = {
          input: fields('tool-input', part.id, state.input),
          metadata: fields('tool-state-metadata', part.id, state.metadata),
          output: text('tool-output', part.id, state.output),
          title: text('tool-title', part.id, state.title),
        }
        return { ...part, state: { ...state, ...shown } }
      })
      return { info: { ...m.info, path }, parts }
    }),
  }
}

export const sessionFilesOf = (storage: string): string[] =>
  filesOf(join(storage, 'session')).filter((path) => basename(path).startsWith('ses_'))

/** Copies a database with its WAL, in their present state. */
export function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
}
