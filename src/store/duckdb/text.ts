/**
 * Full-text search in SQL over the stored texts, without an index: an index could get out of step with the texts, and
 * building it would delay the first read of a history (bench/README.md has the cost of SQLite's). Each text is a
 * document; BM25 is computed over all documents that are searched.
 */
import { z } from 'zod'
import { readTextQuery, type Term, type TextQuery } from '../../search/query.ts'
import { snippetOf } from '../../search/snippet.ts'
import { TEXT_FIELDS, type TextMatch, type TextReader } from '../store.ts'
import { decodeCursor, encodeCursor, refusedCursor } from './cursor.ts'
import type { Database } from './database.ts'
import { allOf, type FilterExtensions, ranThere, traceConditions } from './filters.ts'
import { type Bind, createParameters, momentSql } from './statement.ts'

/** BM25's parameters: how quickly further occurrences of a term saturate, and how much the length of a text counts. */
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

/**
 * `TraceFilter.text` as a condition on `agent_traces t`: one of the trace's texts, or its session's title, matches.
 */
export const traceText: FilterExtensions['traceText'] = (text, bind) => {
  const matches = matching(readTextQuery(text, 'text'), bind)
  const own = COLUMNS.map((column) => matches(`t.${column}`))
  return `${own.join(' OR ')} OR t.session_id IN (SELECT titled.session_id FROM sessions titled WHERE ${matches('titled.title')})`
}

/**
 * `SessionFilter.text` as a condition on `sessions s`: a text or title matches, of the whole tree for a root session,
 * or of the session itself for a child session.
 */
export const sessionText: FilterExtensions['sessionText'] = (text, bind) => {
  const matches = matching(readTextQuery(text, 'text'), bind)
  const own = COLUMNS.map((column) => matches(`told.${column}`)).join(' OR ')
  // A root session is judged by its tree, which excludes traces that ran in it for a call from another tree.
  return `(s.session_id, s.is_root) IN (
    WITH telling AS (
      SELECT told.session_id, told.root_session_id FROM agent_traces told WHERE ${own}
      UNION ALL SELECT titled.session_id, titled.root_session_id FROM sessions titled WHERE ${matches('titled.title')})
    SELECT session_id, false FROM telling WHERE session_id IS NOT NULL UNION SELECT root_session_id, true FROM telling)`
}

/** Returns a function that makes the condition on a text; the condition is NULL if the text is. */
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
 * A selective query examines each text only once: terms are told apart only in texts that contain any of them, and
 * counted only in texts that contain all of them.
 *
 * @param places the indexes in TEXT_FIELDS of the fields to search
 * @param where the filter's condition on `agent_traces t`
 */
function searchStatement(
  { wanted, excluded }: TextQuery,
  places: readonly number[],
  where: string,
  { size, after }: { size: number; after: Position | null },
  bind: Bind,
): string {
  const terms = wanted.map((term) => bind(term.sql))
  const [only = ''] = terms
  const any = terms.length === 1 ? only : bind(wanted.map((term) => `(?:${term.sql})`).join('|'))
  const each = (sql: (term: string, i: number) => string, separator = ', '): string => terms.map(sql).join(separator)
  const countOf = (pattern: string): string => `len(regexp_extract_all(text, ${pattern}))`
  const counts = wanted.map(({ whole }, i) =>
    whole === null
      ? countOf(terms[i] ?? '')
      : // At least one, because matches of a phrase that begins as it ends may overlap with a longer word.
        `greatest(1, ${countOf(bind(whole.begun))} - ${countOf(bind(whole.longer))})`,
  )
  const unwanted = excluded.map((term) => `NOT regexp_matches(text, ${bind(term.sql)})`)
  /** @param texts a SELECT of trace_id, started_at, row and text, for the texts that contain any of the terms */
  const counted = (place: number, texts: string): string => `
      SELECT trace_id, started_at, ${place} AS place, row, ${place < COLUMNS.length ? 'NULL' : 'text'} AS title, size, ${each((_, i) => `has${i}`)}, is_hit,
        ${each((_, i) => `CASE WHEN is_hit THEN ${counts[i]} END AS tf${i}`)}
      FROM (SELECT *, ${[...terms.map((_, i) => `has${i}`), ...unwanted].join(' AND ')} AS is_hit
        FROM (SELECT *, strlen(text)::BIGINT AS size,
          ${each((term, i) => `${terms.length === 1 ? 'true' : `regexp_matches(text, ${term})`} AS has${i}`)}
          FROM (${texts})))`
  const columns = places.flatMap((place) => COLUMNS[place] ?? [])
  // A title is found once, with its session's first trace. A fork's copy of a call ran elsewhere, so it ranks last.
  const rank = `(NOT ${ranThere('t')}, t.started_at, t.trace_id)`
  const ofTitles = `SELECT f.trace_id, f.started_at, NULL AS row, s.title AS text FROM titled s JOIN (
      SELECT t.session_id, arg_min(t.started_at, ${rank}) AS started_at, arg_min(t.trace_id, ${rank}) AS trace_id
      FROM agent_traces t WHERE ${where} AND t.session_id IN (SELECT session_id FROM titled) GROUP BY t.session_id
    ) f ON f.session_id = s.session_id`
  const found = places.map((place) => {
    const column = COLUMNS[place]
    return counted(
      place,
      column === undefined
        ? ofTitles
        : `SELECT t.trace_id, t.started_at, t.rowid AS row, t.${column} AS text FROM agent_traces t
          WHERE ${where} AND t.${column} <> '' AND regexp_matches(t.${column}, ${any})`,
    )
  })
  // Without a filter, the titles of all sessions with traces are documents, which needs no access to the traces.
  const everything = where === allOf([])
  const searchesTitles = columns.length < places.length
  const titled = `titled AS MATERIALIZED (SELECT session_id, title FROM sessions WHERE title <> '' AND regexp_matches(title, ${any})),`
  const volumes = [
    ...(columns.length === 0
      ? []
      : [
          `SELECT ${columns.map((column) => `count(nullif(t.${column}, ''))`).join(' + ')} AS documents,
            ${columns.map((column) => `coalesce(sum(strlen(t.${column})), 0)`).join(' + ')} AS size FROM agent_traces t WHERE ${where}`,
        ]),
    ...(searchesTitles
      ? [
          `SELECT count(*) AS documents, coalesce(sum(strlen(s.title)), 0) AS size FROM sessions s
            WHERE s.title <> '' AND ${everything ? 's.trace_count > 0' : `s.session_id IN (SELECT t.session_id FROM agent_traces t WHERE ${where})`}`,
        ]
      : []),
  ]
  const score = each(
    (_, i) => `ln(1 + (documents - df${i} + 0.5) / (df${i} + 0.5))
        * tf${i} * ${K1 + 1} / (tf${i} + ${K1} * (1 - ${B} + ${B} * size / average))`,
    ' + ',
  )
  return `WITH ${searchesTitles ? titled : ''}
    found AS MATERIALIZED (${found.join('\n    UNION ALL ')}),
    volume AS (SELECT sum(documents)::BIGINT AS documents, sum(size) / sum(documents) AS average FROM (${volumes.join(' UNION ALL ')})),
    corpus AS (SELECT documents, average, ${each((_, i) => `df${i}`)}
      FROM volume, (SELECT ${each((_, i) => `count(*) FILTER (has${i}) AS df${i}`)} FROM found)),
    hits AS MATERIALIZED (SELECT trace_id, started_at, place, row, title, ${score} AS score FROM found, corpus WHERE is_hit),
    page AS (SELECT * FROM hits ${after === null ? '' : `WHERE ${comesAfter(after, bind)}`}
      ORDER BY score DESC, started_at DESC, trace_id, place LIMIT ${bind(size + 1)}::BIGINT),
    -- Joined by rowid, so that only the texts of the page are read.
    shown AS (SELECT p.*, CASE p.place WHEN 0 THEN t.prompt_input WHEN 1 THEN t.prompt_output ELSE t.description END AS text
      FROM (FROM page WHERE title IS NULL) p JOIN agent_traces t ON t.rowid = p.row
      UNION ALL SELECT *, title FROM page WHERE title IS NOT NULL)
  SELECT total, p.score, epoch_ms(p.started_at)::DOUBLE, p.trace_id, p.place, p.text
    FROM (SELECT count(*) AS total FROM hits) LEFT JOIN shown p ON true
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
      // If the page is empty, there is one row that holds only the total.
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
  encodeCursor([CURSOR_NAME, score, startedMs, traceId, place])

function readPosition(cursor: string): Position {
  const read = decodeCursor(cursor, Cursor)
  if (read === null) throw refusedCursor('after', 'is not a cursor of a text search')
  const [, score, startedMs, traceId, place] = read
  return { score, startedMs, traceId, place }
}
