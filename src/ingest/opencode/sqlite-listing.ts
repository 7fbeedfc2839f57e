/**
 * Lists the sessions of a database again after each write. Only rows written since the last listing are fetched; a
 * checksum over all rows reveals those that changed in other ways, such as one whose time was set back.
 */
import type Database from 'libsql'
import { z } from 'zod'
import type { ListedSession, Problem } from '../source.ts'
import { atOneMoment, Blob, bufferOf, eachRow, firstOf, grouped, isDamage } from './sqlite-file.ts'

/**
 * The number of messages per session. It reveals messages that were added or removed without a change of the session's
 * time.
 */
export interface MessageCounts {
  total: number
  /** The largest rowid and, since SQLite reuses that one after its row is deleted, the id found there. */
  last: number
  lastId: string
  bySession: Map<string, number>
}
export const noMessageCounts = (): MessageCounts => ({ total: 0, last: 0, lastId: '', bySession: new Map() })

/** See `Source.list`. */
type ListSessions = (problems: Problem[], isAgain: boolean) => { sessions: ListedSession[]; isAll: boolean }

/** SQL for the checksum of a row, modulo 2³²; the weights keep changes in different rows from cancelling each other. */
const SUM = (rowid: string, times: readonly string[]) =>
  `((${rowid} % ${PRIME} + 1) * ((${times.map((c, i) => `${2 * i + 3} * ifnull(${c}, -1)`).join(' + ')}) % 4294967296)) & 4294967295`
function sumOf(rowid: string, times: readonly string[]): number {
  const ofTimes = times.reduce((all, ms, i) => all + (2 * i + 3) * (ms === '' ? -1 : Number(ms)), 0) % 2 ** 32
  const sum = (((Number(rowid) % PRIME) + 1) * ofTimes) % 2 ** 32
  return sum < 0 ? sum + 2 ** 32 : sum
}
/** Small enough that products are exact in JavaScript's numbers. */
const PRIME = 65521
const MESSAGE_TOTAL = 'SELECT count(*) FROM message'
const MESSAGE_LAST = 'SELECT ifnull(max(rowid), 0) FROM message'
const MESSAGE_ID = 'SELECT CAST(max(id) AS BLOB) FROM message WHERE rowid = ?'
/** Excludes rows with another id (`strayFinder` reports them). Written so that SQLite uses no index for it. */
const IS_NAMED = "typeof(id) = 'text' AND id <> ''"
/** Answered from an index alone. */
const MESSAGE_COUNTS = `
  SELECT count(*), CAST(group_concat(id || char(0) || n, char(0)) || char(0) AS BLOB)
  FROM (SELECT session_id AS id, count(*) AS n FROM message WHERE rowid > ? GROUP BY session_id)`
/** Separates rows: no id of OpenCode's contains it. */
const ROW_BREAK = '\x01'

const NewsRow = z.tuple([z.number(), z.number().nullable(), Blob])
const BlobRow = z.tuple([Blob])
const NumberRow = z.tuple([z.number()])

interface Row {
  session: ListedSession
  /** The session's mark without its number of messages. */
  mark: string
  sum: number
}

interface Known {
  rows: Map<string, Row>
  /** Checksum of all rows. */
  sum: number
  /** The latest update time of a row. */
  lastMs: number
}

/**
 * @param path of the database, as shown to people
 * @param columns the columns of `session`
 * @param counted counts from an earlier opening; updated in place
 */
export function createLister(
  db: Database.Database,
  path: string,
  columns: ReadonlySet<string>,
  counted: MessageCounts,
): ListSessions {
  const times = ['time_created', 'time_updated', 'time_archived'].map((name) =>
    columns.has(name) ? `CAST(${name} AS INTEGER)` : 'NULL',
  )
  const [, updated] = times
  const fields = ['id', columns.has('parent_id') ? 'parent_id' : "''", ...times, 'rowid']
    .map((expression) => `ifnull(${expression}, '')`)
    .join(' || char(0) || ')
  const prepare = (sql: string) => db.prepare(sql).raw()
  const statement = {
    news: prepare(`
      SELECT count(*), sum(${SUM('rowid', times)}), CAST(
        group_concat(CASE WHEN ifnull(${updated}, 0) >= ? THEN ${fields} END, char(${ROW_BREAK.charCodeAt(0)})) AS BLOB)
      FROM session WHERE ${IS_NAMED}`),
    keys: prepare(`SELECT CAST(rowid AS TEXT) FROM session WHERE ${IS_NAMED}`),
    one: prepare(`SELECT CAST(${fields} AS BLOB) FROM session WHERE rowid = ?`),
    total: prepare(MESSAGE_TOTAL),
    last: prepare(MESSAGE_LAST),
    messageId: prepare(MESSAGE_ID),
    counts: prepare(MESSAGE_COUNTS),
  }
  let known: Known | null = null

  /** In one transaction: what is written while sessions and messages are counted is left to the next listing. */
  const listSessions: ListSessions = (problems, isAgain) => atOneMoment(db, () => listNow(problems, isAgain))

  const listNow: ListSessions = (problems, isAgain) => {
    const before = known
    // A failure midway must not leave a half-updated state.
    known = null
    const recounted = countMessages()
    if (isAgain && before !== null && recounted !== null) {
      const news = bringUp(before, recounted)
      if (news !== null) {
        known = before
        return { sessions: news.map((row) => row.session), isAll: false }
      }
    }
    known = all(before)
    const rows = known?.rows.values() ?? reachable(problems)
    return { sessions: Array.from(rows, (row) => row.session), isAll: true }
  }

  /** Returns the rows that were added or changed; null if more has changed than their times show. */
  function bringUp(before: Known, recounted: readonly string[]): Row[] | null {
    const { rows } = before
    const ids = new Set<string>()
    for (const id of recounted) {
      const row = rows.get(id)
      if (row === undefined) continue
      rows.set(id, counting(row))
      ids.add(id)
    }
    const news = newsSince(before.lastMs)
    if (news === null || !take(before, news.texts, rows, ids)) return null
    if (rows.size !== news.count || before.sum !== news.sum) return null
    return [...ids].flatMap((id) => rows.get(id) ?? [])
  }

  function all(before: Known | null): Known | null {
    const news = newsSince(Number.NEGATIVE_INFINITY)
    const now: Known = { rows: new Map(), sum: 0, lastMs: Number.NEGATIVE_INFINITY }
    if (news === null || !take(now, news.texts, before?.rows) || now.rows.size !== news.count) return null
    return { ...now, sum: news.sum }
  }

  function newsSince(ms: number): { count: number; sum: number; texts: string[] } | null {
    try {
      const [count, sum, bytes] = NewsRow.parse(firstOf(statement.news, [ms]))
      return { count, sum: sum ?? 0, texts: charactersOf(bytes).split(ROW_BREAK).filter(Boolean) }
    } catch (error) {
      if (!isDamage(error)) throw error
      return null
    }
  }

  /**
   * @param before earlier rows; an unchanged row keeps its object, so that comparing is cheap
   * @param ids filled with the ids of the rows
   * @returns false if a row is malformed
   */
  function take(
    into: Known,
    texts: readonly string[],
    before: ReadonlyMap<string, Row> | undefined,
    ids?: Set<string>,
  ): boolean {
    for (const text of texts) {
      const row = rowOf(text)
      if (row === null) return false
      const { id, parentId, mark, updatedMs } = row.session
      const held = before?.get(id)
      ids?.add(id)
      into.sum += row.sum - (into.rows.get(id)?.sum ?? 0)
      into.lastMs = Math.max(into.lastMs, updatedMs)
      into.rows.set(id, held?.session.mark === mark && held.session.parentId === parentId ? held : row)
    }
    return true
  }

  /** Returns null for a malformed row. */
  function rowOf(characters: string): Row | null {
    const bytes = Buffer.from(characters, 'latin1')
    const text = bytes.toString('utf8')
    // An id that is not UTF-8 decodes with losses, and nobody would find the session by the rest.
    if (text.includes('\ufffd') && !Buffer.from(text).equals(bytes)) return null
    const [id = '', parentId, created = '', updated = '', archived = '', rowid, ...more] = text.split('\0')
    if (rowid === undefined || more.length > 0) return null
    const [createdMs, updatedMs] = [Number(created), Number(updated || created)]
    return counting({
      session: { id, parentId: parentId || null, createdMs, updatedMs, mark: '', place: '' },
      mark: `${rowid}:${created}:${updated}:${archived}`,
      sum: sumOf(rowid, [created, updated, archived]),
    })
  }

  /** Reads row by row, for a table that is damaged or holds values that break the grouped rows apart. */
  const reachable = (problems: Problem[]): Row[] =>
    eachRow(path, statement.keys, statement.one, [], 'session', problems).flatMap((found) => {
      const characters = charactersOf(BlobRow.parse(found)[0])
      const row = rowOf(characters)
      if (row !== null) return row
      const rowid = characters.slice(characters.lastIndexOf('\0') + 1)
      const reason = 'its id or parent_id contains a NUL or is not valid UTF-8'
      problems.push({ path: `${path}: session in row ${rowid}`, reason })
      return []
    })

  const countOf = (id: string): number => counted.bySession.get(id) ?? 0

  /** The row with the current number of its session's messages. */
  const counting = ({ session, mark, sum }: Row): Row => ({
    session: { ...session, mark: `${mark}:${countOf(session.id)}` },
    mark,
    sum,
  })

  /** Returns the sessions that got messages; null if some may have lost any. */
  function countMessages(): string[] | null {
    try {
      const [total] = NumberRow.parse(firstOf(statement.total, []))
      const [last] = NumberRow.parse(firstOf(statement.last, []))
      const isThere = messageIdAt(counted.last) === counted.lastId
      if (isThere && total === counted.total && last === counted.last) return []
      // If rows were only added, the new ones make up the whole difference. Otherwise all are counted again.
      const more = isThere ? countsAfter(counted.last) : new Map<string, number>()
      const isMore = isThere && [...more.values()].reduce((sum, n) => sum + n, 0) === total - counted.total
      if (isMore) for (const [id, n] of more) counted.bySession.set(id, countOf(id) + n)
      else counted.bySession = countsAfter(Number.NEGATIVE_INFINITY)
      Object.assign(counted, { total, last, lastId: messageIdAt(last) })
      return isMore ? [...more.keys()] : null
    } catch (error) {
      if (!isDamage(error)) throw error
      return null
    }
  }

  const messageIdAt = (rowid: number): string => charactersOf(BlobRow.parse(firstOf(statement.messageId, [rowid]))[0])

  function countsAfter(rowid: number): Map<string, number> {
    const counts = new Map<string, number>()
    const ids = grouped(statement.counts, [rowid], 2)
    for (let i = 0; ids !== null && i < ids.count; i += 2) counts.set(ids.text(i), Number(ids.latin1(i + 1)))
    return counts
  }

  return listSessions
}

/** One character per byte: decoding everything would take longer. */
const charactersOf = (bytes: Uint8Array | null): string => (bytes === null ? '' : bufferOf(bytes).toString('latin1'))
