/**
 * Implements `TraceWriter` in SQL. New rows are compared with the stored ones, so that equal rows are not written again
 * and the result says exactly what was added, changed or removed. Each batch is one transaction.
 */
import { z } from 'zod'
import { SOURCE_KINDS } from '../../records.ts'
import { type Cell, COLUMN, type InsertColumn, SESSION_COLUMNS, TRACE_COLUMNS } from '../packing/columns.ts'
import { packForest } from '../packing/rows.ts'
import type {
  PackedRows,
  SaveBatch,
  SavedChange,
  SessionLink,
  SessionStamp,
  SourceNews,
  TraceWriter,
} from '../store.ts'
import type { Database, Writer } from './database.ts'
import { isConstraintFailure } from './failures.ts'
import { type InsertRow, type InsertTarget, plainRow } from './insert.ts'
import type { SqlValue } from './statement.ts'
import { type Decode, tuples } from './values.ts'

export function createTraceWriter(database: Database): TraceWriter {
  const load = <T>(sql: string, values: readonly SqlValue[], decode: Decode<T>): Promise<T[]> =>
    database.select({ sql, values }, decode, { unlimited: true })
  return {
    async saveTraces(batch) {
      const content = contentOf(batch)
      const save = (includesStrays: boolean) =>
        database.transaction((writer) => saveBatch(writer, content, includesStrays))
      try {
        return await save(false)
      } catch (error) {
        if (!isConstraintFailure(error)) throw error
        // A trace or session moved here from a tree that is not part of this batch: replace its old row too.
        return save(true)
      }
    },

    saveSources(news) {
      return database.transaction((writer) => saveSourceNews(writer, news))
    },

    loadSources: () => load(LOAD_SOURCES, [], decodeSources),
    loadRejections: () => load(LOAD_REJECTIONS, [], decodeRejections),
    loadStamps: (sourceId) => load(LOAD_STAMPS, [sourceId], decodeStamps),
    loadLinks: () => load(LOAD_LINKS, [], decodeLinks),

    giveWay: database.giveWay,
  }
}

// ---------------------------------------------------------------- a batch

/** The content of a batch, with each trace and session once; later forests of the batch win. */
interface Content {
  traces: NewRow[]
  sessions: NewRow[]
  /** Root sessions whose rows are replaced. */
  replacedIds: string[]
  removedIds: string[]
  stamps: readonly SessionStamp[]
  links: readonly SessionLink[]
  sources: SourceNews | null
}

interface NewRow {
  id: string
  root: string
  digest: number
  packed: { rows: PackedRows; row: number }
}

function contentOf({ forests, stamps, links, removedSessionIds, sources }: SaveBatch): Content {
  const said = new Set<string>()
  const sessionIds = new Set<string>()
  const traceIds = new Set<string>()
  // From the last forest to the first, since a later one replaces the rows of its root sessions in an earlier one.
  const kept = forests.toReversed().map((forest) => {
    const packed = 'kind' in forest ? forest : packForest(forest)
    const newRows = (portions: readonly PackedRows[], ids: Set<string>) =>
      portions.flatMap(rowsOf).filter(({ id, root }) => !said.has(root) && isNew(ids, id))
    const sessions = newRows(packed.sessions, sessionIds)
    const traces = newRows(packed.traces, traceIds)
    for (const id of packed.sessionIds) said.add(id)
    return { sessions, traces }
  })
  kept.reverse()
  return {
    traces: kept.flatMap((forest) => forest.traces),
    sessions: kept.flatMap((forest) => forest.sessions),
    replacedIds: [...said, ...removedSessionIds],
    removedIds: [...new Set(removedSessionIds)],
    stamps,
    links,
    sources: sources ?? null,
  }
}

/** Adds `id` to the known ids. Returns whether it was new. */
function isNew(known: Set<string>, id: string): boolean {
  const before = known.size
  return known.add(id).size > before
}

const rowsOf = (rows: PackedRows): NewRow[] =>
  rows.ids.map((id, row) => ({
    id,
    root: rows.roots[row] ?? '',
    digest: rows.digests[row] ?? 0,
    packed: { rows, row },
  }))

async function saveBatch(writer: Writer, content: Content, includesStrays: boolean): Promise<SavedChange> {
  const old = await findOld(writer, content, includesStrays)
  const traces = await replace(writer, TRACES, content.traces, old.traces)
  const sessions = await replace(writer, SESSIONS, content.sessions, old.sessions)
  await saveState(writer, content)
  if (content.sources !== null) await saveSourceNews(writer, content.sources)
  return {
    sessionIds: [...new Set([...traces.roots, ...sessions.roots])],
    traceIds: traces.writtenIds,
    removedTraceIds: traces.removedIds,
    removedSessionIds: sessions.removedIds,
    rootOf: new Map([...traces.rootOf, ...sessions.rootOf]),
    movedFrom: new Map([...traces.movedFrom, ...sessions.movedFrom]),
  }
}

// ---------------------------------------------------------------- comparing and replacing

interface Target {
  insert: InsertTarget
  /** The cells after those of the packed row: its digest and, for traces, when it was first written. */
  last: (digest: number, createdUs: number) => Cell[]
}

const DIGEST = COLUMN.bigint('digest')
const CREATED_AT: InsertColumn = { name: 'created_at', type: 'DOUBLE', convert: (x) => `make_timestamp(${x}::BIGINT)` }

const TRACES: Target = {
  insert: { table: 'agent_traces', columns: [...TRACE_COLUMNS, DIGEST, CREATED_AT] },
  last: (digest, createdUs) => [digest, createdUs],
}

const SESSIONS: Target = {
  insert: { table: 'sessions', columns: [...SESSION_COLUMNS, DIGEST] },
  last: (digest) => [digest],
}

/** Up to this many values are compared with each row; more are joined, which takes a millisecond to set up. */
const FEW = 8

/** The condition that a column is one of `texts`, which are bound to `parameter`. */
const among = (column: string, parameter: string, texts: readonly string[]): string =>
  texts.length <= FEW
    ? `list_contains(${parameter}::VARCHAR[], ${column})`
    : `${column} IN (SELECT unnest(${parameter}::VARCHAR[]))`

/**
 * Finds the stored rows of the replaced root sessions and, for strays, the rows with an id of the batch in any tree.
 */
async function findOld(
  writer: Writer,
  { traces, sessions, replacedIds }: Content,
  includesStrays: boolean,
): Promise<{ traces: OldRow[]; sessions: OldRow[] }> {
  const strays = includesStrays ? [traces, sessions].map((rows) => rows.map((row) => row.id)) : []
  const [traceIds, sessionIds] = strays
  const isReplaced = (column: string) => among(column, '$1', replacedIds)
  const found = await writer.select(
    {
      sql: `
        SELECT TRUE, rowid, trace_id, root_session_id, digest, epoch_us(created_at) FROM agent_traces
        WHERE ${isReplaced('root_session_id')} ${traceIds ? `OR ${among('trace_id', '$2', traceIds)}` : ''}
        UNION ALL
        SELECT FALSE, rowid, session_id, root_session_id, digest, 0 FROM sessions
        WHERE ${isReplaced('root_session_id')} OR ${isReplaced('session_id')}
          ${sessionIds ? `OR ${among('session_id', '$3', sessionIds)}` : ''}`,
      values: [replacedIds, ...strays],
    },
    decodeOldRows,
  )
  return { traces: found.filter((row) => row.isTrace), sessions: found.filter((row) => !row.isTrace) }
}

interface Replaced {
  roots: Set<string>
  writtenIds: string[]
  removedIds: string[]
  /** The root session of each written or removed row. */
  rootOf: Map<string, string>
  /** The former root session of each written row that had another one. */
  movedFrom: Map<string, string>
}

/** Replaces the found rows by the given ones, and returns what has changed. */
async function replace(
  writer: Writer,
  target: Target,
  rows: readonly NewRow[],
  found: readonly OldRow[],
): Promise<Replaced> {
  const old = new Map(found.map((row) => [row.id, row]))
  const gone: number[] = []
  const written: InsertRow[] = []
  const replaced: Replaced = {
    roots: new Set(),
    writtenIds: [],
    removedIds: [],
    rootOf: new Map(),
    movedFrom: new Map(),
  }
  const nowUs = Date.now() * 1000
  for (const { id, root, digest, packed } of rows) {
    const before = old.get(id)
    old.delete(id)
    if (before?.digest === digest) continue
    if (before !== undefined) {
      gone.push(before.place)
      replaced.roots.add(before.root)
      if (before.root !== root) replaced.movedFrom.set(id, before.root)
    }
    replaced.roots.add(root)
    replaced.writtenIds.push(id)
    replaced.rootOf.set(id, root)
    written.push({ packed, cells: target.last(digest, before?.createdUs ?? nowUs) })
  }
  for (const { id, root, place } of old.values()) {
    gone.push(place)
    replaced.roots.add(root)
    replaced.removedIds.push(id)
    replaced.rootOf.set(id, root)
  }
  if (gone.length > 0) await deleteRows(writer, target.insert.table, gone)
  await writer.insert(target.insert, written)
  return replaced
}

/** A few row ids are written into the statement as literals: then DuckDB finds the rows without a scan. */
async function deleteRows(writer: Writer, table: string, places: readonly number[]): Promise<void> {
  if (places.length <= FEW) await writer.run(`DELETE FROM ${table} WHERE rowid IN (${places.join(', ')})`)
  else await writer.run(`DELETE FROM ${table} WHERE rowid IN (SELECT unnest($1::BIGINT[]))`, [places])
}

interface OldRow {
  isTrace: boolean
  /** The row's `rowid`, valid within this transaction. */
  place: number
  id: string
  root: string
  digest: number
  createdUs: number
}

const decodeOldRows: Decode<OldRow> = (
  [kinds = [], places = [], ids = [], roots = [], digests = [], created = []],
  rowCount,
) => {
  const rows: OldRow[] = []
  for (let i = 0; i < rowCount; i++) {
    rows.push({
      isTrace: kinds[i] === true,
      place: Number(places[i]),
      id: String(ids[i]),
      root: String(roots[i]),
      digest: Number(digests[i]),
      createdUs: Number(created[i]),
    })
  }
  return rows
}

// ---------------------------------------------------------------- ingest state

async function saveState(writer: Writer, { stamps, links, removedIds }: Content): Promise<void> {
  const last = new Map(stamps.map((stamp) => [stamp.sessionId, stamp]))
  // Another source's stamps of these sessions too, because the stored rows no longer come from that source.
  const unstamped = [...removedIds, ...last.keys()]
  if (unstamped.length > 0) {
    await writer.run(`DELETE FROM session_stamps WHERE ${among('session_id', '$1', unstamped)}`, [unstamped])
  }
  await writer.insert(
    STAMPS,
    [...last.values()].map(({ sourceId, sessionId, parentId, stamp, unsettled }) =>
      plainRow([sourceId, sessionId, parentId, stamp, unsettled]),
    ),
  )
  if (removedIds.length > 0) await writer.run(DELETE_LINKS_FROM, [removedIds])
  if (links.length > 0) {
    await writer.run(INSERT_LINKS, [links.map((link) => link.fromSessionId), links.map((link) => link.toSessionId)])
  }
}

async function saveSourceNews(writer: Writer, { states, rejections }: SourceNews): Promise<void> {
  await writer.run('DELETE FROM sources')
  await writer.insert(
    SOURCES,
    states.map(({ source: { id, kind, path }, fingerprint, sessions, files, bytes, readAtMs }) =>
      plainRow([id, kind, path, fingerprint, sessions, files, bytes, readAtMs]),
    ),
  )
  if (rejections === null) return
  await writer.run('DELETE FROM rejections')
  await writer.insert(
    REJECTIONS,
    rejections.map(({ sourceId, path, reason, atMs }) => plainRow([sourceId, path, reason, atMs])),
  )
}

const DELETE_LINKS_FROM = 'DELETE FROM session_links WHERE from_session_id IN (SELECT unnest($1::VARCHAR[]))'

const { text, bigint, moment, flag } = COLUMN

const STAMPS: InsertTarget = {
  table: 'session_stamps',
  columns: [text('source_id'), text('session_id'), text('parent_session_id'), text('stamp'), flag('unsettled')],
}

const SOURCES: InsertTarget = {
  table: 'sources',
  columns: [
    text('source_id'),
    text('kind'),
    text('path'),
    text('fingerprint'),
    bigint('sessions'),
    bigint('files'),
    bigint('bytes'),
    moment('read_at'),
  ],
}

const REJECTIONS: InsertTarget = {
  table: 'rejections',
  columns: [text('source_id'), text('path'), text('reason'), moment('rejected_at')],
}

const INSERT_LINKS = `INSERT INTO session_links
  SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]) EXCEPT SELECT from_session_id, to_session_id FROM session_links`

const LOAD_SOURCES = `SELECT source_id AS id, kind, path, fingerprint, sessions, files, bytes, read_at FROM sources ORDER BY source_id`
const decodeSources = tuples(
  z.tuple([
    z.string(),
    z.enum(SOURCE_KINDS),
    z.string(),
    z.string().nullable(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
  ]),
  ([id, kind, path, fingerprint, sessions, files, bytes, readAtMs]) => ({
    source: { id, kind, path },
    fingerprint,
    sessions,
    files,
    bytes,
    readAtMs,
  }),
)

const LOAD_REJECTIONS = 'SELECT source_id, path, reason, rejected_at FROM rejections ORDER BY rejected_at DESC, path'
const decodeRejections = tuples(
  z.tuple([z.string(), z.string(), z.string(), z.number()]),
  ([sourceId, path, reason, atMs]) => ({ sourceId, path, reason, atMs }),
)

const LOAD_STAMPS = `SELECT session_id, source_id, parent_session_id, stamp, unsettled FROM session_stamps WHERE source_id = $1`
const decodeStamps = tuples(
  z.tuple([z.string(), z.string(), z.string().nullable(), z.string(), z.boolean()]),
  ([sessionId, sourceId, parentId, stamp, unsettled]) => ({ sessionId, sourceId, parentId, stamp, unsettled }),
)

const LOAD_LINKS = 'SELECT from_session_id, to_session_id FROM session_links'
const decodeLinks = tuples(z.tuple([z.string(), z.string()]), ([fromSessionId, toSessionId]) => ({
  fromSessionId,
  toSessionId,
}))
