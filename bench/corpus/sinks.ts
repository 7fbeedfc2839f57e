/** Writes a history as OpenCode 1.1.65's files, or as OpenCode 1.18.34's database. */
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'libsql'
import { root } from '../root.ts'

export interface Project {
  id: string
  worktree: string
  createdMs: number
  updatedMs: number
}

/** input, output, reasoning, cache read, cache write; disjoint. */
export type Five = [number, number, number, number, number]

export interface Session {
  id: string
  parentId: string | null
  project: Project
  title: string
  slug: string
  agent: string
  provider: string
  model: string
  createdMs: number
  updatedMs: number
  tokens: Five
  cost: number
}

export interface Message {
  id: string
  session: Session
  createdMs: number
  updatedMs: number
  agent: string
  /** Present in an assistant message. */
  answer: {
    parentId: string
    completedMs: number | null
    tokens: Five
    cost: number
    finish: string | null
    error: { name: string; data: { message: string } } | null
  } | null
}

export interface ToolState {
  status: 'completed' | 'error' | 'running'
  input: Record<string, unknown>
  output?: string
  error?: string
  title?: string
  metadata?: Record<string, unknown>
  time: { start: number; end?: number }
}

export type PartBody =
  | { type: 'text'; text: string; time?: { start: number; end: number } }
  | { type: 'reasoning'; text: string; time: { start: number; end: number } }
  | { type: 'file'; mime: string; filename: string; url: string }
  | { type: 'step-start'; snapshot: string }
  | { type: 'step-finish'; reason: string; snapshot: string; tokens: Five; cost: number }
  | { type: 'patch'; hash: string; files: string[] }
  | { type: 'tool'; tool: string; callId: string; state: ToolState; since118?: ToolState }

export interface Part {
  id: string
  message: { id: string; session: Session }
  atMs: number
  body: PartBody
}

export interface Sink {
  project(project: Project): void
  /** Called once the session's figures are final. */
  session(session: Session): void
  message(message: Message): void
  part(part: Part): void
  close(): { files: number; bytes: number }
}

// ---------------------------------------------------------------- files, 1.1.65

/** Writes `storage/` of a data directory. In 1.1, the output tokens include the reasoning. */
export function fileSink(dataDirectory: string): Sink {
  const made = new Set<string>()
  let files = 0
  let bytes = 0
  const write = (directory: string, id: string, value: unknown) => {
    const path = join(dataDirectory, 'storage', directory)
    if (!made.has(path)) mkdirSync(path, { recursive: true })
    made.add(path)
    const text = JSON.stringify(value, null, 2)
    writeFileSync(join(path, `${id}.json`), text)
    files++
    bytes += Buffer.byteLength(text)
  }
  const tokens = ([input, output, reasoning, read, cacheWrite]: Five) => ({
    total: input + output + reasoning + read + cacheWrite,
    input,
    output: output + reasoning,
    reasoning,
    cache: { read, write: cacheWrite },
  })
  return {
    project: (p) =>
      write('project', p.id, {
        id: p.id,
        worktree: p.worktree,
        vcs: 'git',
        sandboxes: [],
        time: { created: p.createdMs, updated: p.updatedMs },
      }),
    session: (s) =>
      write(`session/${s.project.id}`, s.id, {
        id: s.id,
        slug: s.slug,
        version: '1.1.65',
        projectID: s.project.id,
        directory: s.project.worktree,
        ...(s.parentId !== null && { parentID: s.parentId }),
        title: s.title,
        time: { created: s.createdMs, updated: s.updatedMs },
        summary: { additions: 0, deletions: 0, files: 0 },
      }),
    message(m) {
      const common = { id: m.id, sessionID: m.session.id }
      const { provider: providerID, model: modelID } = m.session
      const a = m.answer
      write(
        `message/${m.session.id}`,
        m.id,
        a === null
          ? {
              ...common,
              role: 'user',
              time: { created: m.createdMs },
              summary: { diffs: [] },
              agent: m.agent,
              model: { providerID, modelID },
            }
          : {
              ...common,
              role: 'assistant',
              time: { created: m.createdMs, ...(a.completedMs !== null && { completed: a.completedMs }) },
              ...(a.error && { error: a.error }),
              parentID: a.parentId,
              modelID,
              providerID,
              mode: m.agent,
              agent: m.agent,
              path: { cwd: m.session.project.worktree, root: m.session.project.worktree },
              cost: a.cost,
              tokens: tokens(a.tokens),
              ...(a.finish !== null && { finish: a.finish }),
            },
      )
    },
    part({ id, message, body }) {
      const common = { id, sessionID: message.session.id, messageID: message.id }
      const shape = () => {
        if (body.type === 'step-finish') {
          const { type, reason, snapshot, cost } = body
          return { type, reason, snapshot, cost, tokens: tokens(body.tokens) }
        }
        if (body.type === 'tool') return { type: 'tool', callID: body.callId, tool: body.tool, state: body.state }
        return body
      }
      write(`part/${message.id}`, id, { ...common, ...shape() })
    },
    close() {
      writeFileSync(join(dataDirectory, 'storage/migration'), '2')
      return { files, bytes }
    },
  }
}

// ---------------------------------------------------------------- the database, 1.18.34

const EMPTY_DATABASE = join(root, 'fixtures/opencode/1.18.34/no-delegation/data/opencode.db')

/**
 * Writes `opencode.db` with the tables, indexes and migration marks of OpenCode, compact JSON, and its order of keys.
 */
export function databaseSink(dataDirectory: string, template = EMPTY_DATABASE): Sink {
  const file = join(dataDirectory, 'opencode.db')
  mkdirSync(dirname(file), { recursive: true })
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(template, file)
  const db = new Database(file)
  db.exec('PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA foreign_keys = off; PRAGMA page_size = 4096')
  for (const table of ['part', 'message', 'session', 'project_directory', 'project']) db.exec(`DELETE FROM ${table}`)
  db.exec('VACUUM')
  const insert = (table: string, columns: string) =>
    db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.replaceAll(/[^,]+/g, '?')})`)
  const projects = insert('project', 'id,worktree,vcs,time_created,time_updated,sandboxes')
  const sessions = insert(
    'session',
    'id,project_id,parent_id,slug,directory,path,title,version,summary_additions,summary_deletions,summary_files,cost,' +
      'tokens_input,tokens_output,tokens_reasoning,tokens_cache_read,tokens_cache_write,agent,model,time_created,time_updated',
  )
  const messages = insert('message', 'id,session_id,time_created,time_updated,data')
  const parts = insert('part', 'id,message_id,session_id,time_created,time_updated,data')
  db.exec('BEGIN')
  const tokens = ([input, output, reasoning, read, write]: Five) => ({
    total: input + output + reasoning + read + write,
    input,
    output,
    reasoning,
    cache: { write, read },
  })
  return {
    project: (p) => void projects.run(p.id, p.worktree, 'git', p.createdMs, p.updatedMs, '[]'),
    session(s) {
      const model = JSON.stringify({ id: s.model, providerID: s.provider, variant: 'default' })
      sessions.run(
        ...[s.id, s.project.id, s.parentId, s.slug, s.project.worktree, '', s.title, '1.18.34', 0, 0, 0, s.cost],
        ...[...s.tokens, s.agent, model, s.createdMs, s.updatedMs],
      )
    },
    message(m) {
      const { provider: providerID, model: modelID } = m.session
      const cwd = m.session.project.worktree
      const a = m.answer
      const data =
        a === null
          ? { role: 'user', time: { created: m.createdMs }, agent: m.agent, model: { providerID, modelID } }
          : {
              parentID: a.parentId,
              role: 'assistant',
              mode: m.agent,
              agent: m.agent,
              path: { cwd, root: cwd },
              cost: a.cost,
              tokens: tokens(a.tokens),
              modelID,
              providerID,
              time: { created: m.createdMs, ...(a.completedMs !== null && { completed: a.completedMs }) },
              ...(a.finish !== null && { finish: a.finish }),
              ...(a.error && { error: a.error }),
            }
      messages.run(m.id, m.session.id, m.createdMs, m.updatedMs, JSON.stringify(data))
    },
    part({ id, message, atMs, body }) {
      const shape = () => {
        if (body.type === 'step-start') return { snapshot: body.snapshot, type: body.type }
        if (body.type === 'step-finish') {
          const { reason, snapshot, type, cost } = body
          return { reason, snapshot, type, tokens: tokens(body.tokens), cost }
        }
        if (body.type === 'tool') {
          const { status, input, output, metadata, title, ...rest } = body.since118 ?? body.state
          return {
            type: 'tool',
            tool: body.tool,
            callID: body.callId,
            state: { status, input, output, metadata, title, ...rest },
          }
        }
        return body
      }
      parts.run(id, message.id, message.session.id, atMs, atMs + 2, JSON.stringify(shape()))
    },
    close() {
      db.exec('COMMIT')
      db.exec('PRAGMA journal_mode = wal')
      db.close()
      return { files: 1, bytes: statSync(file).size }
    },
  }
}
