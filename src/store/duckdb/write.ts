/**
 * `TraceWriter` in SQL. What is saved is compared with what is stored, so that equal rows are left alone and it can be
 * said exactly what is new, different or gone; one transaction has all of a batch or nothing.
 */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { createPace } from '../../pace.ts'
import { SOURCE_KINDS } from '../../records.ts'
import type { SaveBatch, SavedChange, SessionLink, SessionStamp, TraceWriter } from '../store.ts'
import { SESSION_COLUMNS, type StoredColumn, TRACE_COLUMNS } from './columns.ts'
import type { Database, Writer } from './database.ts'
import { isConstraintFailure } from './failures.ts'
import type { Cell, InsertColumn, InsertRow, InsertTarget } from './insert.ts'
import type { Decode } from './values.ts'

export function createTraceWriter(database: Database): TraceWriter {
  return {
    async saveTraces(batch) {
      let content: Content | undefined
      const save = (includesStrays: boolean) =>
        database.transaction(async (writer) => {
          content ??= await contentOf(batch)
          return saveBatch(writer, content, includesStrays)
        })
      try {
        return await save(false)
      } catch (error) {
        if (!isConstraintFailure(error)) throw error
        // A trace or session that stood in a tree that is not of this batch: it belongs here now.
        return save(true)
      }
    },

    saveSources(states, rejections) {
      return database.transaction(async (writer) => {
        await writer.run('DELETE FROM sources')
        for (const { source, fingerprint, sessions, files, bytes, readAtMs } of states) {
          await writer.run(INSERT_SOURCE, [
            source.id,
            source.kind,
            source.path,
            fingerprint,
            sessions,
            files,
            bytes,
            readAtMs,
          ])
        }
        await writer.run('DELETE FROM rejections')
        if (rejections.length === 0) return
        await writer.run(INSERT_REJECTIONS, [
          rejections.map((rejection) => rejection.sourceId),
          rejections.map((rejection) => rejection.path),
          rejections.map((rejection) => rejection.reason),
          rejections.map((rejection) => rejection.atMs),
        ])
      })
    },

    loadSources() {
      return database.select({ sql: LOAD_SOURCES, values: [] }, parsed(SourceStateRow))
    },

    loadRejections() {
      return database.select({ sql: LOAD_REJECTIONS, values: [] }, parsed(RejectionRow))
    },

    loadStamps(sourceId) {
      return database.select({ sql: LOAD_STAMPS, values: [sourceId] }, parsed(StampRow))
    },

    loadLinks() {
      return database.select({ sql: LOAD_LINKS, values: [] }, parsed(LinkRow))
    },
  }
}

// ---------------------------------------------------------------- a batch

/** What a batch comes to: every trace and session once, the last one said. */
interface Content {
  traces: NewRow[]
  sessions: NewRow[]
  /** Root sessions whose rows are replaced. */
  replacedIds: string[]
  removedIds: string[]
  stamps: readonly SessionStamp[]
  links: readonly SessionLink[]
}

interface NewRow {
  id: string
  root: string
  digest: number
  cells: readonly Cell[]
}

async function contentOf({ forests, stamps, links, removedSessionIds }: SaveBatch): Promise<Content> {
  const said = new Set<string>()
  const sessionIds = new Set<string>()
  const traceIds = new Set<string>()
  // From the last one: it replaces what an earlier one of the same batch says of its root sessions.
  const kept = forests.toReversed().map((forest) => {
    const sessions = forest.sessions.filter(({ id, rootId }) => !said.has(rootId) && isNew(sessionIds, id))
    const traces = forest.traces.filter(({ id, rootSessionId }) => !said.has(rootSessionId) && isNew(traceIds, id))
    for (const id of forest.sessionIds) said.add(id)
    return { sessions, traces }
  })
  kept.reverse()
  const sessions = kept.flatMap((forest) => forest.sessions)
  const projects = new Map(sessions.map((session) => [session.id, session.project]))
  const projectOf = (id: string | null): string | null => (id === null ? null : (projects.get(id) ?? null))
  return {
    traces: await rowsOf(
      TRACE_COLUMNS,
      kept.flatMap((forest) => forest.traces),
      (trace) => ({
        id: trace.id,
        root: trace.rootSessionId,
        stored: { trace, project: projectOf(trace.sessionId) ?? projectOf(trace.rootSessionId) },
      }),
    ),
    sessions: await rowsOf(SESSION_COLUMNS, sessions, (session) => ({
      id: session.id,
      root: session.rootId,
      stored: session,
    })),
    replacedIds: [...said, ...removedSessionIds],
    removedIds: [...new Set(removedSessionIds)],
    stamps,
    links,
  }
}

/** Whether `id` is none of those known; it is from now on. */
function isNew(known: Set<string>, id: string): boolean {
  const before = known.size
  return known.add(id).size > before
}

async function rowsOf<T, S>(
  columns: readonly StoredColumn<S>[],
  items: Iterable<T>,
  of: (item: T) => { id: string; root: string; stored: S },
): Promise<NewRow[]> {
  const rows: NewRow[] = []
  const pace = createPace(8)
  for (const item of items) {
    const { id, root, stored } = of(item)
    const cells = columns.map((column) => column.of(stored))
    rows.push({ id, root, digest: digestOf(cells), cells })
    if (pace.isDue()) await pace.rest()
  }
  return rows
}

/** 48 bits of a row's cells: a number that is exact in JavaScript. Every text is led by its length, so none runs into the next. */
function digestOf(cells: readonly Cell[]): number {
  let whole = ''
  for (const cell of cells) whole += typeof cell === 'string' ? `${cell.length}:${cell}` : `${cell};`
  return Number.parseInt(hash('sha1', whole, 'hex').slice(0, 12), 16)
}

async function saveBatch(writer: Writer, content: Content, includesStrays: boolean): Promise<SavedChange> {
  const { replacedIds, removedIds, stamps, links } = content
  const traces = await replace(writer, TRACES, content.traces, replacedIds, includesStrays)
  const sessions = await replace(writer, SESSIONS, content.sessions, replacedIds, includesStrays)
  await saveState(writer, stamps, links, removedIds)
  return {
    sessionIds: [...new Set([...traces.roots, ...sessions.roots])],
    traceIds: traces.writtenIds,
    removedTraceIds: traces.removedIds,
    removedSessionIds: sessions.removedIds,
    rootOf: new Map([...traces.rootOf, ...sessions.rootOf]),
  }
}

// ---------------------------------------------------------------- comparing and replacing

interface Target {
  insert: InsertTarget
  /** The rows of root sessions ($1). */
  find: string
  /** The same, and those with one of the ids ($2), wherever they stand. */
  findStrays: string
  delete: string
  /** What follows a row's own cells: digest, and when it was first written. */
  last: (digest: number, createdUs: number) => Cell[]
}

const DIGEST: InsertColumn = { name: 'digest', type: 'DOUBLE', convert: (x) => `${x}::BIGINT` }
const CREATED_AT: InsertColumn = { name: 'created_at', type: 'DOUBLE', convert: (x) => `make_timestamp(${x}::BIGINT)` }

const FIND_TRACES = `SELECT rowid, trace_id, root_session_id, digest, epoch_us(created_at) FROM agent_traces
  WHERE root_session_id IN (SELECT unnest($1::VARCHAR[]))`
const FIND_SESSIONS = `SELECT rowid, session_id, root_session_id, digest, 0 FROM sessions
  WHERE root_session_id IN (SELECT unnest($1::VARCHAR[])) OR session_id IN (SELECT unnest($1::VARCHAR[]))`

const TRACES: Target = {
  insert: { table: 'agent_traces', columns: [...TRACE_COLUMNS, DIGEST, CREATED_AT] },
  find: FIND_TRACES,
  findStrays: `${FIND_TRACES} OR trace_id IN (SELECT unnest($2::VARCHAR[]))`,
  delete: 'DELETE FROM agent_traces WHERE rowid IN (SELECT unnest($1::BIGINT[]))',
  last: (digest, createdUs) => [digest, createdUs],
}

const SESSIONS: Target = {
  insert: { table: 'sessions', columns: [...SESSION_COLUMNS, DIGEST] },
  find: FIND_SESSIONS,
  findStrays: `${FIND_SESSIONS} OR session_id IN (SELECT unnest($2::VARCHAR[]))`,
  delete: 'DELETE FROM sessions WHERE rowid IN (SELECT unnest($1::BIGINT[]))',
  last: (digest) => [digest],
}

interface Replaced {
  roots: Set<string>
  writtenIds: string[]
  removedIds: string[]
  /** Of those written and removed. */
  rootOf: Map<string, string>
}

/** Makes the rows of the replaced root sessions those given, and says which are not what they were. */
async function replace(
  writer: Writer,
  target: Target,
  rows: readonly NewRow[],
  replacedIds: readonly string[],
  includesStrays: boolean,
): Promise<Replaced> {
  const found = await writer.select(
    includesStrays
      ? { sql: target.findStrays, values: [replacedIds, rows.map((row) => row.id)] }
      : { sql: target.find, values: [replacedIds] },
    decodeOldRows,
  )
  const old = new Map(found.map((row) => [row.id, row]))
  const gone: number[] = []
  const written: InsertRow[] = []
  const replaced: Replaced = { roots: new Set(), writtenIds: [], removedIds: [], rootOf: new Map() }
  const nowUs = Date.now() * 1000
  for (const { id, root, digest, cells } of rows) {
    const before = old.get(id)
    old.delete(id)
    if (before?.digest === digest) continue
    if (before !== undefined) {
      gone.push(before.place)
      replaced.roots.add(before.root)
    }
    replaced.roots.add(root)
    replaced.writtenIds.push(id)
    replaced.rootOf.set(id, root)
    written.push([...cells, ...target.last(digest, before?.createdUs ?? nowUs)])
  }
  for (const { id, root, place } of old.values()) {
    gone.push(place)
    replaced.roots.add(root)
    replaced.removedIds.push(id)
    replaced.rootOf.set(id, root)
  }
  if (gone.length > 0) await writer.run(target.delete, [gone])
  await writer.insert(target.insert, written)
  return replaced
}

interface OldRow {
  /** The database's own number of the row, good for this transaction. */
  place: number
  id: string
  root: string
  digest: number
  createdUs: number
}

const decodeOldRows: Decode<OldRow> = ([places = [], ids = [], roots = [], digests = [], created = []], rowCount) => {
  const rows: OldRow[] = []
  for (let i = 0; i < rowCount; i++) {
    rows.push({
      place: Number(places[i]),
      id: String(ids[i]),
      root: String(roots[i]),
      digest: Number(digests[i]),
      createdUs: Number(created[i]),
    })
  }
  return rows
}

// ---------------------------------------------------------------- the state of reading

async function saveState(
  writer: Writer,
  stamps: readonly SessionStamp[],
  links: readonly SessionLink[],
  removedIds: readonly string[],
): Promise<void> {
  if (removedIds.length > 0) {
    await writer.run(DELETE_STAMPS_OF, [removedIds])
    await writer.run(DELETE_LINKS_FROM, [removedIds])
  }
  if (stamps.length > 0) {
    // The last one said of each.
    const last = [
      ...new Map(stamps.map((stamp) => [JSON.stringify([stamp.sourceId, stamp.sessionId]), stamp])).values(),
    ]
    await writer.run(DELETE_STAMPS, [last.map((stamp) => stamp.sourceId), last.map((stamp) => stamp.sessionId)])
    await writer.insert(
      STAMPS,
      last.map((stamp) => [stamp.sourceId, stamp.sessionId, stamp.parentId, stamp.stamp, stamp.unsettled]),
    )
  }
  if (links.length > 0) {
    await writer.run(INSERT_LINKS, [links.map((link) => link.fromSessionId), links.map((link) => link.toSessionId)])
  }
}

const DELETE_STAMPS_OF = 'DELETE FROM session_stamps WHERE session_id IN (SELECT unnest($1::VARCHAR[]))'
const DELETE_LINKS_FROM = 'DELETE FROM session_links WHERE from_session_id IN (SELECT unnest($1::VARCHAR[]))'

const DELETE_STAMPS = `DELETE FROM session_stamps WHERE (source_id, session_id) IN (
  SELECT (unnest($1::VARCHAR[]), unnest($2::VARCHAR[])))`

const column = (name: string, type: InsertColumn['type']): InsertColumn => ({ name, type, convert: (x) => x })

const STAMPS: InsertTarget = {
  table: 'session_stamps',
  columns: [
    column('source_id', 'VARCHAR'),
    column('session_id', 'VARCHAR'),
    column('parent_session_id', 'VARCHAR'),
    column('stamp', 'VARCHAR'),
    column('unsettled', 'BOOLEAN'),
  ],
}

const INSERT_LINKS = `INSERT INTO session_links
  SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]) EXCEPT SELECT from_session_id, to_session_id FROM session_links`

// ---------------------------------------------------------------- small tables

const INSERT_SOURCE = 'INSERT INTO sources VALUES ($1, $2, $3, $4, $5, $6, $7, epoch_ms($8::BIGINT))'

const INSERT_REJECTIONS = `INSERT INTO rejections
  SELECT source_id, path, reason, epoch_ms(at_ms::BIGINT) FROM (
    SELECT unnest($1::VARCHAR[]) AS source_id, unnest($2::VARCHAR[]) AS path, unnest($3::VARCHAR[]) AS reason, unnest($4::DOUBLE[]) AS at_ms)`

const LOAD_SOURCES = `SELECT source_id AS id, kind, path, fingerprint, sessions, files, bytes, read_at FROM sources ORDER BY source_id`
const SourceStateRow = z
  .tuple([
    z.string(),
    z.enum(SOURCE_KINDS),
    z.string(),
    z.string().nullable(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
  ])
  .transform(([id, kind, path, fingerprint, sessions, files, bytes, readAtMs]) => ({
    source: { id, kind, path },
    fingerprint,
    sessions,
    files,
    bytes,
    readAtMs,
  }))

const LOAD_REJECTIONS = 'SELECT source_id, path, reason, rejected_at FROM rejections ORDER BY rejected_at DESC, path'
const RejectionRow = z
  .tuple([z.string(), z.string(), z.string(), z.number()])
  .transform(([sourceId, path, reason, atMs]) => ({ sourceId, path, reason, atMs }))

const LOAD_STAMPS = `SELECT session_id, source_id, parent_session_id, stamp, unsettled FROM session_stamps WHERE source_id = $1`
const StampRow = z
  .tuple([z.string(), z.string(), z.string().nullable(), z.string(), z.boolean()])
  .transform(([sessionId, sourceId, parentId, stamp, unsettled]) => ({
    sessionId,
    sourceId,
    parentId,
    stamp,
    unsettled,
  }))

const LOAD_LINKS = 'SELECT from_session_id, to_session_id FROM session_links'
const LinkRow = z
  .tuple([z.string(), z.string()])
  .transform(([fromSessionId, toSessionId]) => ({ fromSessionId, toSessionId }))

/** Rows through a zod model of their cells. */
function parsed<T>(model: z.ZodType<T>): Decode<T> {
  return (columns, rowCount) =>
    Array.from({ length: rowCount }, (_, i) => model.parse(columns.map((cells) => cells[i])))
}
