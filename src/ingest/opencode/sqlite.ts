/**
 * `opencode.db` (OpenCode 1.2 and later), read while OpenCode may be writing. Opened with `mode=ro`, which also keeps
 * SQLite from checkpointing another program's log when the connection closes. Only the tables project, session, message
 * and part are known here. Every text is fetched as a blob and every number as an integer: the driver ends the process
 * on text that is no UTF-8, which a damaged page can hold.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import Database from 'libsql'
import { z } from 'zod'
import { type ListedSession, MAX_VALUE_BYTES, type Problem, type SessionReading, type Source } from '../source.ts'
import { readCompactEnd, readHead } from './glance.ts'
import {
  completedTool,
  completeMessage,
  isNeeded,
  noted,
  type Parsed,
  parseJson,
  parseMessage,
  parsePart,
  parseSession,
  placeSession,
  type ReadMessage,
  type ReadPart,
  type ReadSession,
  TOO_LARGE,
} from './normalise.ts'

/** Whole values up to this size come with the first pass, of larger ones the ends. In bytes. */
const WHOLE = 700

/**
 * All rows of a session as one blob, their fields ended by NULs, which neither JSON nor an id holds: a third of the time
 * of rows handed over one by one. `octet_length` does not read the text, and a blob's end needs no counting of
 * characters: together this costs less than the walk, `sum(length(data))`.
 */
const PART_ENDS = `
  SELECT count(*), CAST(group_concat(
    rowid || char(0) || octet_length(data) || char(0) || id || char(0) || message_id || char(0)
    || CASE WHEN octet_length(data) <= ${WHOLE} THEN data || char(0)
       ELSE substr(data, 1, 300) || char(0) || substr(CAST(data AS BLOB), -400) END, char(0)) || char(0) AS BLOB)
  FROM part WHERE session_id = ?`
const PART_FIELDS = 6
const PART_KEYS = 'SELECT rowid FROM part WHERE session_id = ?'
const PART_KEY = 'SELECT rowid FROM part WHERE rowid = ?'
const PART_WHOLE = `
  SELECT CAST(id AS BLOB), CAST(message_id AS BLOB),
    CASE WHEN octet_length(data) <= ${MAX_VALUE_BYTES} THEN CAST(data AS BLOB) END
  FROM part WHERE rowid = ?`
/** For calls whose ends say nothing: SQLite finds the title faster than the whole can be handed over. */
const PART_TOOL = `
  SELECT CAST(json_array(data -> '$.state.title', data -> '$.state.time') AS BLOB) FROM part WHERE rowid = ?`
const MESSAGES = `
  SELECT count(*), CAST(group_concat(
    id || char(0) || ifnull(CAST(time_created AS INTEGER), '') || char(0) || data, char(0)) || char(0) AS BLOB)
  FROM message WHERE session_id = ?`
const MESSAGE_FIELDS = 3
const MESSAGE_KEYS = 'SELECT rowid FROM message WHERE session_id = ?'
const MESSAGE = `
  SELECT CAST(id AS BLOB), CAST(time_created AS INTEGER),
    CASE WHEN octet_length(data) <= ${MAX_VALUE_BYTES} THEN CAST(data AS BLOB) END
  FROM message WHERE rowid = ?`
const MESSAGE_COUNTS = 'SELECT CAST(session_id AS BLOB), count(*) FROM message GROUP BY session_id'
const WORKTREES = 'SELECT CAST(id AS BLOB), CAST(worktree AS BLOB) FROM project'
const SIGNATURE = (table: 'message' | 'part') => `
  SELECT count(*), max(CAST(time_updated AS INTEGER)), max(rowid), total(octet_length(data)) FROM ${table} WHERE session_id = ?`

/** Columns of `session` that not every version has. */
const SESSION_COLUMNS = ['project_id', 'parent_id', 'directory', 'title', 'version', 'revert'] as const
const SESSION_TIMES = ['time_created', 'time_updated', 'time_archived'] as const

const Blob = z.instanceof(Uint8Array).nullable()
const Count = z.number().nullable()
const GroupRow = z.tuple([z.number(), Blob])
const KeyRow = z.tuple([z.number()])
const WholeRow = z.tuple([Blob, Blob, Blob])
const MessageRow = z.tuple([Blob, Count, Blob])
const ListRow = z.tuple([Blob, Blob, Count, Count, Count, z.number()])
const SessionRow = z.tuple([Count, Count, Count, Blob, Blob, Blob, Blob, Blob, Blob])

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const textOf = (bytes: Uint8Array | null): string => (bytes === null ? '' : bufferOf(bytes).toString('utf8'))

/** @param path of the database, for people; @param file what is opened: the same, or a private copy */
export function openSqlite(path: string, file = path): Source {
  const db = new Database(readOnlyUri(file), { timeout: 5000 })
  db.exec('PRAGMA query_only = 1')
  const present = columnsOf(db, 'session')
  for (const table of ['session', 'message', 'part'] as const) {
    if (columnsOf(db, table).size === 0) {
      db.close()
      throw new Error(`it has no table ${table}`)
    }
  }
  const column = (name: string, type: 'BLOB' | 'INTEGER') => (present.has(name) ? `CAST(${name} AS ${type})` : 'NULL')
  const times = SESSION_TIMES.map((name) => column(name, 'INTEGER'))
  const all = (sql: string) => db.prepare(sql).raw()
  const statement = {
    list: all(`SELECT CAST(id AS BLOB), ${column('parent_id', 'BLOB')}, ${times.join(', ')}, rowid FROM session`),
    listKeys: all('SELECT rowid FROM session'),
    listOne: all(
      `SELECT CAST(id AS BLOB), ${column('parent_id', 'BLOB')}, ${times.join(', ')}, rowid FROM session WHERE rowid = ?`,
    ),
    session: all(
      `SELECT ${[...times, ...SESSION_COLUMNS.map((name) => column(name, 'BLOB'))].join(', ')} FROM session WHERE id = ?`,
    ),
    counts: all(MESSAGE_COUNTS),
    messages: all(MESSAGES),
    messageKeys: all(MESSAGE_KEYS),
    message: all(MESSAGE),
    parts: all(PART_ENDS),
    partKeys: all(PART_KEYS),
    partKey: all(PART_KEY),
    part: all(PART_WHOLE),
    partTool: all(PART_TOOL),
    signatures: [all(SIGNATURE('message')), all(SIGNATURE('part'))],
  }
  const at = (what: string) => `${path}: ${what}`
  let worktrees: Map<string, string> | null = null

  /** Row by row, so that a damaged page costs the rows on it and no others. */
  function eachRow(keys: Statement, one: Statement, bind: string[], what: string, problems: Problem[]): unknown[] {
    const rowids: number[] = []
    try {
      for (const key of keys.iterate(bind)) rowids.push(KeyRow.parse(key)[0])
    } catch (error) {
      if (!isDamage(error)) throw error
      problems.push({ path: at(`table ${what}`), reason: `some rows cannot be reached: ${messageOf(error)}` })
    }
    return rowids.flatMap((rowid) => {
      try {
        return one.all([rowid])
      } catch (error) {
        if (!isDamage(error)) throw error
        problems.push({ path: at(`${what} in row ${rowid}`), reason: messageOf(error) })
        return []
      }
    })
  }

  /** Null where a page is damaged, or where the fields are not what they should be. */
  function grouped(statement: Statement, sessionId: string, width: number): Fields | null {
    try {
      const [count, bytes] = GroupRow.parse(statement.all([sessionId])[0])
      return splitFields(bytes === null ? Buffer.alloc(0) : bufferOf(bytes), count * width)
    } catch (error) {
      if (!isDamage(error)) throw error
      return null
    }
  }

  function worktreeOf(projectId: string | null): string | null {
    if (worktrees === null) {
      worktrees = new Map()
      if (columnsOf(db, 'project').has('worktree')) {
        try {
          for (const row of all(WORKTREES).iterate()) {
            const [id, worktree] = z.tuple([Blob, Blob]).parse(row)
            worktrees.set(textOf(id), textOf(worktree))
          }
        } catch (error) {
          if (!isDamage(error)) throw error
        }
      }
    }
    return (projectId === null ? null : worktrees.get(projectId)) ?? null
  }

  function allRows(problems: Problem[]): unknown[] {
    try {
      return statement.list.all([])
    } catch (error) {
      if (!isDamage(error)) throw error
      return eachRow(statement.listKeys, statement.listOne, [], 'session', problems)
    }
  }

  /** From the index alone: it shows messages that came or went without the session's time. */
  function messageCounts(): Map<string, number> {
    const counts = new Map<string, number>()
    try {
      for (const row of statement.counts.iterate()) {
        const [id, count] = z.tuple([Blob, z.number()]).parse(row)
        counts.set(textOf(id), count)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    return counts
  }

  function signatureOf(id: string): string {
    return JSON.stringify(statement.signatures.map((s) => s.all([id])))
  }

  function readSessionRow(id: string, problems: Problem[]): ReadSession | null {
    const row = statement.session.all([id])[0]
    if (row === undefined) return null
    const [created, updated, archived, projectID, parentID, directory, title, version, revert] = SessionRow.parse(row)
    const json = {
      time: { created: created ?? undefined, updated, archived },
      projectID: textOf(projectID),
      parentID: textOf(parentID),
      directory: textOf(directory),
      title: textOf(title),
      version: textOf(version),
      revert: revert === null ? null : jsonOf(revert),
    }
    return noted(parseSession(json, id), at(`session ${id}`), problems)
  }

  function readMessages(sessionId: string, problems: Problem[], size: { bytes: number }): Map<string, ReadMessage> {
    const messages = new Map<string, ReadMessage>()
    const add = (id: string, created: number | null, data: Buffer | null) => {
      const path = at(`message ${id}`)
      if (data === null) {
        problems.push({ path, reason: TOO_LARGE })
        return
      }
      size.bytes += data.length
      const message = noted(
        parseJson(data, (json) => parseMessage(json, id, sessionId, created)),
        path,
        problems,
      )
      if (message !== null) messages.set(id, message)
    }
    const fields = grouped(statement.messages, sessionId, MESSAGE_FIELDS)
    if (fields === null) {
      for (const row of eachRow(statement.messageKeys, statement.message, [sessionId], 'message', problems)) {
        const [id, created, data] = MessageRow.parse(row)
        add(textOf(id), created, data === null ? null : bufferOf(data))
      }
      return messages
    }
    for (let i = 0; i < fields.count; i += MESSAGE_FIELDS) {
      const created = fields.text(i + 1)
      add(fields.text(i), created === '' ? null : Number(created), fields.bytes(i + 2))
    }
    return messages
  }

  function readWhole(
    rowid: number,
    problems: Problem[],
  ): { id: string; messageId: string; part: ReadPart | null } | null {
    let row: z.infer<typeof WholeRow>
    try {
      const found = statement.part.all([rowid])[0]
      if (found === undefined) return null
      row = WholeRow.parse(found)
    } catch (error) {
      if (!isDamage(error)) throw error
      problems.push({ path: at(`part in row ${rowid}`), reason: messageOf(error) })
      return null
    }
    const [id, messageId, data] = [textOf(row[0]), textOf(row[1]), row[2]]
    const path = at(`part ${id}`)
    if (data === null) problems.push({ path, reason: TOO_LARGE })
    const part =
      data === null
        ? null
        : noted(
            parseJson(bufferOf(data), (json) => parsePart(json, id)),
            path,
            problems,
          )
    return { id, messageId, part }
  }

  /** A completed call whose title and time do not stand at its end. */
  function readToolInside(rowid: number, id: string, tool: string): Parsed<ReadPart> | null {
    try {
      const [bytes] = z.tuple([Blob]).parse(statement.partTool.all([rowid])[0])
      const [title, time] = z.tuple([z.string(), z.string()]).parse(bytes === null ? null : jsonOf(bytes))
      const value: unknown = JSON.parse(title)
      return typeof value === 'string' ? completedTool(id, tool, value, JSON.parse(time)) : null
    } catch {
      return null
    }
  }

  function readParts(
    messages: ReadonlyMap<string, ReadMessage>,
    sessionId: string,
    problems: Problem[],
    size: { bytes: number },
  ): Map<string, ReadPart[]> {
    const parts = new Map<string, ReadPart[]>()
    const add = (messageId: string, part: ReadPart) => {
      const list = parts.get(messageId)
      if (list === undefined) parts.set(messageId, [part])
      else list.push(part)
    }
    const addWhole = (rowid: number) => {
      const read = readWhole(rowid, problems)
      if (read?.part && messages.has(read.messageId)) add(read.messageId, read.part)
    }
    const fields = grouped(statement.parts, sessionId, PART_FIELDS)
    if (fields === null) {
      for (const key of eachRow(statement.partKeys, statement.partKey, [sessionId], 'part', problems)) {
        addWhole(KeyRow.parse(key)[0])
      }
      return parts
    }
    for (let i = 0; i < fields.count; i += PART_FIELDS) {
      const length = Number(fields.latin1(i + 1))
      size.bytes += length
      // Parts without a message are what a revert left behind.
      const messageId = fields.latin1(i + 3)
      const message = messages.get(messageId) ?? messages.get(fields.text(i + 3))
      if (message === undefined) continue
      const head = readHead(fields.latin1(i + 4))
      if (head !== null && !isNeeded(head.type, message)) continue
      const id = fields.text(i + 2)
      const rowid = Number(fields.latin1(i))
      if (length <= WHOLE) {
        const part = noted(
          parseJson(fields.bytes(i + 4), (json) => parsePart(json, id)),
          at(`part ${id}`),
          problems,
        )
        if (part !== null) add(message.id, part)
      } else if (head?.type === 'file' || head?.type === 'agent') {
        add(message.id, { type: 'attachment', id })
      } else if (head !== null && head.tool !== null && head.tool !== 'task' && head.status === 'completed') {
        const ending = readCompactEnd(fields.bytes(i + 5))
        const read =
          ending === null
            ? readToolInside(rowid, id, head.tool)
            : completedTool(id, head.tool, ending.title, ending.time)
        const part = read === null ? null : noted(read, at(`part ${id}`), problems)
        if (part === null) addWhole(rowid)
        else add(message.id, part)
      } else addWhole(rowid)
    }
    return parts
  }

  return {
    *list(_known, problems) {
      const counts = messageCounts()
      const found = allRows(problems)
      const listed: ListedSession[] = []
      for (const row of found) {
        const [idBytes, parent, created, updated, archived, rowid] = ListRow.parse(row)
        const id = textOf(idBytes)
        const createdMs = created ?? 0
        listed.push({
          id,
          parentId: textOf(parent) || null,
          createdMs,
          updatedMs: updated ?? createdMs,
          mark: `${rowid}:${created}:${updated}:${archived}:${counts.get(id) ?? 0}`,
          place: '',
        })
      }
      yield listed
    },
    signature: (session) => signatureOf(session.id),
    read(session, withSignature): SessionReading | null {
      const problems: Problem[] = []
      const size = { bytes: 0 }
      // One short read transaction: messages and parts of the same moment, and no longer in the writer's way than that.
      db.exec('BEGIN')
      try {
        const read = readSessionRow(session.id, problems)
        if (read === null) return null
        const messages = readMessages(session.id, problems, size)
        const parts = readParts(messages, session.id, problems, size)
        const signature = withSignature ? signatureOf(session.id) : null
        const inOrder = [...messages.values()]
        return {
          content: {
            session: placeSession(read, worktreeOf(read.projectId), inOrder),
            messages: inOrder.map((m) => completeMessage(m, parts.get(m.id) ?? [])),
          },
          files: 0,
          bytes: size.bytes,
          problems,
          signature,
        }
      } finally {
        db.exec('COMMIT')
      }
    },
    close: () => db.close(),
  }
}

/** The fields of all rows of a session, one after the other. */
interface Fields {
  count: number
  text(field: number): string
  /** Without a copy of what is no ASCII; enough to compare and to look at. */
  latin1(field: number): string
  bytes(field: number): Buffer
}

function splitFields(bytes: Buffer, count: number): Fields | null {
  const text = bytes.toString('latin1')
  const ends: number[] = []
  for (let at = text.indexOf('\0'); at >= 0; at = text.indexOf('\0', at + 1)) ends.push(at)
  if (ends.length !== count) return null
  const startOf = (field: number) => (field === 0 ? 0 : (ends[field - 1] ?? 0) + 1)
  return {
    count,
    text: (field) => bytes.toString('utf8', startOf(field), ends[field]),
    latin1: (field) => text.slice(startOf(field), ends[field]),
    bytes: (field) => bytes.subarray(startOf(field), ends[field]),
  }
}

type Statement = ReturnType<ReturnType<Database.Database['prepare']>['raw']>

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    return undefined
  }
}

function columnsOf(db: Database.Database, table: 'project' | 'session' | 'message' | 'part'): Set<string> {
  const rows: unknown = db.prepare(`SELECT CAST(name AS BLOB) FROM pragma_table_info('${table}')`).raw().all()
  return new Set(
    z
      .array(z.tuple([Blob]))
      .parse(rows)
      .map(([name]) => textOf(name)),
  )
}

/** Damage costs what is damaged. Everything else (busy, out of memory, a bug) is not ours to swallow. */
const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^SQLITE_(CORRUPT|NOTADB|IOERR|FORMAT)/.test(String(error.code))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const readOnlyUri = (file: string): string =>
  `file:${file.replaceAll('%', '%25').replaceAll('?', '%3f').replaceAll('#', '%23')}?mode=ro`

/** Bytes 24 to 27 of a database count its changes; those still in the log show in the log's size and time. */
export function sqliteFingerprint(path: string): string | null {
  try {
    const header = Buffer.alloc(100)
    const fd = openSync(path, 'r')
    try {
      readSync(fd, header, 0, 100, 0)
    } finally {
      closeSync(fd)
    }
    const stamp = (file: string) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
      return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`
    }
    return `${stamp(path)} ${stamp(`${path}-wal`)} ${header.readUInt32BE(24)}`
  } catch {
    return null
  }
}
