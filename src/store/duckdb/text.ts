/**
 * Full text in SQL, over the texts as they are stored: there is no index that could disagree with them. Every text is
 * one document; BM25 is computed over all documents that are searched.
 */
import { z } from 'zod'
import { DelegraphError } from '../../errors.ts'
import { readTextQuery, type Term, type TextQuery } from '../../search/query.ts'
import { snippetOf } from '../../search/snippet.ts'
import { TEXT_FIELDS, type TextMatch, type TextReader } from '../store.ts'
import type { Database } from './database.ts'
import { allOf, type FilterExtensions, traceConditions } from './filters.ts'
import { type Bind, createParameters, momentSql } from './statement.ts'

/** How soon more occurrences of a word stop to count, and how much the length of a text does. */
const K1 = 1.2
const B = 0.75

const COLUMNS = ['prompt_input', 'prompt_output', 'description'] as const

export function createTextReader(database: Database, extensions: FilterExtensions): TextReader {
  return {
    async searchText({ query, fields, filter }, page, rule) {
      const read = readTextQuery(query)
      const { bind, values } = createParameters()
      const where = allOf(traceConditions(filter ?? {}, rule, bind, extensions))
      const places = TEXT_FIELDS.flatMap((field, place) => (fields == null || fields.includes(field) ? [place] : []))
      if (places.length === 0) {
        return { totalCount: 0, page: { items: [], hasNextPage: false, hasPreviousPage: false } }
      }
      const size = page.first ?? 0
      const after = page.after == null ? null : readPosition(page.after)
      const sql = searchStatement(read, places, where, { size, after }, bind)
      const rows = await database.select({ sql, values }, decodeRows(read), { heavy: true })
      const items = rows.flatMap(({ match }) => (match === null ? [] : [match]))
      return {
        totalCount: rows[0]?.totalCount ?? 0,
        page: { items: items.slice(0, size), hasNextPage: items.length > size, hasPreviousPage: after !== null },
      }
    },
  }
}

// ---------------------------------------------------------------- filters

/** `TraceFilter.text`: one of its texts, or the title of its session, matches. A condition on `agent_traces t`. */
export const traceText: NonNullable<FilterExtensions['traceText']> = (text, bind) => {
  const matches = matching(readTextQuery(text), bind)
  const own = COLUMNS.map((column) => matches(`t.${column}`))
  return `${own.join(' OR ')} OR t.session_id IN (SELECT titled.session_id FROM sessions titled WHERE ${matches('titled.title')})`
}

/** `SessionFilter.text`: a text or a title of its tree matches (of a child session: of its own). On `sessions s`. */
export const sessionText: NonNullable<FilterExtensions['sessionText']> = (text, bind) => {
  const matches = matching(readTextQuery(text), bind)
  const own = COLUMNS.map((column) => matches(`told.${column}`)).join(' OR ')
  return `s.session_id IN (
    WITH telling AS (
      SELECT told.session_id, told.root_session_id FROM agent_traces told WHERE ${own}
      UNION ALL SELECT titled.session_id, titled.root_session_id FROM sessions titled WHERE ${matches('titled.title')})
    SELECT session_id FROM telling WHERE session_id IS NOT NULL UNION SELECT root_session_id FROM telling)`
}

/** A condition on a text; null where the text is. */
function matching({ wanted, excluded }: TextQuery, bind: Bind): (textSql: string) => string {
  const has = wanted.map((term) => bind(term.sql))
  const hasNot = excluded.map((term) => bind(term.sql))
  return (textSql) =>
    `(${[
      ...has.map((pattern) => `regexp_matches(${textSql}, ${pattern})`),
      ...hasNot.map((pattern) => `NOT regexp_matches(${textSql}, ${pattern})`),
    ].join(' AND ')})`
}

// ---------------------------------------------------------------- the statement

interface Position {
  score: number
  startedMs: number
  traceId: string
  place: number
}

/**
 * @param places of the fields that are searched, in TEXT_FIELDS
 * @param where on `agent_traces t`
 */
function searchStatement(
  { wanted, excluded }: TextQuery,
  places: readonly number[],
  where: string,
  { size, after }: { size: number; after: Position | null },
  bind: Bind,
): string {
  const counted = wanted.map((term) => bind(term.sql))
  const unwanted = excluded.map((term) => bind(term.sql))
  // Nothing wide leaves the scan: of each document only its counts.
  const figures = (text: string): string =>
    [
      `strlen(${text})::BIGINT AS size`,
      ...counted.map((pattern, i) => `len(regexp_extract_all(${text}, ${pattern})) AS tf${i}`),
      `${unwanted.map((pattern) => `regexp_matches(${text}, ${pattern})`).join(' OR ') || 'false'} AS excluded`,
    ].join(', ')
  const documents = places.map((place) => {
    const column = COLUMNS[place]
    if (column !== undefined) {
      return `SELECT t.trace_id, t.started_at, ${place} AS place, ${figures(`t.${column}`)}
        FROM agent_traces t WHERE ${where} AND t.${column} <> ''`
    }
    // A title is found once, with the first trace of its session.
    return `SELECT trace_id, started_at, ${place} AS place, ${figures('title')} FROM (
        SELECT first(t.trace_id ORDER BY t.started_at, t.trace_id) AS trace_id, min(t.started_at) AS started_at, s.title
        FROM agent_traces t JOIN sessions s ON s.session_id = t.session_id
        WHERE ${where} AND s.title <> '' GROUP BY s.session_id, s.title)`
  })
  const score = counted
    .map(
      (_, i) => `ln(1 + (documents - df${i} + 0.5) / (df${i} + 0.5))
        * tf${i} * ${K1 + 1} / (tf${i} + ${K1} * (1 - ${B} + ${B} * size / average))`,
    )
    .join(' + ')
  return `WITH documents AS MATERIALIZED (${documents.join('\n    UNION ALL ')}),
    corpus AS (SELECT count(*) AS documents, avg(size) AS average,
      ${counted.map((_, i) => `count(*) FILTER (tf${i} > 0) AS df${i}`).join(', ')} FROM documents),
    hits AS MATERIALIZED (SELECT trace_id, started_at, place, ${score} AS score FROM documents, corpus
      WHERE NOT excluded AND ${counted.map((_, i) => `tf${i} > 0`).join(' AND ')}),
    page AS (SELECT * FROM hits ${after === null ? '' : `WHERE ${comesAfter(after, bind)}`}
      ORDER BY score DESC, started_at DESC, trace_id, place LIMIT ${bind(size + 1)}::BIGINT)
  SELECT total, p.score, epoch_ms(p.started_at)::DOUBLE, p.trace_id, p.place, CASE p.place
      WHEN 0 THEN t.prompt_input WHEN 1 THEN t.prompt_output WHEN 2 THEN t.description ELSE s.title END
    FROM (SELECT count(*) AS total FROM hits) LEFT JOIN page p ON true
    LEFT JOIN agent_traces t ON t.trace_id = p.trace_id LEFT JOIN sessions s ON s.session_id = t.session_id
    ORDER BY p.score DESC, p.started_at DESC, p.trace_id, p.place`
}

function comesAfter({ score, startedMs, traceId, place }: Position, bind: Bind): string {
  const [at, began, id] = [bind(score), momentSql(bind, startedMs), bind(traceId)]
  return `score < ${at} OR (score = ${at} AND (started_at < ${began} OR (started_at = ${began}
    AND (trace_id > ${id} OR (trace_id = ${id} AND place > ${bind(place)})))))`
}

// ---------------------------------------------------------------- rows

interface Row {
  totalCount: number
  match: { node: TextMatch; cursor: string } | null
}

const MatchRow = z.tuple([z.number(), z.number(), z.string(), z.number(), z.string()])

const decodeRows =
  ({ wanted }: TextQuery) =>
  ([totals = [], ...columns]: readonly (readonly unknown[])[], rowCount: number): Row[] =>
    Array.from({ length: rowCount }, (_, i) => {
      const cells = columns.map((column) => column[i])
      // Where nothing is found, the total stands alone.
      return { totalCount: z.number().parse(totals[i]), match: cells[0] === null ? null : matchOf(cells, wanted) }
    })

function matchOf(cells: readonly unknown[], wanted: readonly Term[]): NonNullable<Row['match']> {
  const [score, startedMs, traceId, place, text] = MatchRow.parse(cells)
  const field = TEXT_FIELDS[place]
  if (field === undefined) throw new Error(`no text has the place ${place}`)
  return {
    cursor: cursorOf({ score, startedMs, traceId, place }),
    node: { traceId, field, score, ...snippetOf(text, wanted) },
  }
}

// ---------------------------------------------------------------- cursors

const CURSOR_NAME = 'text'
const Cursor = z.tuple([z.literal(CURSOR_NAME), z.number(), z.number().int(), z.string(), z.number().int()])

const cursorOf = ({ score, startedMs, traceId, place }: Position): string =>
  Buffer.from(JSON.stringify([CURSOR_NAME, score, startedMs, traceId, place])).toString('base64url')

function readPosition(cursor: string): Position {
  let parsed: unknown = null
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    // Refused below, as any other text that is no cursor.
  }
  const read = Cursor.safeParse(parsed)
  if (!read.success) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      '"after" is no cursor of a search of texts. Take it from the list that you are paging through.',
      { argument: 'after' },
    )
  }
  const [, score, startedMs, traceId, place] = read.data
  return { score, startedMs, traceId, place }
}
