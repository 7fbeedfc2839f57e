/**
 * Reads `opencode.db` (OpenCode 1.2 and later) while OpenCode may be writing to it. Only the tables project, session,
 * message and part are read.
 */

import type Database from 'libsql'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { pushTo } from '../../group.ts'
import type { MessageRecord } from '../../records.ts'
import {
  type FailedReading,
  type ListedSession,
  MAX_VALUE_BYTES,
  type Problem,
  type SessionReading,
  type Source,
} from '../source.ts'
import { readCompactEnd, readHead } from './glance.ts'
import {
  completeMessage,
  isNeeded,
  markLastAnswers,
  needsSteps,
  parseMessage,
  parseSession,
  placeSession,
  type ReadMessage,
  type ReadSession,
} from './normalise.ts'
import { completedTool, parsePart, type ReadPart } from './parts.ts'
import { settledOf } from './settled.ts'
import {
  atOneMoment,
  Blob,
  bufferOf,
  columnsOf,
  eachRow,
  type Fields,
  firstOf,
  grouped,
  isDamage,
  jsonOf,
  KeyRow,
  openReadOnly,
  strayFinder,
  textOf,
} from './sqlite-file.ts'
import { createLister, type MessageCounts, noMessageCounts } from './sqlite-listing.ts'
import { noted, type Parsed, parseJson, TOO_LARGE } from './values.ts'

/** In bytes. Values up to this size come whole in the first pass; of larger ones, only the ends. */
const WHOLE = 700
/** The same limit for values that begin like those that a trace needs whole: texts and `task` calls. */
const WHOLE_NEEDED = 64 * 1024
/** How much of each end comes: enough for the status of a tool call, and for its title and times. */
const HEAD = 200
const TAIL = 400
/** Number of rows fetched at a time. */
const PART_ROWS = 512

/**
 * Gives many rows of a session as one blob, with NUL-terminated fields (neither JSON nor an id contains NUL): a third
 * of the time of fetching them one by one. `octet_length` does not read the text, and taking the end of a blob needs no
 * counting of characters: together this costs less than a plain scan, `sum(length(data))`. The number of rows is
 * limited to keep the blob small, however long the session: on its way it is in memory three times.
 */
const PART_ENDS = (condition: string) => `
  SELECT count(*), CAST(group_concat(fields, char(0)) || char(0) AS BLOB) FROM (
    SELECT rowid || char(0) || octet_length(data) || char(0) || id || char(0) || message_id || char(0)
      || CASE WHEN octet_length(data) <= ${WHOLE} OR (octet_length(data) <= ${WHOLE_NEEDED}
           AND (substr(data, 1, 14) = '{"type":"text"' OR substr(data, 1, 28) = '{"type":"tool","tool":"task"')) THEN data || char(0)
         ELSE substr(data, 1, ${HEAD}) || char(0) || substr(CAST(data AS BLOB), -${TAIL}) END AS fields
    FROM part
    WHERE session_id = ? AND rowid > ?
      AND substr(data, 1, 19) IS NOT '{"type":"reasoning"' AND substr(data, 1, 15) IS NOT '{"type":"patch"' ${condition}
    ORDER BY rowid LIMIT ${PART_ROWS})`
/**
 * Excludes steps, which are half of all rows and matter in few sessions. The type is proved as in `glance.ts`: it
 * belongs to the root if no object begins before it, since within a string its quotes would be escaped.
 */
const WITHOUT_STEPS = `
      AND (octet_length(data) <= ${WHOLE} AND (substr(data, 1, 14) = '{"type":"step-'
        OR instr(data, ',"type":"step-') BETWEEN 1 AND instr(substr(data, 2) || '{', '{'))) IS NOT TRUE`
const PART_FIELDS = 6
const PART_KEYS = 'SELECT CAST(rowid AS TEXT) FROM part WHERE session_id = ? AND rowid > ?'
const PART_KEY = 'SELECT CAST(rowid AS TEXT) FROM part WHERE rowid = ?'
const PART_WHOLE = `
  SELECT CAST(id AS BLOB), CAST(message_id AS BLOB), data IS NULL,
    CASE WHEN octet_length(data) <= ${MAX_VALUE_BYTES} THEN CAST(data AS BLOB) END
  FROM part WHERE rowid = ?`
/** For calls whose ends do not tell: SQLite finds the title faster than it can hand over the whole value. */
const PART_TOOL = `
  SELECT CAST(json_array(data -> '$.state.title', data -> '$.state.time') AS BLOB) FROM part WHERE rowid = ?`
const MESSAGES = `
  SELECT count(*), CAST(group_concat(
    id || char(0) || ifnull(CAST(time_created AS INTEGER), '') || char(0) || data, char(0)) || char(0) AS BLOB)
  FROM message WHERE session_id = ?`
const MESSAGE_FIELDS = 3
const MESSAGE_KEYS = 'SELECT CAST(rowid AS TEXT) FROM message WHERE session_id = ?'
const MESSAGE = `
  SELECT CAST(rowid AS TEXT), CAST(id AS BLOB), CAST(time_created AS INTEGER), data IS NULL,
    CASE WHEN octet_length(data) <= ${MAX_VALUE_BYTES} THEN CAST(data AS BLOB) END
  FROM message WHERE rowid = ?`
const WORKTREES = 'SELECT CAST(id AS BLOB), CAST(worktree AS BLOB) FROM project'
/** Aggregates over rows that differ once any of them was written. */
const STATE = 'count(*), max(CAST(time_updated AS INTEGER)), max(rowid), total(octet_length(data))'
const MESSAGES_STATE = `SELECT ${STATE} FROM message WHERE session_id = ?`
const PARTS_STATE = `SELECT ${STATE} FROM part WHERE session_id = ?`
/**
 * Answered from an index alone: whether parts were added or removed, in a session most of whose messages are settled.
 */
const PARTS_COUNT = 'SELECT count(*), max(rowid) FROM part WHERE session_id = ?'
const OPEN_PARTS_STATE = `SELECT ${STATE} FROM part WHERE message_id IN (SELECT value FROM json_each(?))`

/**
 * The first part that does not store its own creation time. OpenCode's import gives such parts, which are nearly all,
 * the time of the import; and in a database into which anything was imported, they are the oldest.
 */
const FIRST_PART = `
  SELECT CAST(time_created AS INTEGER) FROM part
  WHERE json_valid(data) AND json_extract(data, '$.time.created') IS NULL ORDER BY rowid LIMIT 1`

/** Columns of `session` that not every version has. */
const SESSION_COLUMNS = ['project_id', 'parent_id', 'directory', 'title', 'version', 'revert'] as const
const SESSION_TIMES = ['time_created', 'time_updated', 'time_archived'] as const

const Count = z.number().nullable()
const WholeRow = z.tuple([Blob, Blob, z.number(), Blob])
const MessageRow = z.tuple([z.string(), Blob, Count, z.number(), Blob])
const Signature = z.tuple([z.array(z.string()).nullable()]).rest(z.unknown())
const SessionRow = z.tuple([Count, Count, Count, Blob, Blob, Blob, Blob, Blob, Blob])

/**
 * @param path of the database, as shown to people
 * @param file what is opened: the database, or a private copy of it
 * @param counted message counts from an earlier opening; updated in place
 */
export function openSqlite(path: string, file = path, counted = noMessageCounts()): Source {
  const db = openReadOnly(file)
  try {
    return sourceOn(db, path, file, counted)
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * The error for a missing table. With writable_schema (see `openReadOnly`) SQLite skips entries of the schema that it
 * cannot make sense of; after a reset it reports them.
 */
function missing(db: Database.Database, table: string): Error {
  try {
    db.exec('PRAGMA writable_schema = RESET')
    db.prepare('SELECT 1 FROM sqlite_schema').raw().all()
    return new Error(`it has no table ${table}`)
  } catch (error) {
    if (!isDamage(error)) throw error
    // Not in SQLite's words, which may quote what is in the damaged place.
    return new Error(`the database is damaged: table ${table} cannot be found in it`)
  }
}

const whyNoData = (isNull: number): string => (isNull === 1 ? 'its data is null' : TOO_LARGE)

function sourceOn(db: Database.Database, path: string, file: string, counted: MessageCounts): Source {
  const [encoding] = z.tuple([z.string()]).parse(firstOf(db.prepare('PRAGMA encoding').raw(), []))
  if (encoding !== 'UTF-8') throw new Error(`its text encoding is ${encoding}; OpenCode uses UTF-8`)
  const present = columnsOf(db, 'session')
  for (const table of ['session', 'message', 'part'] as const) {
    if (columnsOf(db, table).size === 0) throw missing(db, table)
  }
  const column = (name: string, type: 'BLOB' | 'INTEGER') => (present.has(name) ? `CAST(${name} AS ${type})` : 'NULL')
  const times = SESSION_TIMES.map((name) => column(name, 'INTEGER'))
  const prepare = (sql: string) => db.prepare(sql).raw()
  const statement = {
    session: prepare(
      `SELECT ${[...times, ...SESSION_COLUMNS.map((name) => column(name, 'BLOB'))].join(', ')} FROM session WHERE id = ?`,
    ),
    messages: prepare(MESSAGES),
    messageKeys: prepare(MESSAGE_KEYS),
    message: prepare(MESSAGE),
    parts: prepare(PART_ENDS('')),
    partsWithoutSteps: prepare(PART_ENDS(WITHOUT_STEPS)),
    partKeys: prepare(PART_KEYS),
    partKey: prepare(PART_KEY),
    part: prepare(PART_WHOLE),
    partTool: prepare(PART_TOOL),
    messagesState: prepare(MESSAGES_STATE),
    partsState: prepare(PARTS_STATE),
    partsCount: prepare(PARTS_COUNT),
    openPartsState: prepare(OPEN_PARTS_STATE),
    firstPart: prepare(FIRST_PART),
  }
  const strays = [
    strayFinder(db, path, 'session', 'id'),
    strayFinder(db, path, 'message', 'session_id'),
    strayFinder(db, path, 'part', 'session_id'),
  ]
  const listSessions = createLister(db, path, present, counted)
  const at = (what: string) => `${path}: ${what}`
  let worktrees: Map<string, string> | null = null

  function worktreeOf(projectId: string | null): string | null {
    if (worktrees === null) {
      worktrees = new Map()
      if (columnsOf(db, 'project').has('worktree')) {
        try {
          for (const row of prepare(WORKTREES).iterate()) {
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

  /** @param open ids of the messages whose parts may still change in place; null if unknown */
  function signatureOf(id: string, open: readonly string[] | null): string {
    const parts =
      open === null
        ? firstOf(statement.partsState, [id])
        : [firstOf(statement.partsCount, [id]), firstOf(statement.openPartsState, [JSON.stringify(open)])]
    return JSON.stringify([open, firstOf(statement.messagesState, [id]), parts])
  }

  function isAsRead({ id }: ListedSession, signature: string): boolean {
    const open = Signature.safeParse(JSON.parse(signature)).data?.[0]
    return open !== undefined && signatureOf(id, open) === signature
  }

  function readSessionRow(id: string, problems: Problem[]): ReadSession | null {
    const row = firstOf(statement.session, [id])
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
    const add = (id: string, created: number | null, data: Buffer) => {
      const path = at(`message ${id}`)
      size.bytes += data.length
      const message = noted(
        parseJson(data, (json) => parseMessage(json, id, sessionId, created)),
        path,
        problems,
      )
      if (message !== null) messages.set(id, message)
    }
    const fields = grouped(statement.messages, [sessionId], MESSAGE_FIELDS)
    if (fields === null) {
      for (const row of eachRow(path, statement.messageKeys, statement.message, [sessionId], 'message', problems)) {
        const [rowid, id, created, isNull, data] = MessageRow.parse(row)
        if (id === null) problems.push({ path: at(`message in row ${rowid}`), reason: 'its id is null' })
        else if (data === null) problems.push({ path: at(`message ${textOf(id)}`), reason: whyNoData(isNull) })
        else add(textOf(id), created, bufferOf(data))
      }
      return messages
    }
    for (let i = 0; i < fields.count; i += MESSAGE_FIELDS) {
      const created = fields.text(i + 1)
      add(fields.text(i), created === '' ? null : Number(created), fields.bytes(i + 2))
    }
    return messages
  }

  function readWhole(rowid: string, problems: Problem[]): { messageId: string; part: ReadPart | null } | null {
    let row: z.infer<typeof WholeRow>
    try {
      const found = firstOf(statement.part, [rowid])
      if (found === undefined) return null
      row = WholeRow.parse(found)
    } catch (error) {
      if (!isDamage(error)) throw error
      problems.push({ path: at(`part in row ${rowid}`), reason: messageOf(error), isDamage: true })
      return null
    }
    const [partId, messageId, isNull, data] = row
    const absent = partId === null ? 'id' : messageId === null ? 'message_id' : null
    if (absent !== null) {
      problems.push({ path: at(`part in row ${rowid}`), reason: `its ${absent} is null` })
      return null
    }
    const id = textOf(partId)
    const path = at(`part ${id}`)
    if (data === null) problems.push({ path, reason: whyNoData(isNull) })
    const part =
      data === null
        ? null
        : noted(
            parseJson(bufferOf(data), (json) => parsePart(json, id)),
            path,
            problems,
          )
    return { messageId: textOf(messageId), part }
  }

  /**
   * Reads a completed call whose title and time are not at the end of its JSON; null if SQLite cannot find them either.
   */
  function readToolInside(rowid: string, id: string, tool: string): Parsed<ReadPart> | null {
    try {
      const [bytes] = z.tuple([Blob]).parse(firstOf(statement.partTool, [rowid]))
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
    const add = (messageId: string, part: ReadPart) => pushTo(parts, messageId, part)
    const addWhole = (rowid: string) => {
      const read = readWhole(rowid, problems)
      if (read?.part && messages.has(read.messageId)) add(read.messageId, read.part)
    }
    const wanted = [...messages.values()].some(needsSteps) ? statement.parts : statement.partsWithoutSteps
    const take = (fields: Fields, i: number) => {
      const rowid = fields.latin1(i)
      const length = Number(fields.latin1(i + 1))
      size.bytes += length
      // Parts without a message were left behind by a revert.
      const messageId = fields.latin1(i + 3)
      const message = messages.get(messageId) ?? messages.get(fields.text(i + 3))
      if (message === undefined) return
      const head = readHead(fields.latin1(i + 4))
      if (head !== null && !isNeeded(head.type, message)) return
      const id = fields.text(i + 2)
      const whole = fields.bytes(i + 4)
      if (whole.length === length) {
        const part = noted(
          parseJson(whole, (json) => parsePart(json, id)),
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
    for (let after: string | number = Number.NEGATIVE_INFINITY; ; ) {
      const fields = grouped(wanted, [sessionId, after], PART_FIELDS)
      if (fields === null) {
        for (const key of eachRow(path, statement.partKeys, statement.partKey, [sessionId, after], 'part', problems)) {
          addWhole(KeyRow.parse(key)[0])
        }
        return parts
      }
      for (let i = 0; i < fields.count; i += PART_FIELDS) take(fields, i)
      if (fields.count < PART_ROWS * PART_FIELDS) return parts
      after = fields.latin1(fields.count - PART_FIELDS)
    }
  }

  return {
    *list(_known, problems, isAgain = false) {
      const { sessions, isAll } = listSessions(problems, isAgain)
      for (const noteStrays of strays) noteStrays(problems)
      yield sessions
      return isAll
    },
    isAsRead,
    importedMs() {
      try {
        return z.tuple([Count]).parse(firstOf(statement.firstPart, []) ?? [null])[0]
      } catch {
        return null
      }
    },
    read(session, withSignature): SessionReading | FailedReading | null {
      const problems: Problem[] = []
      const size = { bytes: 0 }
      // One transaction, so that messages and parts fit together; it ends with the reading, so as not to hold up the
      // writer.
      return atOneMoment(db, () => {
        const read = readSessionRow(session.id, problems)
        if (read === null) return problems.length === 0 ? null : { content: null, problems }
        const messages = readMessages(session.id, problems, size)
        markLastAnswers(messages.values())
        const parts = readParts(messages, session.id, problems, size)
        const inOrder = [...messages.values()]
        const content = {
          session: placeSession(read, worktreeOf(read.projectId), inOrder),
          messages: inOrder.map((m) => completeMessage(m, parts.get(m.id) ?? [])),
        }
        // No signature after damage: `octet_length` does not read the text itself, so it would not change when the
        // damage is repaired.
        const isWhole = problems.every(({ isDamage }) => !isDamage)
        const signature = withSignature && isWhole ? signatureOf(session.id, openOf(content.messages, problems)) : null
        return { content, files: 0, bytes: size.bytes, problems, signature }
      })
    },
    rest() {
      worktrees = null
      // SQLite trusts the pages in its cache, even if a backup has been copied over the file since, so empty the cache.
      db.exec('PRAGMA shrink_memory')
      // A private copy is removed after the run.
      return file === path
    },
    close: () => db.close(),
  }
}

/**
 * Ids of the messages whose parts may still change in place; null if one of them may be among what could not be read.
 */
function openOf(messages: readonly MessageRecord[], problems: readonly Problem[]): string[] | null {
  if (problems.length > 0) return null
  const settled = settledOf(messages)
  return messages.flatMap(({ id }) => (settled.has(id) ? [] : id))
}
