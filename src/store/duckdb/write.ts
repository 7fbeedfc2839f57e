/**
 * `TraceWriter` in SQL. What is saved is compared with what is stored, so that equal rows are left alone and it can be
 * said exactly what is new, different or gone; one transaction has all of a batch or nothing.
 */
import { BOOLEAN, type DuckDBType, VARCHAR } from '@duckdb/node-api'
import { z } from 'zod'
import { type Session, SOURCE_KINDS } from '../../records.ts'
import type { SaveBatch, SavedChange, SessionLink, SessionStamp, TraceWriter } from '../store.ts'
import type { AppendColumn, Database, Decode, Writer } from './database.ts'
import { isConstraintFailure } from './failures.ts'
import { SESSION_COLUMNS, type StagedColumn, type StagedTrace, TRACE_COLUMNS } from './staged.ts'

export function createTraceWriter(database: Database): TraceWriter {
  return {
    async saveTraces(batch) {
      const content = contentOf(batch)
      try {
        return await database.transaction((writer) => saveBatch(writer, content, false))
      } catch (error) {
        if (!isConstraintFailure(error)) throw error
        // A trace or session that stood in a tree that is not of this batch: it belongs here now.
        return database.transaction((writer) => saveBatch(writer, content, true))
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
  traces: StagedTrace[]
  sessions: Session[]
  /** Root sessions whose rows are replaced. */
  replacedIds: string[]
  removedIds: string[]
  stamps: readonly SessionStamp[]
  links: readonly SessionLink[]
}

function contentOf({ forests, stamps, links, removedSessionIds }: SaveBatch): Content {
  const sessions = new Map<string, Session>()
  const traces = new Map<string, StagedTrace>()
  const replacedIds = new Set<string>(removedSessionIds)
  for (const forest of forests) {
    for (const id of forest.sessionIds) replacedIds.add(id)
    for (const session of forest.sessions) sessions.set(session.id, session)
  }
  const projectOf = (id: string | null): string | null => (id === null ? null : (sessions.get(id)?.project ?? null))
  for (const forest of forests) {
    for (const trace of forest.traces) {
      const project = projectOf(trace.sessionId) ?? projectOf(trace.rootSessionId)
      traces.set(trace.id, { trace, project })
    }
  }
  return {
    traces: [...traces.values()],
    sessions: [...sessions.values()],
    replacedIds: [...replacedIds],
    removedIds: [...new Set(removedSessionIds)],
    stamps,
    links,
  }
}

async function saveBatch(writer: Writer, content: Content, includesStrays: boolean): Promise<SavedChange> {
  const { replacedIds, removedIds } = content
  await stage(writer, 'replaced', [{ name: 'id', type: VARCHAR, of: (id: string) => id }], replacedIds)
  await stage(writer, 'staged_sessions', SESSION_COLUMNS, content.sessions)
  await stage(writer, 'staged_traces', TRACE_COLUMNS, content.traces)
  const traces = await replace(writer, TRACES, includesStrays)
  const sessions = await replace(writer, SESSIONS, includesStrays)
  await saveState(writer, content.stamps, content.links, removedIds)

  const roots = new Set<string>()
  for (const { oldRoot, newRoot } of [...traces, ...sessions]) {
    if (oldRoot !== null) roots.add(oldRoot)
    if (newRoot !== null) roots.add(newRoot)
  }
  return {
    sessionIds: [...roots],
    traceIds: traces.filter((change) => change.newRoot !== null).map((change) => change.id),
    removedTraceIds: traces.filter((change) => change.newRoot === null).map((change) => change.id),
  }
}

// ---------------------------------------------------------------- comparing and replacing

interface Target {
  table: string
  staged: string
  /** Places of the rows that are replaced. */
  old: string
  changes: string
  id: string
  /** Which rows `o` are replaced. */
  replaced: string
  columns: readonly Pick<StagedColumn<never>, 'name' | 'convert'>[]
  /** A column that keeps its first value. */
  keeps: string | null
}

const TRACES: Target = {
  table: 'agent_traces',
  staged: 'staged_traces',
  old: 'old_traces',
  changes: 'trace_changes',
  id: 'trace_id',
  replaced: 'o.root_session_id IN (SELECT id FROM replaced)',
  columns: TRACE_COLUMNS,
  keeps: 'created_at',
}

const SESSIONS: Target = {
  table: 'sessions',
  staged: 'staged_sessions',
  old: 'old_sessions',
  changes: 'session_changes',
  id: 'session_id',
  replaced: 'o.root_session_id IN (SELECT id FROM replaced) OR o.session_id IN (SELECT id FROM replaced)',
  columns: SESSION_COLUMNS,
  keeps: null,
}

interface Change {
  id: string
  /** Null when it is new. */
  oldRoot: string | null
  /** Null when it is gone. */
  newRoot: string | null
}

/** Makes the rows of the replaced trees those that are staged, and says which are not what they were. */
async function replace(writer: Writer, target: Target, includesStrays: boolean): Promise<Change[]> {
  const { table, staged, old, changes, id, columns, keeps } = target
  const names = columns.map((column) => column.name)
  const converted = columns.map(({ name, convert }) => `${convert(`n.${name}`)} AS ${name}`).join(', ')

  await writer.run(
    `CREATE OR REPLACE TEMP TABLE ${old} AS SELECT rowid AS place FROM ${table} o WHERE ${target.replaced}${
      includesStrays ? ` OR o.${id} IN (SELECT ${id} FROM ${staged})` : ''
    }`,
  )
  const [counted] = await writer.select({ sql: `SELECT count(*) AS count FROM ${old}`, values: [] }, parsed(CountRow))
  if (counted?.count === 0) {
    await writer.run(`INSERT INTO ${table} (${names.join(', ')}) SELECT ${converted} FROM ${staged} n`)
    return writer.select({ sql: `SELECT ${id}, NULL, root_session_id FROM ${staged}`, values: [] }, changesOf)
  }

  await writer.run(`CREATE OR REPLACE TEMP TABLE ${changes} AS
    WITH old AS (SELECT o.rowid AS place, o.* FROM ${table} o WHERE o.rowid IN (SELECT place FROM ${old})),
    new AS (SELECT ${converted} FROM ${staged} n)
    SELECT old.place, coalesce(new.${id}, old.${id}) AS id, old.root_session_id AS old_root, new.root_session_id AS new_root${
      keeps === null ? '' : `, old.${keeps} AS kept`
    }
    FROM old FULL JOIN new ON new.${id} = old.${id}
    WHERE old.place IS NULL OR new.${id} IS NULL OR ${names.map((name) => `old.${name} IS DISTINCT FROM new.${name}`).join(' OR ')}`)
  const changed = await writer.select({ sql: `SELECT id, old_root, new_root FROM ${changes}`, values: [] }, changesOf)
  if (changed.length === 0) return changed
  await writer.run(`DELETE FROM ${table} WHERE rowid IN (SELECT place FROM ${changes})`)
  await writer.run(`INSERT INTO ${table} (${[...names, ...(keeps === null ? [] : [keeps])].join(', ')})
    SELECT ${converted}${keeps === null ? '' : ', coalesce(c.kept, now()::TIMESTAMP)'}
    FROM ${staged} n JOIN ${changes} c ON c.id = n.${id}`)
  return changed
}

const changesOf: Decode<Change> = ([ids = [], oldRoots = [], newRoots = []], rowCount) => {
  const changes: Change[] = []
  for (let i = 0; i < rowCount; i++) {
    changes.push({ id: String(ids[i]), oldRoot: textOrNull(oldRoots[i]), newRoot: textOrNull(newRoots[i]) })
  }
  return changes
}

const textOrNull = (cell: unknown): string | null => (cell === null ? null : String(cell))

/** A temporary table with these rows. */
async function stage<T>(
  writer: Writer,
  table: string,
  columns: readonly (AppendColumn<T> & { name: string })[],
  rows: readonly T[],
): Promise<void> {
  const definitions = columns.map(({ name, type }) => `${name} ${typeName(type)}`)
  await writer.run(`CREATE OR REPLACE TEMP TABLE ${table} (${definitions.join(', ')})`)
  await writer.append(table, columns, rows)
}

const typeName = (type: DuckDBType): string => type.toString()

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
    await stage(writer, 'staged_stamps', STAMP_COLUMNS, stamps)
    await writer.run(DELETE_STAGED_STAMPS)
    await writer.run(INSERT_STAMPS)
  }
  if (links.length > 0) {
    await stage(writer, 'staged_links', LINK_COLUMNS, links)
    await writer.run(INSERT_LINKS)
  }
}

const DELETE_STAMPS_OF = 'DELETE FROM session_stamps WHERE session_id IN (SELECT unnest($1::VARCHAR[]))'
const DELETE_LINKS_FROM = 'DELETE FROM session_links WHERE from_session_id IN (SELECT unnest($1::VARCHAR[]))'

const STAMP_COLUMNS: readonly (AppendColumn<SessionStamp> & { name: string })[] = [
  { name: 'source_id', type: VARCHAR, of: (stamp) => stamp.sourceId },
  { name: 'session_id', type: VARCHAR, of: (stamp) => stamp.sessionId },
  { name: 'parent_session_id', type: VARCHAR, of: (stamp) => stamp.parentId },
  { name: 'stamp', type: VARCHAR, of: (stamp) => stamp.stamp },
  { name: 'unsettled', type: BOOLEAN, of: (stamp) => stamp.unsettled },
]

const DELETE_STAGED_STAMPS = `DELETE FROM session_stamps WHERE rowid IN (
  SELECT o.rowid FROM session_stamps o JOIN staged_stamps n ON n.session_id = o.session_id AND n.source_id = o.source_id)`

/** The last one said of each. */
const INSERT_STAMPS = `INSERT INTO session_stamps SELECT * FROM staged_stamps
  QUALIFY row_number() OVER (PARTITION BY source_id, session_id ORDER BY rowid DESC) = 1`

const LINK_COLUMNS: readonly (AppendColumn<SessionLink> & { name: string })[] = [
  { name: 'from_session_id', type: VARCHAR, of: (link) => link.fromSessionId },
  { name: 'to_session_id', type: VARCHAR, of: (link) => link.toSessionId },
]

const INSERT_LINKS = `INSERT INTO session_links
  SELECT from_session_id, to_session_id FROM staged_links EXCEPT SELECT from_session_id, to_session_id FROM session_links`

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

const CountRow = z.tuple([z.number()]).transform(([count]) => ({ count }))

/** Rows through a zod model of their cells. */
function parsed<T>(model: z.ZodType<T>): Decode<T> {
  return (columns, rowCount) =>
    Array.from({ length: rowCount }, (_, i) => model.parse(columns.map((cells) => cells[i])))
}
